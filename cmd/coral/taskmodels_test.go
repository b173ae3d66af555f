package main

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// always is an output that is the same for every picture.
type always struct {
	shape  []int
	values []float32
	scale  float32 // of bytes, 0 for float numbers
}

// tensor has the values as they are stored.
func (a always) tensor() model.Tensor {
	t := model.Tensor{Name: "values", Type: tflite.TypeFloat32, Shape: []int{len(a.values)}}
	if a.scale != 0 {
		t.Type, t.Quantization = tflite.TypeUint8, model.Quantization{Scales: []float32{a.scale}, ZeroPoints: []int{0}}
	}
	for _, v := range a.values {
		if a.scale != 0 {
			t.Data = append(t.Data, uint8(v/a.scale))
			continue
		}
		t.Data = binary.LittleEndian.AppendUint32(t.Data, math.Float32bits(v))
	}
	return t
}

const (
	reshape        = 22
	reshapeOptions = 17
	custom         = 32
)

// alwaysModel takes pictures of 8 by 8 pixels from -1 to 1, and puts these out.
func alwaysModel(outputs ...always) []byte { return written(alwaysGraph(outputs...)) }

// alwaysGraph is the graph of that model.
func alwaysGraph(outputs ...always) model.Subgraph {
	picture := model.Tensor{
		Name: "picture", Type: tflite.TypeUint8, Shape: []int{1, 8, 8, 3},
		Quantization: model.Quantization{Scales: []float32{1. / 128}, ZeroPoints: []int{128}},
	}
	g := model.Subgraph{Tensors: []model.Tensor{picture}, Inputs: []int{0}}
	add := func(t model.Tensor) int {
		g.Tensors = append(g.Tensors, t)
		return len(g.Tensors) - 1
	}
	for _, out := range outputs {
		values := out.tensor()
		shape := model.Tensor{Name: "shape", Type: tflite.TypeInt32, Shape: []int{len(out.shape)}}
		for _, d := range out.shape {
			shape.Data = binary.LittleEndian.AppendUint32(shape.Data, uint32(d))
		}
		at := add(model.Tensor{Name: "out", Type: values.Type, Shape: out.shape, Quantization: values.Quantization})
		g.Operators = append(g.Operators, model.Operator{BuiltinCode: reshape, Version: 1, Inputs: []int{add(values), add(shape)}, Outputs: []int{at}})
		g.Outputs = append(g.Outputs, at)
	}
	return g
}

func written(g model.Subgraph) []byte {
	m := &model.Model{Version: 3, Subgraphs: []model.Subgraph{g}}
	return tflitewriter.Model(m, func(b tflitewriter.Builder, op model.Operator) (int8, tflitewriter.Offset) {
		if op.CustomCode != "" {
			return 0, 0
		}
		return reshapeOptions, b.Table()
	})
}

// detectorModel finds a cup, and half as certain a spoon, in every picture: class 1 in its
// left upper quarter, and class 0 in the right lower one.
func detectorModel() []byte { return detectorModelOf(0) }

func detectorModelOf(scale float32) []byte {
	return alwaysModel(
		always{[]int{1, 2, 4}, []float32{0, 0, 0.5, 0.5, 0.5, 0.5, 1, 1}, scale},
		always{[]int{1, 2}, []float32{1, 0}, scale},
		always{[]int{1, 2}, []float32{0.875, 0.4375}, scale},
		always{[]int{1}, []float32{2}, scale},
	)
}

// mapModel is class 1 in the upper half of every picture and class 0 in the lower.
func mapModel() []byte {
	out := always{shape: []int{1, 2, 2, 2}, values: []float32{0, 1, 0, 1, 1, 0, 1, 0}}
	return alwaysModel(out)
}

// poseModel has the nose in the middle and all other joints at a quarter of both sides.
func poseModel() []byte {
	out := always{shape: []int{1, 1, 17, 3}}
	for k := range 17 {
		if k == 0 {
			out.values = append(out.values, 0.5, 0.5, 0.75)
			continue
		}
		out.values = append(out.values, 0.25, 0.25, 0.75)
	}
	return alwaysModel(out)
}

// posenetModel is PoseNet as Coral has it: its last operator is one that TensorFlow Lite does
// not have. All joints of its person are in the middle of one place of 2 by 2.
func posenetModel() []byte {
	heatmaps, offsets, displacements := make([]float32, 4*17), make([]float32, 4*34), make([]float32, 4*64)
	for k := range heatmaps {
		heatmaps[k] = -10
		if k < 17 {
			heatmaps[k] = 3
		}
	}
	g := alwaysGraph(
		always{shape: []int{1, 2, 2, 17}, values: heatmaps},
		always{shape: []int{1, 2, 2, 34}, values: offsets},
		always{shape: []int{1, 2, 2, 64}, values: displacements},
	)
	decoder := model.Operator{BuiltinCode: custom, CustomCode: poseDecoder, Version: 1, Inputs: g.Outputs}
	for _, shape := range [][]int{{1, 20, 17, 2}, {1, 20, 17}, {1, 20}, {1}} {
		decoder.Outputs = append(decoder.Outputs, len(g.Tensors))
		g.Tensors = append(g.Tensors, model.Tensor{Name: "decoded", Type: tflite.TypeFloat32, Shape: shape})
	}
	g.Operators, g.Outputs = append(g.Operators, decoder), decoder.Outputs
	return written(g)
}

// facesModel has one face, of half the picture's size, in the first cell.
func facesModel() []byte {
	boxes, scores := make([]float32, 896*16), make([]float32, 896)
	for k := range scores {
		scores[k] = -20
	}
	scores[0] = 3
	boxes[2], boxes[3] = 4, 4 // of 8 pixels
	return alwaysModel(always{shape: []int{1, 896, 16}, values: boxes}, always{shape: []int{1, 896, 1}, values: scores})
}

// vectorModel gives every picture the same vector.
func vectorModel() []byte { return alwaysModel(always{shape: []int{1, 3}, values: []float32{3, 0, 4}}) }

func modelFile(t *testing.T, file []byte) string {
	t.Helper()
	return write(t, "model.tflite", file)
}
