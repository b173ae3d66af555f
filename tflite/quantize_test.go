package tflite_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
)

func TestQuantizePerTensor(t *testing.T) {
	i := interpreter(t, "per_tensor")
	in := input(t, i, 0)
	q := in.Quantization()
	assert.InDelta(t, 0.5, q.Scale, 0)
	assert.Equal(t, -3, q.ZeroPoint)
	assert.False(t, q.PerChannel())

	nan := float32(math.NaN())
	require.NoError(t, in.SetFloat32([]float32{0, 1, 0.25, 0.75, 1e9, nan}))
	assert.Equal(t, []int8{-3, -1, -3, -1, 127, -3}, read[int8](t, in), "halves go to the even one")
	invoke(t, i)
	got := make([]float32, 6)
	require.NoError(t, output(t, i, 0).ReadFloat32(got))
	assert.Equal(t, []float32{0, 1, 0, 1, 65, 0}, got)
	v, err := output(t, i, 0).Value()
	require.NoError(t, err)
	floats, err := v.Float32()
	require.NoError(t, err)
	assert.Equal(t, got, floats)
}

func TestQuantizePerChannel(t *testing.T) {
	i := interpreter(t, "per_channel")
	in := input(t, i, 0)
	q := in.Quantization()
	require.True(t, q.PerChannel())
	assert.Equal(t, []float32{0.5, 0.25, 2}, q.Scales)
	assert.Equal(t, []int{0, 0, 0}, q.ZeroPoints)
	assert.Equal(t, 1, q.Dimension)
	require.NoError(t, in.SetFloat32([]float32{1, 1, 2, -1, -1, -2}))
	assert.Equal(t, []int8{2, 4, 1, -2, -4, -1}, read[int8](t, in))
	got := make([]float32, 6)
	require.NoError(t, in.ReadFloat32(got))
	assert.Equal(t, []float32{1, 1, 2, -1, -1, -2}, got)
}

func TestQuantizePerChannelWithZeroPoints(t *testing.T) {
	in := input(t, interpreter(t, "per_channel_zero_points"), 0)
	require.NoError(t, in.SetFloat32([]float32{1, 1, 1, 2, 2, 2}))
	assert.Equal(t, []uint8{102, 102, 102, 129, 129, 129}, read[uint8](t, in))
}

func TestFloatTensorsTakeFloats(t *testing.T) {
	for _, name := range []string{"float32", "float16", "float64"} {
		i := interpreter(t, "types/"+name)
		want := []float32{1, -2, 0.5, 0, 100, -0.25}
		require.NoError(t, input(t, i, 0).SetFloat32(want), name)
		invoke(t, i)
		v, err := output(t, i, 0).Value()
		require.NoError(t, err)
		got, err := v.Float32()
		require.NoError(t, err)
		assert.Equal(t, want, got, name)
		clear(got)
		require.NoError(t, output(t, i, 0).ReadFloat32(got))
		assert.Equal(t, want, got, name)
	}
}

func TestUnquantizedIntegersAreNoFloats(t *testing.T) {
	for _, name := range []string{"int8", "uint8", "int16", "int32", "int64", "bool", "string", "complex64"} {
		in := input(t, interpreter(t, "types/"+name), 0)
		require.ErrorIs(t, in.SetFloat32(make([]float32, 6)), tflite.ErrType, name)
		require.Error(t, in.ReadFloat32(make([]float32, 6)), name)
	}
}

// The quantised forms of one network agree with its float form.
func TestQuantizedNetworks(t *testing.T) {
	image := make([]float32, 8*8*3)
	for k := range image {
		image[k] = float32(k%17) / 16
	}
	classify := func(name string) []float32 {
		i := interpreter(t, name)
		require.NoError(t, input(t, i, 0).SetFloat32(image))
		invoke(t, i)
		got := make([]float32, 4)
		require.NoError(t, output(t, i, 0).ReadFloat32(got))
		return got
	}
	want := classify("tiny_float")
	for name, tolerance := range map[string]float64{
		"tiny_float16": 0.01, "tiny_dynamic": 0.01, "tiny_int8": 0.15, "tiny_uint8": 0.15, "tiny_int16x8": 0.15,
	} {
		assert.InDeltaSlice(t, want, classify(name), tolerance, name)
	}
	assert.Equal(t, classify("tiny_int8"), classify("tiny_uint8"), "one network with other ends")
}
