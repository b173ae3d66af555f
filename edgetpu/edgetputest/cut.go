package edgetputest

import (
	"fmt"
	"slices"

	"github.com/gocoral/coral/model"
)

// Cut returns the part of a model between some of its tensors, as a model of its own:
// it computes the outputs from the inputs. The tensors are found by name, type, shape
// and quantisation, and may be those of another form of the model, such as the inputs
// of an edgetpu-custom-op. Variables may be among the inputs; others stay inside.
//
// The result has no signatures. Its bytes include all of the original's.
//
// Errors wrap [ErrBadModel]; [ErrTwinMismatch] for a tensor that the model does not
// have, and for outputs that depend on more than the inputs.
func Cut(b []byte, inputs, outputs []model.Tensor) ([]byte, error) {
	o, err := parseOriginal(b)
	if err != nil {
		return nil, fmt.Errorf("edgetputest: cut: %w", err)
	}
	cut, err := o.cut(inputs, outputs)
	if err != nil {
		return nil, fmt.Errorf("edgetputest: cut: %w", err)
	}
	return cut, nil
}

func (o *original) cut(inputs, outputs []model.Tensor) ([]byte, error) {
	p := part{inputs: make([]int, len(inputs)), outputs: make([]int, len(outputs))}
	var err error
	for i, t := range inputs {
		if p.inputs[i], err = o.find(t); err != nil {
			return nil, fmt.Errorf("input %d: %w", i, err)
		}
	}
	for i, t := range outputs {
		if p.outputs[i], err = o.find(t); err != nil {
			return nil, fmt.Errorf("output %d: %w", i, err)
		}
	}
	if p.steps, err = o.between(p.inputs, p.outputs); err != nil {
		return nil, err
	}
	return o.write(p), nil
}

// find returns the index of the tensor that is like t.
func (o *original) find(t model.Tensor) (int, error) {
	found := -1
	for i, candidate := range o.Tensors {
		if !sameTensor(candidate, t) {
			continue
		}
		if found >= 0 {
			return 0, fmt.Errorf("two tensors %q are alike, %d and %d: %w", t.Name, found, i, ErrTwinMismatch)
		}
		found = i
	}
	if found < 0 {
		return 0, fmt.Errorf("no tensor %q of type %v, shape %v, scale %v and zero point %d: %w",
			t.Name, t.Type, t.Shape, t.Quantization.Scale, t.Quantization.ZeroPoint, ErrTwinMismatch)
	}
	return found, nil
}

func sameTensor(a, b model.Tensor) bool {
	p, q := a.Quantization, b.Quantization
	return a.Name == b.Name && a.Type == b.Type && a.IsVariable == b.IsVariable && slices.Equal(a.Shape, b.Shape) &&
		slices.Equal(p.Scales, q.Scales) && slices.Equal(p.ZeroPoints, q.ZeroPoints)
}

// between returns the operators that the outputs need, down to the inputs.
func (o *original) between(inputs, outputs []int) ([]step, error) {
	maker := make(map[int]int) // tensor → operator
	for i, op := range o.Operators {
		for _, t := range op.Outputs {
			maker[t] = i
		}
	}
	given := make(map[int]bool)
	for _, t := range inputs {
		given[t] = true
	}
	needed := make(map[int]bool) // operators
	for pending := slices.Clone(outputs); len(pending) > 0; {
		t := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if t < 0 || given[t] {
			continue
		}
		given[t] = true // need not be looked at again
		op, made := maker[t]
		switch {
		case made && !needed[op]:
			needed[op] = true
			pending = append(pending, o.Operators[op].Inputs...)
		case !made && o.comesFromOutside(t):
			return nil, fmt.Errorf("the outputs depend on %q, which is not among the inputs: %w", o.Tensors[t].Name, ErrTwinMismatch)
		}
	}
	var steps []step
	for i := range o.Operators {
		if needed[i] {
			steps = append(steps, step{operator: i})
		}
	}
	return steps, nil
}

// comesFromOutside reports whether a tensor that no operator makes has a content that
// the caller gives: it is an input of the model.
func (o *original) comesFromOutside(t int) bool { return slices.Contains(o.Inputs, t) }

// run is a range of operators.
type run struct{ from, to int }

// ends returns the tensors through which a range of operators is connected to the
// rest: what it reads that is not its own, variables apart, in the order of their
// first use, and what it makes that is used outside.
func (o *original) ends(r run) (inputs, variables, outputs []int) {
	made := make(map[int]bool)
	for _, op := range o.Operators[r.from:r.to] {
		for _, t := range op.Outputs {
			made[t] = true
		}
	}
	for _, op := range o.Operators[r.from:r.to] {
		for _, t := range op.Inputs {
			switch {
			case t < 0, made[t], o.Tensors[t].IsConstant():
			case o.Tensors[t].IsVariable:
				variables = addOnce(variables, t)
			case o.written(t, r.from):
				inputs = addOnce(inputs, t)
			}
		}
	}
	wanted := slices.Clone(o.Outputs)
	for _, op := range o.Operators[r.to:] {
		wanted = append(wanted, op.Inputs...)
	}
	for _, op := range o.Operators[r.from:r.to] {
		for _, t := range op.Outputs {
			if slices.Contains(wanted, t) {
				outputs = append(outputs, t)
			}
		}
	}
	return inputs, variables, outputs
}

// written reports whether the tensor has a content before the operator runs. One that
// has not is without elements, as some optional inputs are.
func (o *original) written(t, before int) bool {
	return slices.Contains(o.Inputs, t) || slices.ContainsFunc(o.Operators[:before], func(op model.Operator) bool {
		return slices.Contains(op.Outputs, t)
	})
}

func addOnce(list []int, t int) []int {
	if slices.Contains(list, t) {
		return list
	}
	return append(list, t)
}
