package model_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

// The builtin operators of the fixtures.
const (
	opAdd            = 0
	opFullyConnected = 9
	opSoftmax        = 25
	opCustom         = 32
	opIf             = 118
	opVarHandle      = 142
	opStablehloCase  = 209
)

// classifier is a model of three classes, with one of everything a converter
// writes into such models.
func classifier() *model.Model {
	return &model.Model{
		Version:     3,
		Description: "made by build_test.go",
		Subgraphs: []model.Subgraph{{
			Name: "main",
			Tensors: []model.Tensor{
				{
					Name: "pixels", Type: model.Uint8, Shape: []int{1, 4}, ShapeSignature: []int{-1, 4}, HasRank: true,
					Quantization: perTensor(1.0/128, 128),
				},
				{
					Name: "weights", Type: model.Int8, Shape: []int{3, 4}, HasRank: true,
					Data: []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
					Quantization: model.Quantization{
						Scale: 0.5, Scales: []float32{0.5, 0.25, 0.125}, ZeroPoints: []int{0, 0, 0},
					},
				},
				{Name: "bias", Type: model.Int32, Shape: []int{3}, HasRank: true, Data: make([]byte, 12)},
				{Name: "logits", Type: model.Uint8, Shape: []int{1, 3}, HasRank: true, Quantization: perTensor(0.1, 128)},
				{
					Name: "scores", Type: model.Uint8, Shape: []int{1, 3}, ShapeSignature: []int{-1, 3}, HasRank: true,
					Quantization: perTensor(1.0/256, 0),
				},
			},
			Inputs:  []int{0},
			Outputs: []int{4},
			Operators: []model.Operator{
				{
					Name: "FULLY_CONNECTED", BuiltinCode: opFullyConnected, Version: 4,
					Inputs: []int{0, 1, 2}, Outputs: []int{3},
				},
				{Name: "SOFTMAX", BuiltinCode: opSoftmax, Version: 1, Inputs: []int{3}, Outputs: []int{4}},
			},
		}},
		Signatures: []model.Signature{{
			Key:     "serving_default",
			Inputs:  []model.SignatureTensor{{Name: "image", Tensor: 0}},
			Outputs: []model.SignatureTensor{{Name: "probabilities", Tensor: 4}},
		}},
		Metadata: []model.Metadata{
			{Name: "min_runtime_version", Data: []byte("2.3.0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")},
			{Name: "TFLITE_METADATA", Data: buildInfo(classifierInfo())},
		},
	}
}

func perTensor(scale float32, zeroPoint int) model.Quantization {
	return model.Quantization{Scale: scale, ZeroPoint: zeroPoint, Scales: []float32{scale}, ZeroPoints: []int{zeroPoint}}
}

func classifierInfo() model.Info {
	return model.Info{
		Name: "Pets", Description: "Tells three pets apart.", Version: "1", Author: "gocoral", License: "Apache-2.0",
		Inputs: []model.TensorInfo{{
			Name: "image", Description: "two by two grey pixels",
			Mean: []float32{127.5}, Std: []float32{127.5}, Min: []float32{0}, Max: []float32{255},
		}},
		Outputs: []model.TensorInfo{{
			Name: "probability",
			Files: []model.FileInfo{
				{Name: "readme.txt", Description: "not packed", Type: model.DescriptionFile},
				{Name: "labels.txt", Description: "pets", Type: model.AxisLabelsFile, Locale: "en"},
			},
		}},
	}
}

// compiled is the classifier as the Edge TPU compiler would leave it, with the
// softmax still on the CPU.
func compiled() *model.Model {
	m := classifier()
	s := &m.Subgraphs[0]
	s.Operators[0] = model.Operator{
		Name: "edgetpu-custom-op", BuiltinCode: opCustom, CustomCode: "edgetpu-custom-op", Version: 1,
		Inputs: []int{0}, Outputs: []int{3}, CustomOptions: buildEdgeTPU(edgeTPU()),
	}
	s.Tensors[1].Data, s.Tensors[2].Data = nil, nil
	return m
}

func edgeTPU() model.EdgeTPU {
	return model.EdgeTPU{
		MinRuntimeVersion: 13,
		CompilerVersion:   "cl/343520747",
		ModelIdentifier:   "pets",
		Executables: []model.Executable{
			{
				Name: "model", Chip: "beagle", Type: model.ExecutionOnly, ParameterCachingToken: 0x335f65ef71b478fa,
				ParameterBytes: 64, InstructionBytes: 40, ScratchBytes: 672, EstimatedCycles: 1 << 40, BatchSize: 1,
				NarrowMemoryBytes: 776, DeterministicDMA: true,
				Inputs:  []model.Layer{{Name: "pixels", Bytes: 8, Height: 1, Width: 1, Depth: 4, Executions: 1}},
				Outputs: []model.Layer{{Name: "logits", Bytes: 8, Height: 1, Width: 1, Depth: 3, Executions: 2}},
			},
			{
				Name: "Unknown", Chip: "beagle", Type: model.ParameterCaching, ParameterCachingToken: 0x335f65ef71b478fa,
				ParameterBytes: 96, InstructionBytes: 20, BatchSize: 1,
			},
		},
	}
}

const labels = "cat\ndog\nbird\n"

var update = flag.Bool("update", false, "write the models in testdata")

// TestTestdata keeps the models in testdata, which the examples read, equal to
// what this package builds.
func TestTestdata(t *testing.T) {
	for name, built := range map[string][]byte{
		"pets.tflite":         pack(build(classifier()), "labels.txt", labels),
		"pets_edgetpu.tflite": pack(build(compiled()), "labels.txt", labels),
	} {
		path := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(path, built, 0o644))
		}
		committed, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, built, committed, "%s is out of date: go test ./model -run Testdata -update", name)
	}
}

// parse builds and parses a model, which must succeed.
func parse(t testing.TB, m *model.Model) *model.Model {
	t.Helper()
	parsed, err := model.Parse(build(m))
	require.NoError(t, err)
	return parsed
}
