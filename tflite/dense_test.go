package tflite_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
)

var xnnpackModes = []tflite.XNNPACKMode{tflite.XNNPACKAuto, tflite.XNNPACKOff}

// Dense layers with a scale per channel are right or refused.
func TestDensePerChannel(t *testing.T) {
	for _, name := range []string{"dense_per_channel", "dense_per_channel_int16", "dense_per_tensor"} {
		for _, mode := range xnnpackModes {
			i, err := tflite.NewInterpreter(load(t, name), tflite.WithXNNPACK(mode))
			if minor(t) < 12 && name != "dense_per_tensor" {
				require.ErrorIs(t, err, tflite.ErrUnsupported, name)
				assert.ErrorContains(t, err, `operator 0 (FULLY_CONNECTED) has weights "w"`)
				assert.ErrorContains(t, err, "_experimental_disable_per_channel_quantization_for_dense_layers = True")
				continue
			}
			require.NoError(t, err, name)
			t.Cleanup(func() { require.NoError(t, i.Close()) })
			switch name {
			case "dense_per_channel":
				set[int8](t, input(t, i, 0), 10, -20, 30, -40)
				invoke(t, i)
				assert.Equal(t, []int8{-9, -128}, read[int8](t, output(t, i, 0)))
			case "dense_per_channel_int16":
				set[int16](t, input(t, i, 0), 10, -20, 30, -40)
				invoke(t, i)
				assert.Equal(t, []int16{-9, -142}, read[int16](t, output(t, i, 0)))
			default:
				set[int8](t, input(t, i, 0), 10, -20, 30, -40)
				invoke(t, i)
				assert.Equal(t, []int8{-9, -71}, read[int8](t, output(t, i, 0)))
			}
		}
	}
}

// The same on real numbers, which runtimes learnt later.
func TestDensePerChannelOnFloats(t *testing.T) {
	_, err := tflite.NewInterpreter(load(t, "dense_per_channel_dynamic"), tflite.WithXNNPACK(tflite.XNNPACKOff))
	require.ErrorIs(t, err, tflite.ErrUnsupported, "only some of the built-in kernels are right")
	assert.ErrorContains(t, err, "with XNNPACK")

	i, err := tflite.NewInterpreter(load(t, "dense_per_channel_dynamic"))
	if minor(t) < 17 || !tflite.HasXNNPACK() {
		require.ErrorIs(t, err, tflite.ErrUnsupported)
		return
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, i.Close()) })
	set[float32](t, input(t, i, 0), 10, -20, 30, -40)
	invoke(t, i)
	assert.InDeltaSlice(t, []float32{90, -240}, read[float32](t, output(t, i, 0)), 1)
}

// Other operators with a scale per channel are right or refused too.
func TestPerChannelElsewhere(t *testing.T) {
	for _, mode := range xnnpackModes {
		i, err := tflite.NewInterpreter(load(t, "embedding_per_channel"), tflite.WithXNNPACK(mode))
		if minor(t) < 20 {
			require.ErrorIs(t, err, tflite.ErrUnsupported)
			assert.ErrorContains(t, err, "EMBEDDING_LOOKUP")
		} else {
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, i.Close()) })
			set[int32](t, input(t, i, 0), 1, 2)
			invoke(t, i)
			assert.Equal(t, []float32{0.5, 1, 6, 8}, read[float32](t, output(t, i, 0)))
		}

		i, err = tflite.NewInterpreter(load(t, "matmul_per_channel"), tflite.WithXNNPACK(mode))
		if minor(t) < 17 || minor(t) < 20 && (mode == tflite.XNNPACKOff || !tflite.HasXNNPACK()) {
			require.ErrorIs(t, err, tflite.ErrUnsupported)
			assert.ErrorContains(t, err, "BATCH_MATMUL")
			continue
		}
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, i.Close()) })
		set[float32](t, input(t, i, 0), 10, -20, 30, -40)
		invoke(t, i)
		assert.InDeltaSlice(t, []float32{-10, -140}, read[float32](t, output(t, i, 0)), 0.5)
	}
}
