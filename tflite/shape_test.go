package tflite_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/delegate/xnnpack"
	"github.com/gocoral/coral/tflite"
)

func sumsOfFour(t *testing.T, i *tflite.Interpreter) {
	t.Helper()
	set[float32](t, input(t, i, 0), 1, 2, 3, 4, 5, 6)
	invoke(t, i)
	assert.Equal(t, []int{1, 1, 2, 1}, output(t, i, 0).Shape())
	assert.Equal(t, []float32{10, 18}, read[float32](t, output(t, i, 0)))
}

func TestShapeBeforeTheFirstAllocation(t *testing.T) {
	for _, mode := range []tflite.XNNPACKMode{tflite.XNNPACKAuto, tflite.XNNPACKOff} {
		i := interpreter(t, "open_conv", tflite.WithXNNPACK(mode), tflite.WithInputShape(0, 1, 5), tflite.WithInputShape(0, 1, 6))
		assert.Equal(t, []int{1, 6}, input(t, i, 0).Shape(), "the last one counts")
		sumsOfFour(t, i)
	}
	_, err := tflite.NewInterpreter(load(t, "open_conv"), tflite.WithInputShape(1, 1, 6))
	require.ErrorIs(t, err, tflite.ErrRange)
	_, err = tflite.NewInterpreter(load(t, "open_conv"), tflite.WithInputShape(0, 6))
	require.ErrorIs(t, err, tflite.ErrSize)
	_, err = tflite.NewInterpreter(load(t, "add"), tflite.WithInputShape(0, 1, 5))
	require.ErrorIs(t, err, tflite.ErrSize)
	assert.ErrorContains(t, err, `the graph does not accept input 0 "a" of shape [1 5]`)
}

// XNNPACK runs a convolution that is larger than its input into address nil. The built-in
// kernels compute what there is: nothing.
func TestShapesThatXNNPACKDoesNotSurvive(t *testing.T) {
	var log bytes.Buffer
	i := interpreter(t, "open_conv", tflite.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	for _, shape := range [][]int{nil, {1, 1}, {1, 3}, {0, 6}} { // nil: as in the file
		if shape != nil {
			require.NoError(t, i.Resize(0, shape...))
		}
		invoke(t, i)
		assert.Zero(t, output(t, i, 0).Elements(), "%v", shape)
	}
	require.NoError(t, i.Resize(0, 1, 6))
	sumsOfFour(t, i)
	if minor(t) >= 17 {
		assert.Equal(t, 1, i.Backend().Uses("XNNPACK").Operators, "back with the first good shape")
	}

	_, err := tflite.NewInterpreter(load(t, "open_conv"), tflite.WithXNNPACK(tflite.XNNPACKOn), tflite.WithInputShape(0, 1, 3))
	require.Error(t, err)
	d, err := xnnpack.New()
	require.NoError(t, err)
	defer d.Delete()
	_, err = tflite.NewInterpreter(load(t, "open_conv"), tflite.WithDelegates(d), tflite.WithInputShape(0, 1, 3))
	require.Error(t, err)
}

func TestSignatureOfAnOpenGraph(t *testing.T) {
	needSignatures(t)
	i := interpreter(t, "open_conv")
	s := signature(t, i, "sum")
	require.NoError(t, s.Resize("x", 1, 3))
	require.NoError(t, s.Invoke(t.Context()))
	require.NoError(t, s.Resize("x", 1, 6))
	x, err := s.Input("x")
	require.NoError(t, err)
	set[float32](t, x, 1, 2, 3, 4, 5, 6)
	require.NoError(t, s.Invoke(t.Context()))
	y, err := s.Output("y")
	require.NoError(t, err)
	assert.Equal(t, []float32{10, 18}, read[float32](t, y))
}

// A model that cannot be allocated at the size in its file is opened, and says what it
// lacks.
func TestOpenSizeThatCannotBeAllocated(t *testing.T) {
	for _, mode := range []tflite.XNNPACKMode{tflite.XNNPACKAuto, tflite.XNNPACKOff} {
		i := interpreter(t, "open_rows", tflite.WithXNNPACK(mode))
		_, err := i.Input(0)
		require.ErrorIs(t, err, tflite.ErrSize)
		assert.ErrorContains(t, err, `input 0 "x" has open size [-1 -1], give it a shape with WithInputShape or Resize`)
		require.ErrorIs(t, i.Invoke(t.Context()), tflite.ErrSize)
		require.ErrorIs(t, i.ResetVariables(), tflite.ErrSize)
		require.NoError(t, i.Resize(0, 1, 2))
		err = i.AllocateTensors()
		require.ErrorIs(t, err, tflite.ErrSize)
		assert.ErrorContains(t, err, `the graph does not accept input 0 "x" of shape [1 2]`)
		require.NoError(t, i.Resize(0, 2, 4))
		set[float32](t, input(t, i, 0), 1, 2, 3, 4, 5, 6, 7, 8)
		invoke(t, i)
		assert.Equal(t, []float32{-1, -2, -3, -4, -5, -6, -7, -8}, read[float32](t, output(t, i, 0)))
	}
}

// Most models with an open batch run at the size in the file, one.
func TestOpenBatch(t *testing.T) {
	i := interpreter(t, "add_dynamic")
	invoke(t, i)
	assert.Equal(t, []int{1, 4}, output(t, i, 0).Shape())
}
