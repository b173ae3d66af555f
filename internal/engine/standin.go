package engine

import (
	"slices"

	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
)

// StandInOperator stands for a model in the interpreters of a process that has the model
// run elsewhere.
const StandInOperator = "gocoral-elsewhere"

// StandIn writes a model for such interpreters: they know the inputs and outputs of m, in
// the sizes that the runtime gave them, and nothing of what the file has between them.
func StandIn(m *model.Model, sizes Sizes) ([]byte, error) {
	return tflitewriter.StandIn(StandInOperator, shaped(m.Inputs(), sizes.Inputs), shaped(m.Outputs(), sizes.Outputs))
}

func shaped(tensors []model.Tensor, sizes []Tensor) []model.Tensor {
	tensors = slices.Clone(tensors)
	for k := range min(len(tensors), len(sizes)) {
		tensors[k].Shape, tensors[k].HasRank = sizes[k].Shape, true
	}
	return tensors
}
