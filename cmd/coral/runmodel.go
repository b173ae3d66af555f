package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// runFlags are those of coral run.
type runFlags struct {
	modelFlags
	inputs []string
	output string
	shapes inputShapes
	zero   bool
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	c := a.does(&cobra.Command{
		Use:   "run MODEL --input NAME=VALUE … [--output DIR]",
		Short: "Run any model on numbers, texts and NumPy files",
		Long: `Run a model once, and print its outputs or write them into .npy files.

NAME is an input's name in the model's signature, the name of its tensor, or its number
from 0; coral inspect lists them. Every input is needed, unless --zero-inputs stands in
for the others. VALUE is one of

  FILE.npy   an array with the tensor's element type and shape; it sets the dimensions
             that the model leaves open
  1,2.5,-3   numbers in row-major order, as many as the tensor has elements; true and
             false for booleans; for a tensor of strings the text itself, one string
  @FILE      the same, from a text file

Numbers, and float32 files, for a quantised input are quantised by the tensor's own
parameters; an int8 file for an int8 input is taken as it is.

Without --output the values are printed, the first 32 of each output; those of a
quantised output are dequantised. With --json they are in "values", in row-major order,
for outputs of up to 1000 elements.

With --output each output becomes a file in DIR, with the element type of the tensor:
int4 as int8, bfloat16 as float32, strings as bytes. DIR/index.json tells which file is
which tensor, and its scale and zero point.`,
		Example: `  coral run add.tflite --input a=1,2,3,4,5,6,7,8 --zero-inputs
  coral run add.tflite --input a=a.npy --input b=b.npy --output results
  coral run mobilenet.tflite --input 0=picture.npy --output results --json
  coral run model.tflite --zero-inputs --json | jq '.outputs[0].values'`,
		Args:              f.takeModel,
		ValidArgsFunction: completeModel,
	}, func(ctx context.Context, _ []string) error { return a.runModel(ctx, &f) })
	c.Flags().StringArrayVar(&f.inputs, "input", nil, "the content of an input, `NAME=VALUE`; once for each")
	c.Flags().Var(nameFlag{&f.output}, "output", "the `DIR` for the outputs, made if it is not there (default: print them)")
	c.Flags().BoolVar(&f.zero, "zero-inputs", false, "set all inputs that are not given to zero")
	f.shapes.define(c)
	f.define(c)
	// The error would be that the flag does not exist.
	_ = c.MarkFlagDirname("output")
	return c
}

// runOutput is the JSON of coral run.
type runOutput struct {
	Model string `json:"model"`
	placement
	RunMS   real           `json:"run_ms"`
	Inputs  []runInput     `json:"inputs"`
	Outputs []outputTensor `json:"outputs"`
}

func (a *app) runModel(ctx context.Context, f *runFlags) error {
	inputs, err := f.readInputs()
	if err != nil {
		return err
	}
	if f.output != "" {
		if err := makeFolder(f.output); err != nil { // before the work, which may be long
			return err
		}
	}
	s, err := f.open(ctx, a, withShapes(inputs)...)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := fillZeros(inputs, s.Inputs()); err != nil {
		return err
	}

	started := time.Now()
	values, err := s.Run(ctx, contents(inputs)...)
	if err != nil {
		return err
	}
	out := runOutput{Model: f.path, placement: place(s), RunMS: milliseconds(time.Since(started)), Inputs: inputs}
	if f.output != "" {
		out.Outputs, err = writeOutputs(f.output, values)
	} else {
		out.Outputs, err = a.describeOutputs(values)
	}
	if err != nil {
		return err
	}
	if a.asJSON {
		return a.printJSON(out)
	}
	a.introduce(ctx, s)
	a.printRun(out, f.output)
	return nil
}

// makeFolder makes the folder of --output.
func makeFolder(path string) error {
	err := os.MkdirAll(path, 0o755)
	if errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("--output %s is a file, or in one: give it a folder", path)
	}
	return err
}

func (a *app) printRun(out runOutput, dir string) {
	for _, in := range out.Inputs {
		if in.Conversion != "" {
			a.print("Input:    %s from %s, %s", in.Name, in.source(), in.Conversion)
		}
	}
	a.print("Time:     %s ms", out.RunMS.text())
	if dir == "" {
		a.printValues(out.Outputs)
		return
	}
	var rows [][]string
	for _, t := range out.Outputs {
		rows = append(rows, []string{filepath.Join(dir, t.File), t.Name, t.DType, shapeText(t.Shape), t.text()})
	}
	a.table(rows)
}
