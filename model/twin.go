package model

import (
	"fmt"
	"slices"
)

// SameInterface reports whether two models can stand in for each other, such as
// the CPU and the Edge TPU form of one network: inputs and outputs of the primary
// subgraphs must agree in number, order, type, shape and quantisation. What is
// between them may differ, and so may the names of the tensors; but if both
// models use the same names, the order must be theirs too, since two outputs of
// the same shape would otherwise be exchanged unnoticed.
//
// Quantisation is compared exactly: compiling a model for the Edge TPU does not
// change it. The error wraps [ErrTwinMismatch] and names the tensor and both
// values.
func SameInterface(a, b *Model) error {
	if err := samePorts("input", a.Inputs(), b.Inputs()); err != nil {
		return err
	}
	return samePorts("output", a.Outputs(), b.Outputs())
}

func samePorts(kind string, a, b []Tensor) error {
	if len(a) != len(b) {
		return fmt.Errorf("%w: %d %ss and %d", ErrTwinMismatch, len(a), kind, len(b))
	}
	for i := range a {
		what, x, y := difference(a[i], b[i])
		if what == "" && misplaced(a[i].Name, i, b) {
			what, x, y = "name", fmt.Sprintf("%q", a[i].Name), fmt.Sprintf("%q", b[i].Name)
		}
		if what != "" {
			return fmt.Errorf("%w: %s %d (%q) has %s %v and %v", ErrTwinMismatch, kind, i, a[i].Name, what, x, y)
		}
	}
	return nil
}

// difference returns the first property in which two tensors differ, and both
// values of it.
func difference(a, b Tensor) (what string, x, y any) {
	p, q := a.Quantization, b.Quantization
	switch {
	case a.Type != b.Type:
		return "type", a.Type, b.Type
	case !slices.Equal(a.Shape, b.Shape):
		return "shape", a.Shape, b.Shape
	case p.Scale != q.Scale:
		return "scale", p.Scale, q.Scale
	case p.ZeroPoint != q.ZeroPoint:
		return "zero point", p.ZeroPoint, q.ZeroPoint
	case p.PerChannel() && p.Dimension != q.Dimension:
		return "quantised dimension", p.Dimension, q.Dimension
	case !slices.Equal(p.Scales, q.Scales):
		return "scales", p.Scales, q.Scales
	case !slices.Equal(p.ZeroPoints, q.ZeroPoints):
		return "zero points", p.ZeroPoints, q.ZeroPoints
	}
	return "", nil, nil
}

// misplaced reports whether the tensor at index i of one model is at another
// index of the other one.
func misplaced(name string, i int, others []Tensor) bool {
	return name != "" && name != others[i].Name &&
		slices.ContainsFunc(others, func(t Tensor) bool { return t.Name == name })
}
