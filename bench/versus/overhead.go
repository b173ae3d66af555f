//go:build gotflite

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/gocoral/coral/bench"
	"github.com/gocoral/coral/bench/internal/cloop"
	"github.com/gocoral/coral/bench/internal/peer"
	"github.com/gocoral/coral/tflite"
)

// callsPerLoop makes a round long next to the clock's own cost.
const callsPerLoop = 5000

// overhead measures what a call costs besides the model's work.
func overhead(ctx context.Context, path string, rounds int) error {
	c, err := cloop.Open(path)
	if err != nil {
		return err
	}
	defer c.Close()
	theirs, err := peer.Open(path)
	if err != nil {
		return err
	}
	defer theirs.Close()
	ours, err := open(path, tflite.WithXNNPACK(tflite.XNNPACKOff))
	if err != nil {
		return err
	}
	defer ours.Close()

	if err := sameInputs(theirs, ours); err != nil {
		return err
	}

	invoke := func() error { return ours.Invoke(ctx) }
	series, err := bench.Measure(rounds, callsPerLoop,
		bench.Contender{Name: "TfLiteInterpreterInvoke, in C", Run: c.Invoke},
		bench.Contender{Name: "go-tflite Invoke", Run: repeated(theirs.Invoke)},
		bench.Contender{Name: "tflite.Interpreter.Invoke", Run: repeated(invoke)},
	)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s\n", filepath.Base(path))
	if err := bench.WriteTable(os.Stdout, "ns a call", 1, series, "more than the first", bench.Differences); err != nil {
		return err
	}
	var failed error
	allocations := testing.AllocsPerRun(1000, func() {
		if err := invoke(); err != nil {
			failed = err
		}
	})
	fmt.Printf("%v allocations in a tflite.Interpreter.Invoke\n", allocations)
	return failed
}

// sameInputs copies our inputs, which are zero like those of the loop in C, to theirs:
// in what the memory held before there may be numbers that take longer to add.
func sameInputs(theirs *peer.Interpreter, ours *tflite.Interpreter) error {
	for k := range ours.InputCount() {
		t, err := ours.Input(k)
		if err != nil {
			return err
		}
		v, err := t.Value()
		if err != nil {
			return err
		}
		if err := theirs.Set(k, v.Data); err != nil {
			return err
		}
	}
	return nil
}
