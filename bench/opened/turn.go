package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/gocoral/coral/bench"
	"github.com/gocoral/coral/tflite"
)

// What a turn times.
const (
	turnC       = "c"       // TfLiteInterpreterInvoke, called from a loop in C
	turnLibrary = "library" // Invoke of the library's interpreter
)

// A turn is short next to the disturbances, and long next to the clock's own cost.
const (
	loopsPerTurn = 5
	callsPerLoop = 2000
)

// result is what a turn prints.
type result struct {
	Version string // of TensorFlow Lite
	bench.Series
	Allocations float64 // in a call; 0 in C
}

// printTurn times one turn.
func printTurn(ctx context.Context, what, model string) error {
	turn, known := map[string]func(context.Context, string) (result, error){turnC: inC, turnLibrary: inLibrary}[what]
	if !known {
		return fmt.Errorf("-turn %s: take %s or %s", what, turnC, turnLibrary)
	}
	r, err := turn(ctx, model)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// inLibrary times the library's interpreter on the kernels that the loop in C has.
func inLibrary(ctx context.Context, path string) (result, error) {
	m, err := tflite.LoadModel(path)
	if err != nil {
		return result{}, err
	}
	defer m.Close()
	i, err := tflite.NewInterpreter(m, tflite.WithXNNPACK(tflite.XNNPACKOff))
	if err != nil {
		return result{}, err
	}
	defer i.Close()
	r, err := timed(func(n int) error {
		for range n {
			if err := i.Invoke(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return result{}, err
	}
	var failed error
	r.Allocations = testing.AllocsPerRun(callsPerLoop, func() {
		if err := i.Invoke(ctx); err != nil {
			failed = err
		}
	})
	r.Version = tflite.Version()
	return r, failed
}

// timed measures calls that nobody takes turns with.
func timed(run func(n int) error) (result, error) {
	series, err := bench.Measure(loopsPerTurn, callsPerLoop, bench.Contender{Run: run})
	if err != nil {
		return result{}, err
	}
	return result{Series: series[0]}, nil
}
