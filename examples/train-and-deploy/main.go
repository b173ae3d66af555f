// Command train-and-deploy runs the two models that train.py made, and shows what
// quantisation costs: a neuron that has learned to add, in floats and in int8.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/gocoral/coral"
)

// The pattern takes in sum_int8_edgetpu.tflite too, once edgetpu_compiler has made
// it: where an Edge TPU is attached, sum_int8 then runs there.
//
//go:embed *.tflite
var models embed.FS

// The models learned from numbers between -10 and 10.
var pairs = [][]float32{{1, 2}, {0.5, -0.25}, {3.14, 2.72}, {-7, 9.5}, {-10, -10}, {10, 10}}

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer) error {
	return errors.Join(show(ctx, w, "sum_float.tflite"), show(ctx, w, "sum_int8.tflite"))
}

// show prints the sums that a model finds, and how far off they are.
func show(ctx context.Context, w io.Writer, name string) error {
	s, err := coral.Open(name, coral.WithFS(models))
	if err != nil {
		return err
	}
	defer s.Close()
	in := s.Inputs()[0]
	fmt.Fprintf(w, "%s takes %v%v, runs on %v because %s\n", s.Path(), in.Type, in.Shape, s.Device(), s.Reason())
	for _, pair := range pairs {
		sum, err := add(ctx, s, pair)
		if err != nil {
			return err
		}
		off := math.Abs(float64(sum) - float64(pair[0]) - float64(pair[1]))
		fmt.Fprintf(w, "%7.2f + %5.2f = %8.4f, off by %.4f\n", pair[0], pair[1], sum, off)
	}
	return nil
}

// add asks a model for the sum of a pair. The session quantises the floats on their
// way in, and Float32 turns them back, by the scales that are in the model: for a
// float model both do nothing.
func add(ctx context.Context, s *coral.Session, pair []float32) (float32, error) {
	outputs, err := s.Run(ctx, pair)
	if err != nil {
		return 0, err
	}
	sum, err := outputs[0].Float32()
	if err != nil {
		return 0, err
	}
	return sum[0], nil
}
