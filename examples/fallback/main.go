// Command fallback runs a model again and again and tells what it runs on, while the cable
// of the accelerator is pulled and plugged in again. No inference is lost.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/examples/internal/sample"
	"github.com/gocoral/coral/examples/internal/simulate"
)

func main() {
	coral.WorkerMain() // the accelerator is driven in a process of its own
	path := flag.String("m", sample.Model, "`MODEL`, with its _edgetpu form beside it")
	simulated := flag.Bool("simulate", false, "simulate a USB accelerator, and pull its cable twice")
	flag.Parse()
	if err := sample.Explain(run(*path, *simulated), *path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run ends with an interrupt.
func run(path string, simulated bool) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if simulated {
		return play(ctx, os.Stdout, path)
	}
	return watch(ctx, os.Stdout, path)
}

// watch runs until ctx ends: pull the cable and look.
func watch(ctx context.Context, w io.Writer, path string) error {
	s, err := open(w, path)
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Fprintln(w, "running until Ctrl-C; pull the cable")
	n, err := runUntil(ctx, s)
	fmt.Fprintf(w, "%d inferences, none lost\n", n)
	return err
}

// play does the pulling by itself.
func play(ctx context.Context, w io.Writer, path string) error {
	sim, err := simulate.Start(edgetputest.USB("2-1").OnLoss(edgetputest.Abort).Latency(5 * time.Millisecond))
	if err != nil {
		return err
	}
	defer sim.Close()
	dir, err := os.MkdirTemp("", "fallback")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if path, err = simulate.Compile(path, dir); err != nil {
		return err
	}
	s, err := open(w, path)
	if err != nil {
		return err
	}
	defer s.Close()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		for range 2 {
			time.Sleep(300 * time.Millisecond)
			fmt.Fprintln(w, "-- the cable is pulled")
			sim.Unplug("2-1")
			time.Sleep(300 * time.Millisecond)
			fmt.Fprintln(w, "-- and plugged in again")
			sim.Plug("2-1")
			for !s.Device().IsTPU() && ctx.Err() == nil {
				time.Sleep(10 * time.Millisecond)
			}
		}
	}()
	n, err := runUntil(ctx, s)
	fmt.Fprintf(w, "%d inferences, none lost\n", n)
	for _, stats := range s.Stats() {
		fmt.Fprintf(w, "%v: %d inferences", stats.Device, stats.Inferences)
		if stats.Errors > 0 {
			fmt.Fprintf(w, ", and %d that failed and were repeated elsewhere", stats.Errors)
		}
		fmt.Fprintln(w)
	}
	return err
}

func open(w io.Writer, path string) (*coral.Session, error) {
	shown := place{w: w}
	s, err := coral.Open(path, coral.WithOnChange(shown.change))
	if err != nil {
		return nil, err
	}
	shown.begin(s)
	return s, nil
}

// place prints what a session runs on.
type place struct {
	w      io.Writer
	mu     sync.Mutex
	device coral.Device // as printed last
}

// begin prints where s runs and why. Its first change has led there.
func (p *place) begin(s *coral.Session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.device = s.Device()
	fmt.Fprintf(p.w, "on %v, because %s\n", p.device, s.Reason())
}

// change is for coral.WithOnChange.
func (p *place) change(d coral.Device, cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.device == (coral.Device{}) || p.device == d {
		return // not begun, or known
	}
	p.device = d
	if cause != nil {
		fmt.Fprintf(p.w, "now on %v, because %v\n", d, cause)
		return
	}
	fmt.Fprintf(p.w, "now on %v\n", d)
}

// runUntil counts the inferences until ctx ends. Any error but that is a lost one.
func runUntil(ctx context.Context, s *coral.Session) (int, error) {
	input := make([]float32, s.Inputs()[0].Elements()) // quantised on the way in
	for n := 0; ; n++ {
		if _, err := s.Run(ctx, input); err != nil {
			if ctx.Err() != nil {
				err = nil
			}
			return n, err
		}
		time.Sleep(time.Millisecond) // this is to be watched, not to be fast
	}
}
