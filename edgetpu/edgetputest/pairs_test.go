package edgetputest_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
)

// pair is a model and what a compiler made of it.
type pair struct{ cpu, tpu []byte }

// pairs are models with their twins: the repository's own and fetched ones, as Google's
// compiler would make them, which there are everywhere, and then Coral's, which are for
// those who have them.
var pairs = map[string]func(testing.TB) pair{
	"tiny_int8":  func(t testing.TB) pair { return foreignPair(t, tiny(t)) },
	"tiny_uint8": func(t testing.TB) pair { return foreignPair(t, load(t, tflitePath("tiny_uint8"))) },
	"detector":   func(t testing.TB) pair { return foreignPair(t, edgetputest.Detector()) },
	"stateful":   func(t testing.TB) pair { return foreignPair(t, statefulInt8()) },
	"mobilenet":  func(t testing.TB) pair { return foreignPair(t, fetched(t, "mobilenet_quant_v1_224.tflite")) },
	"ssd":        func(t testing.TB) pair { return foreignPair(t, fetched(t, "ssd_detect.tflite")) },

	"Coral's mobilenet_v1_0.25_128_quant":       coralPair("mobilenet_v1_0.25_128_quant"),
	"Coral's mobilenet_v1_0.75_192_quant":       coralPair("mobilenet_v1_0.75_192_quant"),
	"Coral's movenet_single_pose_lightning_ptq": coralPair("movenet_single_pose_lightning_ptq"),
	"Coral's deeplabv3_mnv2_pascal_quant":       coralPair("deeplabv3_mnv2_pascal_quant"),
	"Coral's keras_lstm_mnist_ptq":              coralPair("keras_lstm_mnist_ptq"),
	"Coral's split_concat":                      coralPair("split_concat"),
	"Coral's embedding_extractor":               coralPair("mobilenet_v1_1.0_224_quant_embedding_extractor"),
}

// foreignPair compiles a model, and makes the result another compiler's: the simulation
// does not find in it what it computes, and has to be told with AddModel.
func foreignPair(t testing.TB, cpu []byte) pair {
	t.Helper()
	const own, other = "gocoral-sim-cut\n", "somebody else's\n"
	tpu := compile(t, cpu)
	require.Len(t, other, len(own))
	require.Equal(t, 1, bytes.Count(tpu, []byte(own)))
	return pair{cpu, bytes.Replace(tpu, []byte(own), []byte(other), 1)}
}

// coralPair is one of Coral's own from beside the checkout; it is no part of the
// repository.
func coralPair(name string) func(testing.TB) pair {
	return func(t testing.TB) pair {
		t.Helper()
		dir := filepath.Join("..", "..", "..", "shared", "testdata", "models")
		if _, err := os.Stat(dir); err != nil {
			t.Skipf("Coral's models are not beside the repository: %v", err)
		}
		return pair{load(t, filepath.Join(dir, name+".tflite")), load(t, filepath.Join(dir, name+"_edgetpu.tflite"))}
	}
}

// statefulInt8 is a model with a variable that an Edge TPU could take: y = sigmoid(the
// sum of the last four x).
func statefulInt8() []byte {
	const opLogistic, opSVDF = 14, 27
	tensor := func(name string, typ model.TensorType, shape []int, scale float32, zeroPoint int, data ...byte) model.Tensor {
		return model.Tensor{
			Name: name, Type: typ, Shape: shape, HasRank: true, Data: data,
			Quantization: model.Quantization{Scales: []float32{scale}, ZeroPoints: []int{zeroPoint}},
		}
	}
	var ones []byte
	for range 4 {
		ones = binary.LittleEndian.AppendUint16(ones, 64)
	}
	tensors := []model.Tensor{
		tensor("x", model.Int8, []int{1, 1}, 1.0/64, 0),
		tensor("features", model.Int8, []int{1, 1}, 1.0/64, 0, 64),
		tensor("time", model.Int16, []int{1, 4}, 1.0/64, 0, ones...),
		tensor("bias", model.Int32, []int{1}, 1.0/4096, 0, 0, 0, 0, 0),
		tensor("state", model.Int16, []int{1, 4}, 1.0/64, 0),
		tensor("sum", model.Int8, []int{1, 1}, 1.0/16, 0),
		tensor("y", model.Int8, []int{1, 1}, 1.0/256, -128),
	}
	tensors[4].IsVariable = true
	return tflitewriter.Model(&model.Model{Version: 3, Subgraphs: []model.Subgraph{{
		Tensors: tensors, Inputs: []int{0}, Outputs: []int{6},
		Operators: []model.Operator{
			{BuiltinCode: opSVDF, Version: 3, Inputs: []int{0, 1, 2, 3, 4}, Outputs: []int{5}},
			{BuiltinCode: opLogistic, Version: 2, Inputs: []int{5}, Outputs: []int{6}},
		},
	}}}, func(b tflitewriter.Builder, op model.Operator) (int8, tflitewriter.Offset) {
		if op.BuiltinCode != opSVDF {
			return 0, 0
		}
		return 6, b.Table(b.Int32(0, 1), b.Int8(1, 1)) // SVDFOptions: the rank, and RELU, which this form has to have
	})
}
