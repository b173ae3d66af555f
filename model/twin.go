package model

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// twinSuffix is what edgetpu_compiler appends to the name of a model it compiled.
const twinSuffix = "_edgetpu"

// extension is that of a model file. What follows the last dot of a name may also belong
// to a version, as in "mobilenet_v1_0.25_128".
var extension = regexp.MustCompile(`\.[[:alpha:]]+$`)

// splitPath returns the path without suffix and extension, "" if it names no file, and
// those two.
func splitPath(path string) (stem, suffix, ext string) {
	dir, name := filepath.Split(path)
	ext = extension.FindString(name)
	name = strings.TrimSuffix(name, ext)
	if at := len(name) - len(twinSuffix); at > 0 && strings.EqualFold(name[at:], twinSuffix) {
		name, suffix = name[:at], name[at:]
	}
	if name == "" {
		return "", "", ""
	}
	return dir + name, suffix, ext
}

// TwinPath returns where the other form of a model is looked for: x_edgetpu.tflite for
// x.tflite, as edgetpu_compiler names it, and x.tflite for x_edgetpu.tflite. It goes by
// the name alone; [IsTwinPath] tells which of the two that is. Names without extension
// and in upper case have twins too, a folder has none, which is "".
func TwinPath(path string) string {
	switch stem, suffix, ext := splitPath(path); {
	case stem == "":
		return ""
	case suffix != "":
		return stem + ext
	default:
		return stem + twinSuffix + ext
	}
}

// IsTwinPath reports whether path is named as edgetpu_compiler names what it compiled. A
// compiled model of another name does not tell the name of its CPU model.
func IsTwinPath(path string) bool {
	_, suffix, _ := splitPath(path)
	return suffix != ""
}

// SameInterface reports whether two models can stand in for each other, such as
// the CPU and the Edge TPU form of one network: inputs and outputs of the primary
// subgraphs must agree in number, order, type, shape and quantisation. What is
// between them may differ, and so may the names of the tensors; but if both
// models use the same names, the order must be theirs too, since two outputs of
// the same shape would otherwise be exchanged unnoticed.
//
// Quantisation is compared exactly: compiling a model for the Edge TPU does not
// change it. A tensor of unknown rank goes with any shape, and an open dimension with any
// size: only the interpreter knows which one it gets. The error wraps
// [ErrTwinMismatch] and names the tensor and both values.
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
	case !a.UnknownRank && !b.UnknownRank && !sameShape(a, b):
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

// sameShape passes over the dimensions that one of the tensors leaves open.
func sameShape(a, b Tensor) bool {
	if len(a.Shape) != len(b.Shape) {
		return false
	}
	for k := range a.Shape {
		if a.Shape[k] != b.Shape[k] && !a.openAt(k) && !b.openAt(k) {
			return false
		}
	}
	return true
}

func (t Tensor) openAt(k int) bool {
	return t.Shape[k] < 0 || len(t.ShapeSignature) == len(t.Shape) && t.ShapeSignature[k] < 0
}

// misplaced reports whether the tensor at index i of one model is at another
// index of the other one.
func misplaced(name string, i int, others []Tensor) bool {
	return name != "" && name != others[i].Name &&
		slices.ContainsFunc(others, func(t Tensor) bool { return t.Name == name })
}
