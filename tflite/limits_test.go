package tflite_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// A limit of the model bounds its tensors, and its inputs after a Resize.
func TestLimitsOfAModel(t *testing.T) {
	b, err := os.ReadFile("testdata/huge_resize.tflite")
	require.NoError(t, err)
	_, err = tflite.NewModel(b, tflite.WithModelLimits(model.Limits{TensorBytes: 3}))
	require.Error(t, err)
	assert.ErrorContains(t, err, "limit")

	_, err = tflite.NewModel(b, tflite.WithModelLimits(model.Limits{TotalBytes: -1}))
	require.ErrorIs(t, err, tflite.ErrRange)
	m, err := tflite.NewModel(b, nil, tflite.WithModelLimits(model.Limits{TensorBytes: 64}))
	require.NoError(t, err)
	defer m.Close()
	i, err := tflite.NewInterpreter(m)
	require.NoError(t, err)
	defer i.Close()
	require.NoError(t, i.Resize(0, 16))
	err = i.Resize(0, 17)
	require.ErrorIs(t, err, tflite.ErrSize)
	require.ErrorIs(t, err, tflite.ErrMemory)
	assert.ErrorContains(t, err, "takes more than the limit of 64 bytes")

	wide, err := tflite.NewInterpreter(m, tflite.WithMaxTensorBytes(68))
	require.NoError(t, err)
	defer wide.Close()
	require.NoError(t, wide.Resize(0, 17))
}
