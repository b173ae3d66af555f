package edgetputest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/tflite"
)

// pairs are models that Google's compiler made, and their twins.
var pairs = []string{
	"mobilenet_v1_0.25_128_quant",
	"mobilenet_v1_0.75_192_quant",
	"movenet_single_pose_lightning_ptq",
	"deeplabv3_mnv2_pascal_quant",
	"keras_lstm_mnist_ptq",
	"split_concat",
	"mobilenet_v1_1.0_224_quant_embedding_extractor",
}

// conformance is one of Coral's own models from beside the checkout, where it is for
// those who have it; it is no part of the repository.
func conformance(t testing.TB, name string) (path string) {
	t.Helper()
	path = filepath.Join("..", "..", "..", "shared", "testdata", "models", name+".tflite")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no conformance models here: %v", err)
	}
	return path
}

func TestConformancePairs(t *testing.T) {
	t.Setenv(descriptorsEnv, "1") // for the LSTM
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	d := mustOpen(t, usb)
	for _, name := range pairs {
		t.Run(name, func(t *testing.T) {
			cpu, tpu := conformance(t, name), conformance(t, name+"_edgetpu")
			require.NoError(t, sim.AddModelFiles(cpu, tpu))
			want := interpreter(t, load(t, cpu))
			requireSame(t, want, interpreter(t, load(t, tpu), d))

			// And what our own compiler makes of the same model.
			own := interpreter(t, compile(t, load(t, cpu)), d)
			require.NoError(t, want.ResetVariables())
			requireSame(t, want, own)
			t.Log(own.Backend())
		})
	}
}

// The state of a model whose operator for the Edge TPU has variables belongs to the
// interpreter.
func TestConformanceState(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.PCIe(0))
	cpu, tpu := conformance(t, "keras_lstm_mnist_ptq"), conformance(t, "keras_lstm_mnist_ptq_edgetpu")
	require.NoError(t, sim.AddModelFiles(cpu, tpu))
	d := mustOpen(t, pci)
	for name, b := range map[string][]byte{"Google's": load(t, tpu), "ours": compile(t, load(t, cpu))} {
		t.Run(name, func(t *testing.T) { checkState(t, load(t, cpu), b, d) })
	}
}

func TestConformanceNotTwins(t *testing.T) {
	sim := edgetputest.New(t)
	err := sim.AddModelFiles(conformance(t, "mobilenet_v1_0.25_128_quant"), conformance(t, "mobilenet_v1_0.75_192_quant_edgetpu"))
	require.ErrorIs(t, err, edgetputest.ErrTwinMismatch)
	assert.ErrorContains(t, err, `"input"`)
}

// A compiled model nobody was told about fails with what to do.
func TestConformanceUnknownModel(t *testing.T) {
	edgetputest.New(t, edgetputest.PCIe(0))
	_, err := newInterpreter(load(t, conformance(t, "split_concat_edgetpu")), mustOpen(t, pci))
	require.ErrorIs(t, err, tflite.ErrDelegateDeclined)
	assert.ErrorContains(t, err, "AddModel")
}
