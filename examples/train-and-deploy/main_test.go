package main

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/tflite"
)

// open opens one of the committed models on the CPU, so that the bounds below hold
// for the numbers of one known kind of hardware.
func open(t *testing.T, name string) *coral.Session {
	t.Helper()
	s, err := coral.Open(name, coral.WithFS(models), coral.WithPolicy(coral.CPUOnly))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

func TestModelsTakeAPairAndGiveASum(t *testing.T) {
	for name, typ := range map[string]tflite.Type{
		"sum_float.tflite": tflite.TypeFloat32,
		"sum_int8.tflite":  tflite.TypeInt8,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, name)
			require.Len(t, s.Inputs(), 1)
			require.Len(t, s.Outputs(), 1)
			in, out := s.Inputs()[0], s.Outputs()[0]
			assert.Equal(t, []int{1, 2}, in.Shape)
			assert.Equal(t, []int{1, 1}, out.Shape)
			assert.Equal(t, typ, in.Type)
			assert.Equal(t, typ, out.Type)
			assert.Equal(t, []string{"pair"}, s.InputNames())
			assert.Equal(t, typ == tflite.TypeInt8, in.Quantization.Quantized())
			assert.Equal(t, typ == tflite.TypeInt8, out.Quantization.Quantized())
		})
	}
}

// The 256 values of an int8 have to cover -10 to 10 going in and -20 to 20 coming out.
func TestQuantisationCoversTheRange(t *testing.T) {
	s := open(t, "sum_int8.tflite")
	assert.InEpsilon(t, 20.0/255, s.Inputs()[0].Quantization.Scale, 0.01)
	assert.InEpsilon(t, 40.0/255, s.Outputs()[0].Quantization.Scale, 0.01)
}

func TestFloatModelAdds(t *testing.T) {
	assert.Less(t, worst(t, open(t, "sum_float.tflite")), 0.002)
}

// Rounding each of two inputs costs up to half a step of the input, and rounding the
// sum half a step of the output.
func TestInt8ModelAddsWithinItsSteps(t *testing.T) {
	s := open(t, "sum_int8.tflite")
	bound := float64(s.Inputs()[0].Quantization.Scale + s.Outputs()[0].Quantization.Scale/2)
	off := worst(t, s)
	assert.Less(t, off, bound+0.002)
	assert.Greater(t, off, bound/2, "so small an error is not that of an int8 model")
}

// worst is the largest error over the numbers the models were trained for.
func worst(t *testing.T, s *coral.Session) (off float64) {
	t.Helper()
	for a := -10.0; a <= 10; a += 0.37 {
		for b := -10.0; b <= 10; b += 0.37 {
			sum, err := add(t.Context(), s, []float32{float32(a), float32(b)})
			require.NoError(t, err)
			off = max(off, math.Abs(float64(sum)-a-b))
		}
	}
	return off
}

func TestRunShowsBothModels(t *testing.T) {
	var b strings.Builder
	require.NoError(t, run(t.Context(), &b))
	assert.Contains(t, b.String(), "sum_float.tflite takes float32[1 2]")
	assert.Contains(t, b.String(), "takes int8[1 2]")
	assert.Equal(t, 2*len(pairs), strings.Count(b.String(), "off by"))
}
