package tflite_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
)

func TestAs(t *testing.T) {
	i := interpreter(t, "add")
	v, err := output(t, i, 0).Value()
	require.NoError(t, err)
	s, err := tflite.As[float32](v)
	require.NoError(t, err)
	assert.Len(t, s, 8)
	s[0] = 7
	assert.InDelta(t, 7, v.Data.([]float32)[0], 0, "not a copy")
	_, err = tflite.As[uint8](v)
	require.ErrorIs(t, err, tflite.ErrType)
	require.EqualError(t, err, `tflite: as: "sum" of type float32 holds []float32, not []uint8: wrong element type`)

	words, err := input(t, interpreter(t, "string_gather"), 0).Value()
	require.NoError(t, err)
	text, err := tflite.As[string](words)
	require.NoError(t, err)
	assert.Len(t, text, 3)
	_, err = tflite.As[string](tflite.Value{})
	require.ErrorIs(t, err, tflite.ErrType)
}
