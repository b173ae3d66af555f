package model_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

// network builds a model of the size of MobileNet: 170 tensors, 60 operators and
// 4 MB of weights.
func network() []byte {
	const layers = 60
	s := model.Subgraph{Inputs: []int{0}, Outputs: []int{layers}}
	activation := func(i int) model.Tensor {
		return model.Tensor{
			Name: fmt.Sprintf("network/layer_%d/activation", i), Type: model.Uint8,
			Shape: []int{1, 56, 56, 64}, ShapeSignature: []int{-1, 56, 56, 64}, Quantization: perTensor(0.02, 3),
		}
	}
	for i := range layers + 1 {
		s.Tensors = append(s.Tensors, activation(i))
	}
	for i := range layers {
		scales := make([]float32, 64)
		for c := range scales {
			scales[c] = 0.01
		}
		weights, bias := len(s.Tensors), len(s.Tensors)+1
		s.Tensors = append(s.Tensors,
			model.Tensor{
				Name: fmt.Sprintf("network/layer_%d/weights", i), Type: model.Int8, Shape: []int{64, 4, 4, 64},
				Data:         make([]byte, 64*4*4*64),
				Quantization: model.Quantization{Scales: scales, ZeroPoints: make([]int, 64)},
			},
			model.Tensor{
				Name: fmt.Sprintf("network/layer_%d/bias", i), Type: model.Int32, Shape: []int{64}, Data: make([]byte, 256),
			})
		s.Operators = append(s.Operators, model.Operator{
			BuiltinCode: 3, Version: 3, Inputs: []int{i, weights, bias}, Outputs: []int{i + 1},
		})
	}
	return build(&model.Model{Version: 3, Subgraphs: []model.Subgraph{s}})
}

func BenchmarkParse(b *testing.B) {
	file := network()
	b.ReportAllocs()
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		_, err := model.Parse(file)
		require.NoError(b, err)
	}
}

func BenchmarkVerify(b *testing.B) {
	m, err := model.Parse(network())
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, m.Verify())
	}
}
