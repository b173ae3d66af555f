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
	"time"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/examples/internal/simulate"
)

func main() {
	coral.WorkerMain() // the accelerator is driven in a process of its own
	path := flag.String("m", "tflite/testdata/tiny_int8.tflite", "`MODEL`, with its _edgetpu form beside it")
	simulated := flag.Bool("simulate", false, "simulate a USB accelerator, and pull its cable twice")
	flag.Parse()
	if err := run(*path, *simulated); err != nil {
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
		fmt.Fprintf(w, "%v: %d inferences, %d failed and were repeated elsewhere\n", stats.Device, stats.Inferences, stats.Errors)
	}
	return err
}

func open(w io.Writer, path string) (*coral.Session, error) {
	s, err := coral.Open(path, coral.WithOnChange(func(d coral.Device, cause error) {
		if cause != nil {
			fmt.Fprintf(w, "now on %v, because %v\n", d, cause)
			return
		}
		fmt.Fprintf(w, "now on %v\n", d)
	}))
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(w, "on %v, because %s\n", s.Device(), s.Reason())
	return s, nil
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
