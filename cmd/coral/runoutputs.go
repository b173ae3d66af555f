package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gocoral/coral/cmd/coral/internal/npy"
	"github.com/gocoral/coral/tflite"
)

// outputTensor describes an output in the JSON of coral run and, under the name of its
// file, in index.json.
type outputTensor struct {
	File  string `json:"file,omitempty"`
	Index int    `json:"index"`
	Name  string `json:"name"`
	DType string `json:"dtype"` // of the tensor; see the help for that of the file
	Shape []int  `json:"shape"`
	quantization
	// Values are those of an output that is not written to a file, dequantised and in
	// row-major order; left out if there are more than maxValues.
	Values []any `json:"values,omitzero"`

	count int // of the elements
}

func describeOutput(index int, v tflite.Value) outputTensor {
	return outputTensor{
		Index: index, Name: v.Name, DType: v.Type.String(), Shape: append([]int{}, v.Shape...),
		quantization: describeQuantization(v.Quantization), count: v.Elements(),
	}
}

const (
	maxValues  = 1000 // that JSON gets
	maxPrinted = 32   // that people get
)

// describeOutputs keeps the values that are going to be shown.
func (a *app) describeOutputs(values []tflite.Value) ([]outputTensor, error) {
	tensors := make([]outputTensor, len(values))
	for k, v := range values {
		tensors[k] = describeOutput(k, v)
		shown := maxPrinted
		if a.asJSON {
			shown = maxValues
			if tensors[k].count > maxValues {
				continue
			}
		}
		var err error
		if tensors[k].Values, err = elements(v, shown); err != nil {
			return nil, fmt.Errorf("output %q: %w", v.Name, err)
		}
	}
	return tensors, nil
}

// printValues prints outputs for people.
func (a *app) printValues(outputs []outputTensor) {
	for _, t := range outputs {
		a.print("%s", join("  ", t.Name, t.DType, shapeText(t.Shape), t.text()))
		words := make([]string, len(t.Values))
		for k, x := range t.Values {
			words[k] = elementText(x)
		}
		text := either(len(words) > 0, strings.Join(words, ", "), "no elements")
		if more := t.count - len(words); more > 0 {
			text += fmt.Sprintf(" … and %d more, which --output DIR writes to a file", more)
		}
		a.print("  %s", text)
	}
}

// writeOutputs writes one file for each value, and the index last.
func writeOutputs(dir string, values []tflite.Value) ([]outputTensor, error) {
	names := make([]string, len(values))
	for k, v := range values {
		names[k] = v.Name
	}
	tensors := make([]outputTensor, len(values))
	for k, file := range fileNames(names, ".npy") {
		v := values[k]
		if err := writeArray(filepath.Join(dir, file), array(v)); err != nil {
			return nil, fmt.Errorf("output %q: %w", v.Name, err)
		}
		tensors[k] = describeOutput(k, v)
		tensors[k].File = file
	}
	return tensors, writeIndex(filepath.Join(dir, "index.json"), tensors)
}

// writeIndex writes a JSON object of the files in their order, one a line.
func writeIndex(path string, tensors []outputTensor) error {
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
