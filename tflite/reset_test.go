package tflite_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
)

// count runs a counter once.
func count(t *testing.T, i *tflite.Interpreter, x float32) float32 {
	t.Helper()
	set(t, input(t, i, 0), x)
	invoke(t, i)
	return read[float32](t, output(t, i, 0))[0]
}

// A resource variable starts again at the model's own value, which the runtime's reset
// does not do.
func TestResetOfResourceVariables(t *testing.T) {
	for _, mode := range []tflite.XNNPACKMode{tflite.XNNPACKAuto, tflite.XNNPACKOff} {
		for name, first := range map[string]float32{"counter": 1, "counter_from_seven": 8} {
			i := interpreter(t, name, tflite.WithXNNPACK(mode))
			assert.InDelta(t, first, count(t, i, 1), 0, name)
			assert.InDelta(t, first+2, count(t, i, 2), 0, name)
			for range 3 {
				require.NoError(t, i.ResetVariables())
				assert.InDelta(t, first, count(t, i, 1), 0, name)
			}
			assert.InDelta(t, first+1, count(t, i, 1), 0, "and the state lives on")
		}
	}
}

func TestResetKeepsHandlesInputsAndShapes(t *testing.T) {
	i := interpreter(t, "counter_from_seven")
	in, out := input(t, i, 0), output(t, i, 0)
	set[float32](t, in, 5)
	require.NoError(t, i.ResetVariables())
	assert.Equal(t, []float32{5}, read[float32](t, in), "the handle is good, and what was set is there")
	invoke(t, i)
	assert.Equal(t, []float32{12}, read[float32](t, out))
	backend := i.Backend()
	require.NoError(t, i.ResetVariables())
	assert.Equal(t, backend, i.Backend())
	invoke(t, i)
	assert.Equal(t, []float32{12}, read[float32](t, out))
	require.NoError(t, i.Close())
	require.ErrorIs(t, i.ResetVariables(), tflite.ErrClosed)
}

func TestResetUnderASignature(t *testing.T) {
	needSignatures(t)
	i := interpreter(t, "counter_from_seven")
	s := signature(t, i, "count")
	x, err := s.Input("x")
	require.NoError(t, err)
	total, err := s.Output("total")
	require.NoError(t, err)
	set[float32](t, x, 2)
	for range 2 {
		require.NoError(t, s.Invoke(t.Context()))
		assert.Equal(t, []float32{9}, read[float32](t, total))
		require.NoError(t, s.Invoke(t.Context()))
		assert.Equal(t, []float32{11}, read[float32](t, total))
		require.NoError(t, i.ResetVariables())
		assert.Equal(t, []float32{2}, read[float32](t, x))
	}
}

func TestResetWithinAnOffload(t *testing.T) {
	if minor(t) < 17 {
		t.Skipf("TensorFlow Lite %s has no memory for what comes of a variable before it has run", tflite.Version())
	}
	i := interpreter(t, "counter_from_seven", tflite.WithOffload(func(ctx context.Context, o *tflite.Offload) error {
		before := o.Inputs()[0]
		if err := o.ResetVariables(); err != nil {
			return err
		}
		assert.Equal(t, before, o.Inputs()[0], "what was lent before is still there")
		return o.Local(ctx)
	}))
	for range 3 {
		assert.InDelta(t, 8, count(t, i, 1), 0)
	}
}

func TestResetKeepsStringsAndShapes(t *testing.T) {
	i := interpreter(t, "remembered_words")
	require.NoError(t, i.Resize(0, 3))
	words := input(t, i, 0)
	require.NoError(t, words.SetStrings([]string{"yes", "no", "yes"}))
	for range 2 {
		require.NoError(t, i.ResetVariables())
		got, err := words.ReadStrings()
		require.NoError(t, err)
		assert.Equal(t, []string{"yes", "no", "yes"}, got)
		for k := range 2 {
			invoke(t, i)
			assert.Equal(t, []uint8{1, 0, 1}, read[uint8](t, output(t, i, 0)))
			assert.Equal(t, []float32{float32(k + 1)}, read[float32](t, output(t, i, 1)))
		}
	}
}

// Interpreters that were replaced are freed: 2,000 resets of a counter leave nothing.
func TestResetLeavesNothing(t *testing.T) {
	i := interpreter(t, "counter")
	reset := func(n int) {
		for range n {
			require.NoError(t, i.ResetVariables())
		}
	}
	reset(100)
	before := residentMB(t)
	reset(2000)
	assert.Less(t, residentMB(t)-before, 20.0)
}
