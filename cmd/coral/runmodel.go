package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/cmd/coral/internal/npy"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// runFlags are those of coral run.
type runFlags struct {
	modelFlags
	inputs []string
	output string
	zero   bool
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	c := a.does(&cobra.Command{
		Use:   "run -m MODEL --input NAME=FILE.npy … --output DIR",
		Short: "Run any model on NumPy files",
		Long: `Run a model once, with inputs from .npy files and outputs into .npy files.

NAME is an input's name in the model's signature, the name of its tensor, or its number
from 0; coral inspect lists them. Every input is needed, unless --zero-inputs stands in
for the others. A file has the tensor's element type and shape; it sets the dimensions
that the model leaves open. A float32 file for a quantised input is quantised by the
tensor's own parameters.

Each output becomes a file in DIR, with the element type of the tensor: int4 as int8,
bfloat16 as float32, strings as bytes. DIR/index.json tells which file is which tensor,
and its scale and zero point.`,
		Example: `  coral run -m add.tflite --input a=a.npy --input b=b.npy --output results
  coral run -m mobilenet.tflite --input 0=picture.npy --output results --json
  coral run -m model.tflite --zero-inputs --output results`,
		Args: noArguments,
	}, func(ctx context.Context, _ []string) error { return a.runModel(ctx, &f) })
	f.define(c)
	c.Flags().StringArrayVar(&f.inputs, "input", nil, "the content of an input, `NAME=FILE.npy`; once for each")
	c.Flags().StringVar(&f.output, "output", "", "the `DIR` for the outputs, made if it is not there (required)")
	c.Flags().BoolVar(&f.zero, "zero-inputs", false, "set all inputs that are not given to zero")
	// The errors would be that a flag does not exist.
	_ = c.MarkFlagRequired("output")
	_ = c.MarkFlagDirname("output")
	return c
}

// runOutput is the JSON of coral run.
type runOutput struct {
	Model   string       `json:"model"`
	Device  string       `json:"device"`
	Reason  string       `json:"reason"`
	Backend string       `json:"backend"`
	RunMS   real         `json:"run_ms"`
	Inputs  []runInput   `json:"inputs"`
	Outputs []fileTensor `json:"outputs"`
}

// runInput tells what an input was made of.
type runInput struct {
	Name string `json:"name"`
	File string `json:"file"` // "" for zeros
	// Conversion says what was done to the file's numbers, "" for nothing.
	Conversion string `json:"conversion"`

	data  any
	shape []int // nil for the model's own
}

// fileTensor describes an output in the JSON of coral run and, under the name of its
// file, in index.json.
type fileTensor struct {
	File  string `json:"file,omitempty"`
	Index int    `json:"index"`
	Name  string `json:"name"`
	DType string `json:"dtype"` // of the tensor; see the help for that of the file
	Shape []int  `json:"shape"`
	quantization
}

func (a *app) runModel(ctx context.Context, f *runFlags) error {
	inputs, err := f.readInputs()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.output, 0o755); err != nil { // before the work, which may be long
		return err
	}
	s, err := f.open(ctx, a, withShapes(inputs)...)
	if err != nil {
		return err
	}
	defer s.Close()

	started := time.Now()
	values, err := s.Run(ctx, contents(inputs)...)
	if err != nil {
		return err
	}
	out := runOutput{
		Model: f.path, Device: s.Device().String(), Reason: s.Reason(), Backend: s.Backend(),
		RunMS: milliseconds(time.Since(started)), Inputs: inputs,
	}
	if out.Outputs, err = writeOutputs(f.output, values); err != nil {
		return err
	}
	if a.asJSON {
		return a.printJSON(out)
	}
	a.introduce(ctx, s)
	a.printRun(out, f.output)
	return nil
}

func (a *app) printRun(out runOutput, dir string) {
	for _, in := range out.Inputs {
		if in.Conversion != "" {
			a.print("Input:    %s from %s, %s", in.Name, in.File, in.Conversion)
		}
	}
	a.print("Time:     %s ms", out.RunMS.text())
	var rows [][]string
	for _, t := range out.Outputs {
		rows = append(rows, []string{filepath.Join(dir, t.File), t.Name, t.DType, shapeText(t.Shape), t.text()})
	}
	a.table(rows)
}

// port is an input with the names that it has in the model's signatures, if any.
type port struct {
	model.Tensor
	signature []string
}

// readPorts reads the inputs from the model file rather than from a session, which
// wants to know the shapes when it is opened. A model compiled for the Edge TPU has
// no signatures any more, and leaves no dimension open.
func (f *runFlags) readPorts() ([]port, error) {
	m, err := model.ReadFile(f.path)
	if err != nil {
		return nil, err
	}
	if twin := f.cpuTwin(); m.IsEdgeTPU() && twin != "" {
		if m, err = model.ReadFile(twin); err != nil {
			return nil, err
		}
	}
	names := make(map[int][]string)
	for _, s := range m.Signatures {
		for _, t := range s.Inputs {
			if s.Subgraph == 0 {
				names[t.Tensor] = append(names[t.Tensor], t.Name)
			}
		}
	}
	tensors := m.Inputs()
	ports := make([]port, len(tensors))
	for k, t := range tensors {
		ports[k] = port{Tensor: t, signature: names[t.Index]}
	}
	return ports, nil
}

// cpuTwin is "" if there is none, which coral.Open complains about.
func (f *runFlags) cpuTwin() string {
	if f.twin != "" {
		return f.twin
	}
	twin := strings.TrimSuffix(f.path, "_edgetpu.tflite") + ".tflite"
	if _, err := os.Stat(twin); err != nil {
		return ""
	}
	return twin
}

// readInputs returns the content of every input of the model, in order.
func (f *runFlags) readInputs() ([]runInput, error) {
	files, err := f.inputFiles()
	if err != nil {
		return nil, err
	}
	ports, err := f.readPorts()
	if err != nil {
		return nil, err
	}
	inputs := make([]runInput, len(ports))
	for _, file := range files {
		k, err := find(ports, file.name)
		if err != nil {
			return nil, err
		}
		if inputs[k].File != "" {
			return nil, fmt.Errorf("input %q is given twice, as %s and as %s", file.name, inputs[k].File, file.path)
		}
		a, conversion, err := readArray(file.path, ports[k].Tensor)
		if err != nil {
			return nil, err
		}
		inputs[k] = runInput{File: file.path, Conversion: conversion, data: a.Data}
		if !slices.Equal(a.Shape, ports[k].Shape) {
			inputs[k].shape = a.Shape
		}
	}
	for k := range inputs {
		inputs[k].Name = ports[k].name(k)
	}
	return inputs, f.fillIn(inputs, ports)
}

// fillIn sets the inputs that were not given.
func (f *runFlags) fillIn(inputs []runInput, ports []port) (err error) {
	for k := range inputs {
		if inputs[k].File != "" {
			continue
		}
		if !f.zero {
			return fmt.Errorf("input %q is not given: add --input %s=FILE.npy, or --zero-inputs", inputs[k].Name, inputs[k].Name)
		}
		n := 1
		for _, d := range ports[k].Shape {
			n *= d
		}
		if inputs[k].data, err = zeros(ports[k].Type, n); err != nil {
			return fmt.Errorf("input %q: %w", inputs[k].Name, err)
		}
	}
	return nil
}

type inputFile struct{ name, path string }

func (f *runFlags) inputFiles() ([]inputFile, error) {
	files := make([]inputFile, len(f.inputs))
	for k, s := range f.inputs {
		name, path, ok := strings.Cut(s, "=")
		if !ok || name == "" || path == "" {
			return nil, usagef("--input %q is not NAME=FILE.npy", s)
		}
		files[k] = inputFile{name, path}
	}
	return files, nil
}

// name is what the user would call the input: by its signature, else its tensor,
// else its number.
func (p port) name(index int) string {
	return cmp.Or(append(slices.Clone(p.signature), p.Name, strconv.Itoa(index))...)
}

// find returns the index of the input that is meant. A signature's names come first,
// for one of them may be the name of another input's tensor.
func find(ports []port, name string) (int, error) {
	for _, is := range []func(k int, p port) bool{
		func(_ int, p port) bool { return slices.Contains(p.signature, name) },
		func(_ int, p port) bool { return p.Name == name },
		func(k int, _ port) bool { return strconv.Itoa(k) == name },
	} {
		var found []int
		for k, p := range ports {
			if is(k, p) {
				found = append(found, k)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return 0, fmt.Errorf("the model has %d inputs called %q: give their numbers, the first is %d", len(found), name, found[0])
		}
	}
	known := make([]string, len(ports))
	for k, p := range ports {
		known[k] = p.name(k)
	}
	return 0, fmt.Errorf("the model has no input %q: it has %s", name, cmp.Or(strings.Join(known, ", "), "none"))
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

// writeOutputs writes one file for each value, and the index last.
func writeOutputs(dir string, values []tflite.Value) ([]fileTensor, error) {
	names := make([]string, len(values))
	for k, v := range values {
		names[k] = v.Name
	}
	tensors := make([]fileTensor, len(values))
	for k, file := range fileNames(names, ".npy") {
		v := values[k]
		if err := writeArray(filepath.Join(dir, file), array(v)); err != nil {
			return nil, fmt.Errorf("output %q: %w", v.Name, err)
		}
		tensors[k] = fileTensor{
			File: file, Index: k, Name: v.Name, DType: v.Type.String(), Shape: append([]int{}, v.Shape...),
			quantization: describeQuantization(v.Quantization),
		}
	}
	return tensors, writeIndex(filepath.Join(dir, "index.json"), tensors)
}

// writeIndex writes a JSON object of the files in their order, one a line.
func writeIndex(path string, tensors []fileTensor) error {
	var lines []string
	for _, t := range tensors {
		file := t.File
		t.File = ""
		text, err := json.Marshal(t)
		if err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("  %q: %s", file, text))
	}
	return os.WriteFile(path, []byte("{\n"+strings.Join(lines, ",\n")+"\n}\n"), 0o644)
}

func writeArray(path string, a npy.Array) error {
	var file bytes.Buffer
	if err := npy.Write(&file, a); err != nil {
		return err
	}
	return os.WriteFile(path, file.Bytes(), 0o644)
}
