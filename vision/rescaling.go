package vision

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// A float input does not say which numbers it wants. The first operators often do: many
// models turn pixels from 0 to 255 into what they compute with (a Keras layer Rescaling),
// and a model with integers inside quantises its input.

// fromGraph finds the normalisation for a float input; m may be nil.
func fromGraph(m *model.Model, input, channels int) Normalization {
	if m != nil && input < len(m.Inputs()) {
		if n, ok := beginning(&m.Subgraphs[0], m.Inputs()[input].Index, channels); ok {
			return n
		}
	}
	n := conventions[0].from(FromNothing)
	n.Warning = "the model does not say which numbers its float input wants: -1 to 1 was taken; if the results are poor, give mean and standard deviation (0 and 255 for 0 to 1, 0 and 1 for 0 to 255)"
	return n
}

// beginning follows an input through the graph for as long as single numbers are
// computed from single pixels.
func beginning(g *model.Subgraph, at, channels int) (Normalization, bool) {
	seen := affine{a: slices.Repeat([]float64{1}, channels), b: make([]float64, channels)}
	computed := false
	for range g.Operators {
		op := onlyUser(g, at)
		if op == nil || len(op.Outputs) != 1 || op.Outputs[0] < 0 || op.Outputs[0] >= len(g.Tensors) {
			break
		}
		switch op.Name {
		case "QUANTIZE":
			if n, ok := seen.undone(g.Tensors[op.Outputs[0]]); ok {
				return n, true
			}
			return seen.wanted(computed)
		case "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "PAD", "PADV2", "MIRROR_PAD", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "CAST":
		case "ADD", "SUB", "MUL", "DIV":
			if !seen.then(g, op, at) {
				return seen.wanted(computed)
			}
			computed = true
		default:
			return seen.wanted(computed)
		}
		at = op.Outputs[0]
	}
	return seen.wanted(computed)
}

// onlyUser returns nil if there is none or more than one.
func onlyUser(g *model.Subgraph, tensor int) (only *model.Operator) {
	for k := range g.Operators {
		if !slices.Contains(g.Operators[k].Inputs, tensor) {
			continue
		}
		if only != nil {
			return nil
		}
		only = &g.Operators[k]
	}
	return only
}

// affine is what has become of an input x, for each channel: a*x + b.
type affine struct{ a, b []float64 }

// then takes in one more operator, if its other side is constant.
func (f *affine) then(g *model.Subgraph, op *model.Operator, at int) bool {
	if len(op.Inputs) != 2 {
		return false
	}
	first := op.Inputs[0] == at
	other := op.Inputs[0]
	if first {
		other = op.Inputs[1]
	}
	values := constant(g, other)
	if len(values) != 1 && len(values) != len(f.a) || op.Name == "DIV" && !first {
		return false
	}
	for c := range f.a {
		v := perChannel(values, c)
		switch op.Name {
		case "ADD":
			f.b[c] += v
		case "SUB":
			f.b[c] -= v
			if !first {
				f.a[c], f.b[c] = -f.a[c], -f.b[c]
			}
		case "MUL":
			f.a[c], f.b[c] = f.a[c]*v, f.b[c]*v
		case "DIV":
			f.a[c], f.b[c] = f.a[c]/v, f.b[c]/v
		}
	}
	return true
}

// constant returns the numbers of a small constant, nil if it is none. In models with
// weights of 16 bits it is one that an operator widens.
func constant(g *model.Subgraph, index int) []float64 {
	for _, op := range g.Operators {
		if op.Name == "DEQUANTIZE" && len(op.Inputs) == 1 && slices.Contains(op.Outputs, index) {
			index = op.Inputs[0]
			break
		}
	}
	if index < 0 || index >= len(g.Tensors) {
		return nil
	}
	t := g.Tensors[index]
	size, ok := t.ByteSize()
	const many = 64
	if !ok || size == 0 || size > many || int64(len(t.Data)) != size || t.Sparse {
		return nil
	}
	var values []float64
	for b := t.Data; len(b) > 0; {
		switch t.Type {
		case model.Float32:
			values, b = append(values, float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))), b[4:]
		case model.Float16:
			values, b = append(values, float64(tflite.Float16(binary.LittleEndian.Uint16(b)).Float32())), b[2:]
		default:
			return nil
		}
	}
	return values
}

// span is what becomes of inputs in an interval.
func (f affine) span(x interval) interval {
	y := interval{math.Inf(1), math.Inf(-1)}
	for c := range f.a {
		p, q := f.a[c]*x.low+f.b[c], f.a[c]*x.high+f.b[c]
		y.low, y.high = min(y.low, p, q), max(y.high, p, q)
	}
	return y
}

// wanted finds the convention for which the operators make numbers that a network
// computes with. If none or several make a usual range of them, it is a guess, with a
// warning.
func (f affine) wanted(computed bool) (Normalization, bool) {
	if !computed {
		return Normalization{}, false
	}
	var usual, possible []convention
	for _, c := range []convention{{0, 1}, {0, 255}, {127.5, 127.5}} {
		switch y := f.span(c.span()); {
		case y.isUsual():
			usual = append(usual, c)
		case y.isNormal():
			possible = append(possible, c)
		}
	}
	all := slices.Concat(usual, possible)
	if len(all) == 0 {
		return Normalization{}, false
	}
	n := all[0].from(FromGraph)
	if len(usual) != 1 {
		n.Warning = fmt.Sprintf("the operators that the model begins with do not say for sure which numbers it wants: %v was taken; if the results are poor, give mean and standard deviation", all[0].span())
	}
	return n, true
}

// isUsual reports whether an interval is one of those that pixels are turned into on
// purpose: 0 to 1, -1 to 1, half of that, what the means and deviations of ImageNet make,
// or pixels without their mean.
func (i interval) isUsual() bool {
	for _, usual := range []interval{{0, 1}, {-1, 1}, {-0.5, 0.5}, {-2.12, 2.64}} {
		if i.likeness(usual) >= alike {
			return true
		}
	}
	return i.isCentred()
}

// isCentred reports whether an interval is like that of pixels without their mean.
func (i interval) isCentred() bool { return i.likeness(interval{-128, 127}) > 0.8 }

// isNormal reports whether an interval is like those that pixels are turned into: around
// or from 0 with a width of about 1 to 5, or pixels without their mean.
func (i interval) isNormal() bool {
	small := i.low <= 0.05 && i.low >= -5 && i.high >= 0.4 && i.high <= 6
	return small || i.isCentred()
}

// undone finds the convention for a model that quantises its input.
func (f affine) undone(quantized model.Tensor) (Normalization, bool) {
	if quantized.Type != model.Int8 && quantized.Type != model.Uint8 || !quantized.Quantization.Quantized() {
		return Normalization{}, false
	}
	y := integers(quantized.Type, quantized.Quantization)
	p, q := (y.low-f.b[0])/f.a[0], (y.high-f.b[0])/f.a[0]
	return nearest(interval{min(p, q), max(p, q)}, FromGraph), true
}
