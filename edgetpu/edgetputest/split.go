package edgetputest

import (
	"fmt"
	"slices"
)

// Split divides a model into n segments of about the same number of operators, for a
// pipeline over several accelerators: each is a model, whose inputs are inputs of the
// whole or outputs of earlier segments, and the outputs of the last are those of the
// whole, in order. [Compile] takes each.
//
// Tensors keep their names, which connect the segments. An output that is made before
// the last segment is an input of that, and passes through.
//
// Errors wrap [ErrBadModel], [ErrRange] where the model has fewer operators or n is less
// than 1, or [ErrUnsupported] where it would have to be cut where something without a
// fixed size passes (strings, resources) or where two segments would share a variable.
func Split(b []byte, n int) ([][]byte, error) {
	o, err := parseOriginal(b)
	if err != nil {
		return nil, fmt.Errorf("edgetputest: split: %w", err)
	}
	segments, err := o.split(n)
	if err != nil {
		return nil, fmt.Errorf("edgetputest: split: %w", err)
	}
	return segments, nil
}

func (o *original) split(n int) ([][]byte, error) {
	ranges := run{0, len(o.Operators)}.divide(n)
	if len(ranges) == 0 {
		return nil, fmt.Errorf("%d operators cannot make %d segments: %w", len(o.Operators), n, ErrRange)
	}
	var segments [][]byte
	owner := make(map[int]int) // variable → segment
	for i, r := range ranges {
		inputs, variables, outputs := o.ends(r)
		if i == n-1 {
			inputs, outputs = o.lastEnds(inputs, r)
		}
		for _, v := range variables {
			if first, ok := owner[v]; ok {
				return nil, fmt.Errorf("segments %d and %d would share the variable %q: %w", first, i, o.Tensors[v].Name, ErrUnsupported)
			}
			owner[v] = i
		}
		for _, t := range slices.Concat(inputs, outputs) {
			if tensor := &o.Tensors[t]; tensor.Type.Bits() == 0 && !o.external(t) {
				return nil, fmt.Errorf("segment %d would have to exchange %q, of type %v: %w", i, tensor.Name, tensor.Type, ErrUnsupported)
			}
		}
		if len(outputs) == 0 {
			return nil, fmt.Errorf("segment %d would have no output: %w", i, ErrUnsupported)
		}
		slices.SortStableFunc(inputs, o.modelInputsFirst)
		segments = append(segments, o.write(part{inputs: inputs, outputs: outputs, steps: operators(r.from, r.to)}))
	}
	return segments, nil
}

// lastEnds adds to the inputs of the last segment the outputs that it does not make.
func (o *original) lastEnds(inputs []int, r run) (in, out []int) {
	for _, t := range o.Outputs {
		if !o.Tensors[t].IsConstant() && o.written(t, r.from) {
			inputs = addOnce(inputs, t)
		}
	}
	return inputs, o.Outputs
}

// external reports whether the tensor is an input or output of the whole.
func (o *original) external(t int) bool {
	return slices.Contains(o.Inputs, t) || slices.Contains(o.Outputs, t)
}

func (o *original) modelInputsFirst(a, b int) int { return o.inputRank(a) - o.inputRank(b) }

// inputRank is the number of an input of the whole, and one for all others.
func (o *original) inputRank(t int) int {
	if i := slices.Index(o.Inputs, t); i >= 0 {
		return i
	}
	return len(o.Inputs)
}
