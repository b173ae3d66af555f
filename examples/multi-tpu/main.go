// Command multi-tpu runs one model on all accelerators of the machine at once, and tells
// what each of them did.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/examples/internal/sample"
	"github.com/gocoral/coral/examples/internal/simulate"
)

func main() {
	coral.WorkerMain()
	path := flag.String("m", sample.Model, "`MODEL`, with its _edgetpu form beside it")
	runs := flag.Int("runs", 200, "inferences")
	simulated := flag.Bool("simulate", false, "simulate three accelerators that take 20 ms each")
	flag.Parse()
	run := compare
	if *simulated {
		run = simulateAll
	}
	if err := sample.Explain(run(context.Background(), os.Stdout, *path, *runs), *path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// simulateAll is compare on accelerators that are not there.
func simulateAll(ctx context.Context, w io.Writer, path string, runs int) error {
	const latency = 20 * time.Millisecond
	sim, err := simulate.Start(edgetputest.PCIe(0).Latency(latency), edgetputest.PCIe(1).Latency(latency), edgetputest.USB("2-1").Latency(latency))
	if err != nil {
		return err
	}
	defer sim.Close()
	dir, err := os.MkdirTemp("", "multi-tpu")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if path, err = simulate.Compile(path, dir); err != nil {
		return err
	}
	return compare(ctx, w, path, runs)
}

// compare runs on one accelerator, then on all.
func compare(ctx context.Context, w io.Writer, path string, runs int) error {
	if runs < 1 {
		return fmt.Errorf("-runs is %d, and has to be 1 or more", runs)
	}
	one, err := measure(ctx, w, path, runs)
	if err != nil {
		return err
	}
	devices, err := edgetpu.Probe(ctx)
	if err != nil {
		return err
	}
	if len(devices) < 2 {
		fmt.Fprintf(w, "%d accelerators are attached, so there is nothing to compare\n", len(devices))
		return nil
	}
	all, err := measure(ctx, w, path, runs, coral.WithDevices())
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%.1f times as fast together\n", one.Seconds()/all.Seconds())
	return nil
}

// place says what s runs on: all of it, where that is several accelerators.
func place(s *coral.Session) string {
	var devices []string
	for _, stats := range s.Stats() {
		if stats.Up && stats.Device.IsTPU() {
			devices = append(devices, stats.Device.String())
		}
	}
	if len(devices) > 1 {
		return fmt.Sprintf("%d accelerators: %s", len(devices), strings.Join(devices, ", "))
	}
	return fmt.Sprintf("%v, because %s", s.Device(), s.Reason())
}

func measure(ctx context.Context, w io.Writer, path string, runs int, opts ...coral.Option) (time.Duration, error) {
	s, err := coral.Open(path, opts...)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	fmt.Fprintln(w, "on", place(s))
	input := make([]float32, s.Inputs()[0].Elements())
	jobs := make(chan struct{}, runs)
	for range runs {
		jobs <- struct{}{}
	}
	close(jobs)

	start := time.Now()
	failures := make(chan error, runs)
	var wait sync.WaitGroup
	for range 2 * max(1, len(s.Stats())) { // callers enough to keep every device busy
		wait.Go(func() {
			for range jobs {
				if _, err := s.Run(ctx, input); err != nil {
					failures <- err
				}
			}
		})
	}
	wait.Wait()
	took := time.Since(start)
	select {
	case err := <-failures:
		return 0, err
	default:
	}
	for _, stats := range s.Stats() {
		if stats.Inferences == 0 {
			continue
		}
		fmt.Fprintf(w, "%v: %d inferences, p50 %v, busy %.0f%%\n", stats.Device, stats.Inferences,
			stats.P50.Round(time.Microsecond), 100*stats.Busy.Seconds()/took.Seconds())
	}
	fmt.Fprintf(w, "%d inferences in %v\n", runs, took.Round(time.Millisecond))
	return took, nil
}
