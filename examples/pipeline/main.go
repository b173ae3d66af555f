// Command pipeline divides a model into segments and runs them on accelerators one after
// the other, each working on another input at the same time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/examples/internal/sample"
	"github.com/gocoral/coral/examples/internal/simulate"
)

func main() {
	coral.WorkerMain()
	path := flag.String("m", sample.Model, "`MODEL` to divide, for the simulation")
	runs := flag.Int("runs", 100, "inferences")
	simulated := flag.Bool("simulate", false, "simulate two accelerators, and divide MODEL for them")
	flag.Parse()
	var err error
	if *simulated {
		err = simulatePipeline(context.Background(), os.Stdout, *path, *runs)
	} else {
		err = runFiles(context.Background(), os.Stdout, flag.Args(), *runs)
	}
	if err := sample.Explain(err, *path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// simulatePipeline divides the model in two and runs it on two accelerators that are not
// there.
func simulatePipeline(ctx context.Context, w io.Writer, path string, runs int) error {
	sim, err := simulate.Start(edgetputest.PCIe(0).Latency(10*time.Millisecond), edgetputest.PCIe(1).Latency(10*time.Millisecond))
	if err != nil {
		return err
	}
	defer sim.Close()
	dir, err := os.MkdirTemp("", "pipeline")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	segments, err := edgetputest.Split(b, 2)
	if err != nil {
		return err
	}
	var files []string
	for k, segment := range segments {
		name := filepath.Join(dir, fmt.Sprintf("segment_%d_of_%d.tflite", k, len(segments)))
		if err := os.WriteFile(name, segment, 0o600); err != nil {
			return err
		}
		compiled, err := simulate.Compile(name, dir)
		if err != nil {
			return err
		}
		files = append(files, compiled)
	}
	return runFiles(ctx, w, files, runs)
}

// runFiles runs segments that are files, each on the accelerator of its number.
func runFiles(ctx context.Context, w io.Writer, files []string, runs int) error {
	if len(files) == 0 {
		return errors.New("give the segments in order, as edgetpu_compiler --num_segments writes them, or -simulate")
	}
	if runs < 1 {
		return fmt.Errorf("-runs is %d, and has to be 1 or more", runs)
	}
	var segments []*coral.Session
	defer func() {
		for _, s := range segments {
			s.Close()
		}
	}()
	for k, file := range files {
		s, err := coral.Open(file, coral.WithDevices(fmt.Sprintf(":%d", k)))
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "segment %d: %v, %s\n", k, s.Device(), s.Backend())
		segments = append(segments, s)
	}
	p, err := coral.NewPipeline(segments, coral.WithInputQueue(len(files)))
	if err != nil {
		return err
	}
	defer p.Close()
	inputs := make(map[string]any)
	for k, name := range p.InputNames() {
		inputs[name] = make([]float32, segments[0].Inputs()[k].Elements())
	}
	start := time.Now()
	go func() {
		defer p.CloseInput()
		for range runs {
			if p.Push(ctx, inputs) != nil {
				return // Pop tells why
			}
		}
	}()
	n := 0
	for {
		if _, err := p.Pop(ctx); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		n++
	}
	took := time.Since(start)
	for k, stats := range p.Stats() {
		fmt.Fprintf(w, "segment %d: %d inferences, busy %.0f%%\n", k, stats.Inferences, 100*stats.Busy.Seconds()/took.Seconds())
	}
	fmt.Fprintf(w, "%d results in %v\n", n, took.Round(time.Millisecond))
	return nil
}
