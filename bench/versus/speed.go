//go:build gotflite

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/bench"
	"github.com/gocoral/coral/bench/internal/peer"
	"github.com/gocoral/coral/tflite"
)

// callsPerRound is small, so that a round is short next to the disturbances.
const callsPerRound = 3

// speed measures one model, which must have one input.
func speed(ctx context.Context, path string, rounds int) error {
	s, err := coral.Open(path, coral.WithPolicy(coral.CPUOnly))
	if err != nil {
		return err
	}
	defer s.Close()
	if n := len(s.Inputs()); n != 1 {
		return fmt.Errorf("%s has %d inputs, versus takes models with one", path, n)
	}
	content, err := bench.Random(s.Inputs()[0], 1)
	if err != nil {
		return err
	}

	plain, err := peer.Open(path)
	if err != nil {
		return err
	}
	defer plain.Close()
	d, err := peer.NewXNNPACK()
	if err != nil {
		return err
	}
	defer d.Delete()
	delegated, err := peer.Open(path, d)
	if err != nil {
		return err
	}
	defer delegated.Close()
	ours, err := open(path)
	if err != nil {
		return err
	}
	defer ours.Close()

	in, err := ours.Input(0)
	if err == nil {
		err = errors.Join(in.SetValue(content), plain.Set(0, content), delegated.Set(0, content))
	}
	if err != nil {
		return err
	}

	series, err := bench.Measure(rounds, callsPerRound,
		bench.Contender{Name: "go-tflite Invoke", Run: repeated(plain.Invoke)},
		bench.Contender{Name: "the same, its XNNPACK delegate", Run: repeated(delegated.Invoke)},
		bench.Contender{Name: "tflite.Interpreter.Invoke", Run: repeated(func() error { return ours.Invoke(ctx) })},
		bench.Contender{Name: "coral.Session.Run, with copies", Run: repeated(func() error {
			_, err := s.Run(ctx, content)
			return err
		})},
	)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s\n", filepath.Base(path))
	err = bench.WriteTable(os.Stdout, "ms a call", float64(time.Millisecond), series, "faster than the first",
		func(each, first []float64) bench.Spread { return bench.Ratios(first, each) })
	fmt.Printf("Both of ours run it by %s.\n", s.Backend())
	return err
}

// open makes an interpreter as it is by default.
func open(path string, opts ...tflite.Option) (*tflite.Interpreter, error) {
	m, err := tflite.LoadModel(path)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	return tflite.NewInterpreter(m, opts...)
}

// repeated makes a loop of a call.
func repeated(call func() error) func(int) error {
	return func(n int) error {
		for range n {
			if err := call(); err != nil {
				return err
			}
		}
		return nil
	}
}
