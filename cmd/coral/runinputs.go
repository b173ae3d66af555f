package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/cmd/coral/internal/npy"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// runInput tells what an input was made of.
type runInput struct {
	Name string `json:"name"`
	File string `json:"file"` // "" for zeros, and for what stands on the command line
	// Conversion says what was done to the numbers, "" for nothing.
	Conversion string `json:"conversion"`

	given bool
	data  any
	shape []int // nil for the model's own
}

// source is where the numbers come from, for people.
func (in runInput) source() string { return either(in.File != "", in.File, "the command line") }

// readInputs returns the inputs of the model in order, with the content of those that are
// given. The others are left to fillZeros, once the model is known to be sound.
func (f *runFlags) readInputs() ([]runInput, error) {
	arguments, err := f.inputArguments()
	if err != nil {
		return nil, err
	}
	ports, err := f.readPorts()
	if err != nil {
		return nil, err
	}
	shapes, err := f.shapes.apply(ports)
	if err != nil {
		return nil, err
	}
	inputs := make([]runInput, len(ports))
	for _, argument := range arguments {
		k, err := find(ports, argument.name)
		if err != nil {
			return nil, err
		}
		if inputs[k].given {
			return nil, usagef("input %q is given twice, the second time as %s", argument.name, argument.value)
		}
		if inputs[k], err = argument.read(ports[k].Tensor); err != nil {
			return nil, err
		}
	}
	for k := range inputs {
		if shape, ok := shapes[k]; ok {
			inputs[k].shape = shape
		}
		inputs[k].Name = ports[k].name(k)
		if !inputs[k].given && !f.zero {
			return nil, usagef("input %q is not given: add --input %s=VALUE, or --zero-inputs", inputs[k].Name, inputs[k].Name)
		}
	}
	return inputs, nil
}

// inputArgument is one --input.
type inputArgument struct{ name, value string }

func (f *runFlags) inputArguments() ([]inputArgument, error) {
	all := make([]inputArgument, len(f.inputs))
	for k, s := range f.inputs {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" || value == "" {
			return nil, usagef("--input %q is not NAME=VALUE, where VALUE is FILE.npy, numbers or a text", s)
		}
		all[k] = inputArgument{name, value}
	}
	return all, nil
}

// read makes the content of the tensor. Only what is written as a file's name is one.
func (i inputArgument) read(t model.Tensor) (in runInput, err error) {
	in.given = true
	var array npy.Array
	switch file, isText := strings.CutPrefix(i.value, "@"); {
	case isText:
		in.File = file
		array, in.Conversion, err = readText(file, t)
	case strings.HasSuffix(i.value, ".npy"):
		in.File = i.value
		array, in.Conversion, err = readArray(i.value, t)
	default:
		array, in.Conversion, err = parseText(i.value, t)
	}
	if err != nil {
		return in, err
	}
	in.data = array.Data
	if !slices.Equal(array.Shape, t.Shape) {
		in.shape = array.Shape
	}
	return in, nil
}

// readText reads what parseText takes from a file.
func readText(path string, t model.Tensor) (a npy.Array, conversion string, err error) {
	text, err := readRegular(path)
	if err != nil {
		return a, "", err
	}
	return parseText(string(bytes.TrimRight(text, "\r\n")), t)
}

// fillZeros sets the inputs that were not given. Their sizes are the runtime's, which has
// allocated them, and not those that stand in the file.
func fillZeros(inputs []runInput, tensors []tflite.TensorInfo) (err error) {
	for k := range inputs {
		if inputs[k].given {
			continue
		}
		if inputs[k].data, err = zeros(tensors[k].Type, tensors[k].Elements()); err != nil {
			return fmt.Errorf("input %q: %w", inputs[k].Name, err)
		}
	}
	return nil
}

// withShapes are the options for inputs whose shape is not the model's own.
func withShapes(inputs []runInput) (opts []coral.Option) {
	for k, in := range inputs {
		if in.shape != nil {
			opts = append(opts, coral.WithInputShape(k, in.shape...))
		}
	}
	return opts
}

func contents(inputs []runInput) []any {
	all := make([]any, len(inputs))
	for k, in := range inputs {
		all[k] = in.data
	}
	return all
}
