package tflitewriter

import (
	"fmt"
	"slices"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/schema"
	"github.com/gocoral/coral/model"
)

// StandIn writes a model with the given inputs and outputs, and between them nothing but
// one custom operator of the given name. It is for a process that has a model run
// elsewhere: an interpreter of it has the tensors of the model, and none of what could
// harm the process.
//
// Names, types, shapes and quantisation are those of the tensors. A file does not always
// tell the shape that the runtime finds, and of the outputs of a detection model it tells
// none: give the runtime's in Shape, with HasRank.
//
// Tensors of no fixed size, strings and those of unknown rank among them, and tensors that
// are input and output at once wrap ErrBadModel.
func StandIn(operator string, inputs, outputs []model.Tensor) ([]byte, error) {
	tensors := slices.Concat(inputs, outputs)
	indices := make([]int, len(tensors))
	for i, t := range tensors {
		if n, ok := t.ByteSize(); !ok || n == 0 || len(t.Shape) == 0 && !t.HasRank {
			return nil, fmt.Errorf("%w: tensor %q has no fixed size", errs.ErrBadModel, t.Name)
		}
		if slices.ContainsFunc(tensors[:i], func(other model.Tensor) bool { return other.Index == t.Index }) {
			return nil, fmt.Errorf("%w: tensor %q is used twice as input or output", errs.ErrBadModel, t.Name)
		}
		indices[i] = i
	}
	for i, t := range tensors {
		tensors[i] = model.Tensor{Name: t.Name, Type: t.Type, Shape: t.Shape, HasRank: true, Quantization: t.Quantization}
	}
	in, out := indices[:len(inputs)], indices[len(inputs):]
	return Model(&model.Model{Version: 3, Subgraphs: []model.Subgraph{{
		Tensors: tensors, Inputs: in, Outputs: out,
		Operators: []model.Operator{{BuiltinCode: schema.OpCustom, CustomCode: operator, Version: 1, Inputs: in, Outputs: out}},
	}}}, nil), nil
}
