package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/vision"
)

func (a *app) inspectCommand() *cobra.Command {
	return a.does(&cobra.Command{
		Use:   "inspect MODEL…",
		Short: "Show what is inside a model",
		Long: `Show a model's inputs, outputs, operators, signatures and metadata and, if it is compiled
for the Edge TPU, what the compiler put into it.

This needs neither an Edge TPU nor TensorFlow Lite, and works for models that TensorFlow
Lite would refuse; what is wrong with them is then listed as a problem. With --json a file
that is no model has a line with "error".`,
		Example: `  coral inspect mobilenet.tflite
  coral inspect --json *.tflite | jq -c '{model, problems}'`,
		Args: someArguments("MODEL"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"tflite"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}, a.inspect)
}

func (a *app) inspect(ctx context.Context, paths []string) error {
	return a.forEach(ctx, paths, func(path string) error {
		d, err := describe(path)
		if err != nil {
			return a.failedToInspect(path, err)
		}
		if a.asJSON {
			return a.printJSON(d)
		}
		a.printDescription(d)
		return nil
	})
}

// inspectFailure is the JSON of a model that could not be read.
type inspectFailure struct {
	Model string `json:"model"`
	Error string `json:"error"`
}

// failedToInspect gives a model that cannot be read its line, too.
func (a *app) failedToInspect(path string, err error) error {
	if a.asJSON {
		if e := a.printJSON(inspectFailure{path, explain(err)}); e != nil {
			return e
		}
	}
	return err
}

// description is the JSON of coral inspect.
type description struct {
	Model string `json:"model"`
	Bytes int64  `json:"bytes"`
	// Converter is the model's free text, mostly the name of what made it.
	Converter string `json:"converter"`
	// MinRuntime is the oldest TensorFlow Lite that has all operators, "" if unknown.
	MinRuntime string                `json:"min_runtime"`
	Inputs     []tensorDescription   `json:"inputs"`
	Outputs    []tensorDescription   `json:"outputs"`
	Operators  []model.OperatorCount `json:"operators"`
	Signatures []signature           `json:"signatures"`
	// Stateful models remember what they were given before.
	Stateful bool `json:"stateful"`
	// MetadataNames are those of the blobs in the file; TFLITE_METADATA is the one
	// that Metadata comes from.
	MetadataNames []string      `json:"metadata_names"`
	Metadata      *metadata     `json:"metadata"`
	EdgeTPU       *edgeTPUModel `json:"edgetpu"`
	// Problems are why TensorFlow Lite would refuse the model, and what in it
	// could not be read.
	Problems []string `json:"problems"`
	// Warnings are what in the model cannot be used, though the rest can.
	Warnings []string `json:"warnings"`
}

type tensorDescription struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Shape []int  `json:"shape"` // with -1 for open dimensions, null if only running the model tells
	quantization
	// Normalization is what becomes of the pixels of a picture; it is left out for an
	// input that takes none.
	Normalization *vision.Normalization `json:"normalization,omitempty"`
}

// quantization is zero for a tensor without.
type quantization struct {
	Scale     real `json:"scale"`
	ZeroPoint int  `json:"zero_point"`
	// The rest is for parameters per channel.
	Scales     []real `json:"scales,omitempty"`
	ZeroPoints []int  `json:"zero_points,omitempty"`
	Dimension  int    `json:"dimension,omitempty"`
}

type signature struct {
	Name     string   `json:"name"`
	Subgraph int      `json:"subgraph"`
	Inputs   []string `json:"inputs"`
	Outputs  []string `json:"outputs"`
}

type metadata struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Version     string   `json:"version"`
	Author      string   `json:"author"`
	License     string   `json:"license"`
	Files       []string `json:"files"`
	Labels      int      `json:"labels"` // count
}

type edgeTPUModel struct {
	MinRuntime  int                   `json:"min_runtime"`
	Compiler    string                `json:"compiler"`
	Ops         int                   `json:"ops"` // that run on the Edge TPU
	CPUOps      []model.OperatorCount `json:"cpu_ops"`
	CachedBytes int                   `json:"cached_bytes"`
	// StreamedBytes cross the bus with every inference.
	StreamedBytes int          `json:"streamed_bytes"`
	Executables   []executable `json:"executables"`
}

type executable struct {
	Type string `json:"type"`
	// Token is hexadecimal: it has 64 bits, and JavaScript's numbers 53.
	Token            string `json:"parameter_caching_token"`
	ParameterBytes   int    `json:"parameter_bytes"`
	InstructionBytes int    `json:"instruction_bytes"`
	ScratchBytes     int    `json:"scratch_bytes"`
	EstimatedCycles  int64  `json:"estimated_cycles"`
	BatchSize        int    `json:"batch_size"`
}

func describe(path string) (*description, error) {
	m, err := model.ReadFile(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	d := &description{
		Model: path, Bytes: info.Size(), Converter: m.Description, MinRuntime: m.MinRuntimeVersion,
		Inputs: describeInputs(m), Outputs: describeTensors(m.Outputs()),
		Operators: m.Operators(), Signatures: describeSignatures(m),
		Stateful: m.HasVariables(), MetadataNames: []string{}, Problems: []string{},
		Warnings: append([]string{}, m.Warnings...),
	}
	for _, meta := range m.Metadata {
		d.MetadataNames = append(d.MetadataNames, meta.Name)
	}
	d.note(m.Verify())
	d.Metadata, err = describeMetadata(m)
	d.note(err)
	d.EdgeTPU, err = describeEdgeTPU(m)
	d.note(err)
	return d, nil
}

func (d *description) note(problem error) {
	if problem != nil {
		// That it is a problem goes without saying.
		text := strings.TrimPrefix(strings.TrimPrefix(problem.Error(), "vision: "), model.ErrBadModel.Error()+": ")
		d.Problems = append(d.Problems, text)
	}
}

func describeInputs(m *model.Model) []tensorDescription {
	inputs := describeTensors(m.Inputs())
	for k := range inputs {
		if n, err := vision.NormalizationOf(m, k); err == nil { // else it takes no pictures
			inputs[k].Normalization = &n
		}
	}
	return inputs
}

func describeTensors(tensors []model.Tensor) []tensorDescription {
	out := make([]tensorDescription, len(tensors))
	for k, t := range tensors {
		out[k] = tensorDescription{Name: t.Name, Type: t.Type.String(), quantization: describeQuantization(t.Quantization)}
		if !t.UnknownRank {
			out[k].Shape = append([]int{}, openShape(t)...)
		}
	}
	return out
}

func describeQuantization(q model.Quantization) quantization {
	out := quantization{Scale: real(q.Scale), ZeroPoint: q.ZeroPoint}
	if !q.PerChannel() {
		return out
	}
	for _, s := range q.Scales {
		out.Scales = append(out.Scales, real(s))
	}
	out.ZeroPoints, out.Dimension = q.ZeroPoints, q.Dimension
	return out
}

func describeSignatures(m *model.Model) []signature {
	names := func(tensors []model.SignatureTensor) []string {
		out := make([]string, len(tensors))
		for k, t := range tensors {
			out[k] = t.Name
		}
		return out
	}
	out := make([]signature, len(m.Signatures))
	for k, s := range m.Signatures {
		out[k] = signature{Name: s.Key, Subgraph: s.Subgraph, Inputs: names(s.Inputs), Outputs: names(s.Outputs)}
	}
	return out
}

// describeMetadata returns nil for a model without any; with an error, what it could
// read in spite of it.
func describeMetadata(m *model.Model) (*metadata, error) {
	info, err := m.Info()
	if err != nil {
		return nil, err
	}
	files, err := m.AssociatedFiles()
	if err != nil {
		return nil, err
	}
	described := slices.ContainsFunc(m.Metadata, func(meta model.Metadata) bool { return meta.Name == "TFLITE_METADATA" })
	if !described && len(files) == 0 {
		return nil, nil
	}
	d := &metadata{
		Name: info.Name, Description: info.Description, Version: info.Version,
		Author: info.Author, License: info.License, Files: []string{},
	}
	for _, f := range files {
		d.Files = append(d.Files, f.Name)
	}
	d.Labels, err = countLabels(m)
	return d, err
}

// countLabels counts the labels of the first output that has any.
func countLabels(m *model.Model) (int, error) {
	for output := range m.Outputs() {
		if labels, err := vision.ModelLabels(m, output); labels != nil || err != nil {
			return len(labels), err
		}
	}
	return 0, nil
}

func describeEdgeTPU(m *model.Model) (*edgeTPUModel, error) {
	e, err := m.EdgeTPU()
	if e == nil || err != nil {
		return nil, err
	}
	d := &edgeTPUModel{
		MinRuntime: e.MinRuntimeVersion, Compiler: e.CompilerVersion,
		Ops: e.Ops, CPUOps: e.CPUOps,
		CachedBytes: e.CachedBytes(), StreamedBytes: e.StreamedBytes(),
		Executables: make([]executable, len(e.Executables)),
	}
	for k, x := range e.Executables {
		d.Executables[k] = executable{
			Type: x.Type.String(), Token: fmt.Sprintf("%016x", x.ParameterCachingToken),
			ParameterBytes: x.ParameterBytes, InstructionBytes: x.InstructionBytes, ScratchBytes: x.ScratchBytes,
			EstimatedCycles: x.EstimatedCycles, BatchSize: x.BatchSize,
		}
	}
	return d, nil
}
