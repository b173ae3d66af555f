package tflite_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
)

func signature(t *testing.T, i *tflite.Interpreter, key string) *tflite.Signature {
	t.Helper()
	s, err := i.Signature(key)
	require.NoError(t, err)
	return s
}

func TestSignaturesOfAnOldRuntime(t *testing.T) {
	if minor(t) >= 17 {
		t.Skipf("TensorFlow Lite %s has signatures", tflite.Version())
	}
	i := interpreter(t, "two_signatures")
	_, err := i.Signatures()
	require.ErrorIs(t, err, tflite.ErrUnsupported)
	_, err = i.Signature("add")
	require.ErrorIs(t, err, tflite.ErrUnsupported)
}

func needSignatures(t *testing.T) {
	t.Helper()
	if minor(t) < 17 {
		t.Skipf("TensorFlow Lite %s has no signatures", tflite.Version())
	}
}

func TestTwoSignatures(t *testing.T) {
	needSignatures(t)
	i := interpreter(t, "two_signatures")
	keys, err := i.Signatures()
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"add", "mul"}, keys)

	for key, want := range map[string][]float32{"add": {6, 8, 10, 12}, "mul": {5, 12, 21, 32}} {
		s := signature(t, i, key)
		assert.Equal(t, key, s.Key())
		assert.ElementsMatch(t, []string{"x", "y"}, s.InputNames())
		assert.Equal(t, []string{"z"}, s.OutputNames())
		assert.Same(t, s, signature(t, i, key), "asking twice gives the same one")
		x, err := s.Input("x")
		require.NoError(t, err)
		y, err := s.Input("y")
		require.NoError(t, err)
		assert.Equal(t, "x", x.Name())
		set[float32](t, x, 1, 2, 3, 4)
		set[float32](t, y, 5, 6, 7, 8)
		require.NoError(t, s.Invoke(t.Context()))
		z, err := s.Output("z")
		require.NoError(t, err)
		assert.Equal(t, want, read[float32](t, z), key)
	}
}

func TestSignatureSharesTheTensorsOfItsGraph(t *testing.T) {
	needSignatures(t)
	i := interpreter(t, "add")
	set[float32](t, input(t, i, 0), 1, 2, 3, 4, 5, 6, 7, 8)
	s := signature(t, i, "serving_default")
	a, err := s.Input("a")
	require.NoError(t, err)
	assert.Equal(t, []float32{1, 2, 3, 4, 5, 6, 7, 8}, read[float32](t, a))
}

func TestSignatureResize(t *testing.T) {
	needSignatures(t)
	i := interpreter(t, "add_dynamic")
	s := signature(t, i, "serving_default")
	old, err := s.Input("a")
	require.NoError(t, err)
	primary := input(t, i, 0)
	require.NoError(t, s.Resize("a", 3, 4))
	require.NoError(t, s.Resize("b", 3, 4))
	require.ErrorIs(t, tflite.Set(old, make([]float32, 4)), tflite.ErrStale)
	require.ErrorIs(t, tflite.Set(primary, make([]float32, 4)), tflite.ErrStale)

	a, err := s.Input("a")
	require.NoError(t, err)
	b, err := s.Input("b")
	require.NoError(t, err)
	set(t, a, make([]float32, 12)...)
	set(t, b, make([]float32, 12)...)
	require.NoError(t, s.Invoke(t.Context()))
	sum, err := s.Output("sum")
	require.NoError(t, err)
	assert.Equal(t, []int{3, 4}, sum.Shape())
	assert.Equal(t, []int{3, 4}, input(t, i, 0).Shape(), "the primary graph is the same graph")
}

func TestSignatureMisuse(t *testing.T) {
	needSignatures(t)
	i := interpreter(t, "two_signatures")
	_, err := i.Signature("sub")
	require.ErrorIs(t, err, tflite.ErrNotFound)
	require.ErrorContains(t, err, "there is add, mul")
	s := signature(t, i, "add")
	_, err = s.Input("q")
	require.ErrorIs(t, err, tflite.ErrNotFound)
	_, err = s.Output("x")
	require.ErrorIs(t, err, tflite.ErrNotFound)
	require.ErrorIs(t, s.Resize("q", 4), tflite.ErrNotFound)
	require.ErrorIs(t, s.Resize("x", -4), tflite.ErrSize)
	require.ErrorIs(t, s.Resize("x", 2, 2), tflite.ErrSize)
	x, err := s.Input("x")
	require.NoError(t, err)
	require.NoError(t, i.Close())
	require.ErrorIs(t, s.Invoke(t.Context()), tflite.ErrClosed)
	require.ErrorIs(t, tflite.Set(x, []float32{1, 2, 3, 4}), tflite.ErrStale)
	_, err = interpreter(t, "no_signature").Signature("serving_default")
	require.ErrorContains(t, err, "there is none")
}

func TestSignatureHonoursTheContext(t *testing.T) {
	needSignatures(t)
	s := signature(t, interpreter(t, "add"), "serving_default")
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	require.ErrorIs(t, s.Invoke(ctx), context.DeadlineExceeded)
}

// What a signature was given stays, whatever is asked of the interpreter next.
func TestInputsOfASignatureStay(t *testing.T) {
	needSignatures(t)
	for name, ask := range map[string]func(*tflite.Interpreter) error{
		"Input":           func(i *tflite.Interpreter) error { _, err := i.Input(0); return err },
		"Output":          func(i *tflite.Interpreter) error { _, err := i.Output(0); return err },
		"InputByName":     func(i *tflite.Interpreter) error { _, err := i.InputByName("a"); return err },
		"AllocateTensors": (*tflite.Interpreter).AllocateTensors,
		"ResetVariables":  (*tflite.Interpreter).ResetVariables,
		"Invoke":          func(i *tflite.Interpreter) error { return i.Invoke(t.Context()) },
	} {
		i := interpreter(t, "add_dynamic")
		s := signature(t, i, "serving_default")
		require.NoError(t, s.Resize("a", 2, 4))
		require.NoError(t, s.Resize("b", 2, 4))
		for k, input := range []string{"a", "b"} {
			x, err := s.Input(input)
			require.NoError(t, err)
			set(t, x, slices.Repeat([]float32{float32(k + 1)}, 8)...)
		}
		require.NoError(t, ask(i), name)
		require.NoError(t, s.Invoke(t.Context()))
		sum, err := s.Output("sum")
		require.NoError(t, err)
		assert.Equal(t, slices.Repeat([]float32{3}, 8), read[float32](t, sum), name)
	}
}

func TestTwoSignaturesOfOneGraph(t *testing.T) {
	needSignatures(t)
	i := interpreter(t, "one_graph_two_signatures")
	first, second := signature(t, i, "first"), signature(t, i, "second")
	require.NoError(t, first.Resize("x", 2))
	x, err := first.Input("x")
	require.NoError(t, err)
	set[float32](t, x, 1, 2)
	y, err := second.Output("y") // allocates
	require.NoError(t, err)
	assert.Equal(t, []float32{1, 2}, read[float32](t, x))
	require.NoError(t, second.Invoke(t.Context()))
	assert.Equal(t, []float32{-1, -2}, read[float32](t, y))
}

// Outputs of a signature are told apart by name, whatever their order.
func TestOutputsByTheirNamesInTheSignature(t *testing.T) {
	needSignatures(t)
	s := signature(t, interpreter(t, "named_outputs"), "serving_default")
	x, err := s.Input("x")
	require.NoError(t, err)
	set[float32](t, x, 1.5, -2.5)
	require.NoError(t, s.Invoke(t.Context()))
	for name, want := range map[string][]float32{"abs": {1.5, 2.5}, "neg": {-1.5, 2.5}, "floor": {1, -3}} {
		y, err := s.Output(name)
		require.NoError(t, err)
		assert.Equal(t, name, y.Name())
		assert.Equal(t, want, read[float32](t, y), name)
	}
}
