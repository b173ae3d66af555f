package tflitelib

import (
	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
)

// selfCheckModel is what capi.SelfCheck wants: it has one of everything whose place in the
// runtime's structures matters. Names and numbers are those of selfcheck.h and selfcheck.c.
func selfCheckModel() []byte {
	tensor := model.Tensor{
		Name: "t", Type: model.Int8, Shape: []int{1, 2}, ShapeSignature: []int{-1, 2},
		Quantization: model.Quantization{Scale: 0.5, Scales: []float32{0.5, 0.25}, ZeroPoints: []int{0, 0}, Dimension: 1},
	}
	const custom = 32 // of the schema's enum BuiltinOperator
	op := model.Operator{
		Name: "CoralSelfCheck", CustomCode: "CoralSelfCheck", BuiltinCode: custom, Version: 1,
		Inputs: []int{0}, Outputs: []int{1}, CustomOptions: []byte("abi"),
	}
	graph := model.Subgraph{Tensors: []model.Tensor{tensor, tensor}, Inputs: []int{0}, Outputs: []int{1}, Operators: []model.Operator{op}}
	return tflitewriter.Model(&model.Model{Version: 3, Subgraphs: []model.Subgraph{graph}}, nil)
}
