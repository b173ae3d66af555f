package edgetputest_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/tflite"
)

// What a compiled model computes, which another compiler made, is its CPU model's.
func TestConformancePairs(t *testing.T) {
	t.Setenv(descriptorsEnv, "1") // for the LSTM
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	d := mustOpen(t, usb)
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		t.Run(name, func(t *testing.T) {
			p := pairs[name](t)
			require.NoError(t, sim.AddModel(p.cpu, p.tpu))
			want := interpreter(t, p.cpu)
			requireSame(t, want, interpreter(t, p.tpu, d))

			// And what our own compiler makes of the same model.
			own := interpreter(t, compile(t, p.cpu), d)
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
	d := mustOpen(t, pci)
	for _, name := range []string{"stateful", "Coral's keras_lstm_mnist_ptq"} {
		t.Run(name, func(t *testing.T) {
			p := pairs[name](t)
			require.NoError(t, sim.AddModel(p.cpu, p.tpu))
			checkState(t, p.cpu, p.tpu, d)
			checkState(t, p.cpu, compile(t, p.cpu), d)
		})
	}
}

func TestConformanceNotTwins(t *testing.T) {
	for _, test := range []struct{ cpu, tpu, mention string }{
		{"tiny_int8", "tiny_uint8", "no tensor"},
		{"detector", "ssd", `"normalized_input_image_tensor"`},
		{"Coral's mobilenet_v1_0.25_128_quant", "Coral's mobilenet_v1_0.75_192_quant", `"input"`},
	} {
		t.Run(test.cpu, func(t *testing.T) {
			err := edgetputest.New(t).AddModel(pairs[test.cpu](t).cpu, pairs[test.tpu](t).tpu)
			require.ErrorIs(t, err, edgetputest.ErrTwinMismatch)
			assert.ErrorContains(t, err, test.mention)
		})
	}
}

// A compiled model nobody was told about fails with what to do.
func TestConformanceUnknownModel(t *testing.T) {
	edgetputest.New(t, edgetputest.PCIe(0))
	d := mustOpen(t, pci)
	for _, name := range []string{"detector", "Coral's split_concat"} {
		t.Run(name, func(t *testing.T) {
			_, err := newInterpreter(pairs[name](t).tpu, d)
			require.ErrorIs(t, err, tflite.ErrDelegateDeclined)
			assert.ErrorContains(t, err, "AddModel")
		})
	}
}
