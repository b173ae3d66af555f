package main

import (
	"fmt"
	"strconv"
	"strings"
)

// printDescription is coral inspect for people.
func (a *app) printDescription(d *description) {
	a.print("%s: %s", d.Model, join(", ", size(d.Bytes), d.Converter,
		either(d.MinRuntime != "", "for TensorFlow Lite "+d.MinRuntime+" or newer", ""),
		either(d.Stateful, "keeps state between calls", "")))
	a.printTensors("Inputs", d.Inputs)
	a.printTensors("Outputs", d.Outputs)
	a.printSignatures(d.Signatures)
	a.printOperators(d)
	a.printMetadata(d)
	a.printEdgeTPU(d.EdgeTPU)
	for _, warning := range d.Warnings {
		a.print("Warning: %s", warning)
	}
	for _, problem := range d.Problems {
		a.print("Problem: %s", problem)
	}
}

func (a *app) printTensors(title string, tensors []tensorDescription) {
	a.print("%s", title)
	var rows [][]string
	for _, t := range tensors {
		shape := either(t.Shape != nil, shapeText(t.Shape), "of unknown shape")
		rows = append(rows, []string{"  " + t.Name, t.Type, shape, t.text()})
	}
	a.table(rows)
	for _, t := range tensors {
		if n := t.Normalization; n != nil {
			a.print("  pixels p of a picture for %s become %s", t.Name, n)
			if n.Warning != "" {
				a.print("    warning: %s", inFlags.Replace(n.Warning))
			}
		}
	}
}

// shapeText is the shape as Python and JSON write it.
func shapeText(shape []int) string {
	dims := make([]string, len(shape))
	for k, d := range shape {
		dims[k] = strconv.Itoa(d)
	}
	return "[" + strings.Join(dims, ",") + "]"
}

func (q quantization) text() string {
	switch {
	case q.Scales != nil:
		return fmt.Sprintf("%d scales along dimension %d", len(q.Scales), q.Dimension)
	case q.Scale != 0:
		return fmt.Sprintf("scale %v, zero point %d", float32(q.Scale), q.ZeroPoint)
	}
	return ""
}

func (a *app) printSignatures(signatures []signature) {
	for _, s := range signatures {
		a.print("Signature %s(%s) → %s", s.Name, strings.Join(s.Inputs, ", "), strings.Join(s.Outputs, ", "))
	}
}

func (a *app) printOperators(d *description) {
	total := 0
	rows := [][]string{}
	for _, op := range d.Operators {
		total += op.Count
		rows = append(rows, []string{"  " + op.Name, strconv.Itoa(op.Count)})
	}
	a.print("Operators: %d", total)
	a.table(rows)
}

func (a *app) printMetadata(d *description) {
	if len(d.MetadataNames) > 0 {
		a.print("Metadata: %s", strings.Join(d.MetadataNames, ", "))
	}
	m := d.Metadata
	if m == nil {
		return
	}
	var rows [][]string
	for _, field := range [][2]string{
		{"name", m.Name},
		{"description", m.Description},
		{"version", m.Version},
		{"author", m.Author},
		{"licence", m.License},
		{"files", strings.Join(m.Files, ", ")},
		{"labels", either(m.Labels > 0, strconv.Itoa(m.Labels), "")},
	} {
		if field[1] != "" {
			rows = append(rows, []string{"  " + field[0], field[1]})
		}
	}
	a.table(rows)
}

func (a *app) printEdgeTPU(e *edgeTPUModel) {
	if e == nil {
		return
	}
	a.print("Edge TPU: %s", join(", ",
		fmt.Sprintf("needs RuntimeVersion(%d)", e.MinRuntime),
		either(e.Compiler != "", "compiler "+e.Compiler, ""),
		size(int64(e.CachedBytes))+" of parameters stay on the chip",
		either(e.StreamedBytes > 0, size(int64(e.StreamedBytes))+" are sent with every inference", "")))
	rows := [][]string{}
	for _, x := range e.Executables {
		rows = append(rows, []string{
			"  " + x.Type, "token " + x.Token, size(int64(x.ParameterBytes)) + " parameters",
			size(int64(x.InstructionBytes)) + " instructions", size(int64(x.ScratchBytes)) + " scratch",
			either(x.EstimatedCycles > 0, fmt.Sprintf("%d cycles", x.EstimatedCycles), ""),
		})
	}
	a.table(rows)
	var left []string
	for _, op := range e.CPUOps {
		left = append(left, fmt.Sprintf("%s ×%d", op.Name, op.Count))
	}
	a.print("  left on the CPU: %s", either(left != nil, strings.Join(left, ", "), "nothing"))
}

// size is a number of bytes for people.
func size(bytes int64) string {
	switch {
	case bytes >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
	case bytes >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(bytes)/1e3)
	}
	return fmt.Sprintf("%d bytes", bytes)
}

// join leaves out what is empty.
func join(separator string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, separator)
}
