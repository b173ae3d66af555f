package tflite_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
)

func TestOffload(t *testing.T) {
	elsewhere := errors.New("the other machine is down")
	var down bool
	i := interpreter(t, "add", tflite.WithOffload(func(ctx context.Context, o *tflite.Offload) error {
		require.Len(t, o.Inputs(), 2)
		require.Len(t, o.Outputs(), 1)
		if down {
			return o.Local(ctx)
		}
		first := math.Float32frombits(binary.NativeEndian.Uint32(o.Inputs()[0]))
		if first < 0 {
			return elsewhere
		}
		binary.NativeEndian.PutUint32(o.Outputs()[0], math.Float32bits(first*100))
		return nil
	}))
	set[float32](t, input(t, i, 0), 1, 2, 3, 4, 5, 6, 7, 8)
	set[float32](t, input(t, i, 1), 1, 1, 1, 1, 1, 1, 1, 1)
	invoke(t, i)
	assert.InDelta(t, 100, read[float32](t, output(t, i, 0))[0], 0)

	down = true
	invoke(t, i)
	assert.Equal(t, []float32{2, 3, 4, 5, 6, 7, 8, 9}, read[float32](t, output(t, i, 0)))

	down = false
	set[float32](t, input(t, i, 0), -1, 2, 3, 4, 5, 6, 7, 8)
	require.Same(t, elsewhere, i.Invoke(t.Context()))
}

func TestOffloadNeedsFixedMemory(t *testing.T) {
	never := tflite.WithOffload(func(context.Context, *tflite.Offload) error {
		return errors.New("not reached")
	})
	for _, name := range []string{"dynamic_output", "string_gather", "readonly_output"} {
		err := interpreter(t, name, never).Invoke(t.Context())
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "not reached")
	}
}

func TestPlaceholderOp(t *testing.T) {
	i := interpreter(t, "custom_op", tflite.WithPlaceholderOp("CoralTestDouble"))
	set[float32](t, input(t, i, 0), 1, 2, 3, 4)
	err := i.Invoke(t.Context())
	require.Error(t, err)
	assert.ErrorContains(t, err, "runs on another device only")

	i = interpreter(t, "custom_op", tflite.WithPlaceholderOp("CoralTestDouble"), tflite.WithOffload(
		func(_ context.Context, o *tflite.Offload) error {
			copy(o.Outputs()[0], o.Inputs()[0])
			return nil
		}))
	set[float32](t, input(t, i, 0), 1, 2, 3, 4)
	invoke(t, i)
	assert.Equal(t, []float32{1, 2, 3, 4}, read[float32](t, output(t, i, 0)))
}

// An Offload that is kept beyond its call, or used by several goroutines, answers with an
// error: its memory and its interpreter may be gone.
func TestOffloadBeyondItsCall(t *testing.T) {
	var kept *tflite.Offload
	i := interpreter(t, "add", tflite.WithOffload(func(_ context.Context, o *tflite.Offload) error {
		kept = o
		return nil
	}))
	over := func(o *tflite.Offload) {
		t.Helper()
		require.ErrorIs(t, o.Local(t.Context()), tflite.ErrClosed)
		require.ErrorIs(t, o.ResetVariables(), tflite.ErrClosed)
		assert.Empty(t, o.Inputs())
		assert.Empty(t, o.Outputs())
	}
	invoke(t, i)
	first := kept
	over(first)
	invoke(t, i)
	over(first)
	require.NoError(t, i.Close())
	over(kept)
	over(nil)
	over(&tflite.Offload{})
}

func TestOffloadFromManyGoroutines(t *testing.T) {
	var wg sync.WaitGroup
	name := "counter" // whose reset replaces the interpreter
	if minor(t) < 17 {
		name = "stateful" // the counter's output has no memory before it has run
	}
	i := interpreter(t, name, tflite.WithOffload(func(ctx context.Context, o *tflite.Offload) error {
		for g := range 8 {
			wg.Go(func() {
				var err error
				if g == 0 {
					err = o.ResetVariables()
				} else {
					err = o.Local(ctx)
				}
				if !errors.Is(err, tflite.ErrBusy) && !errors.Is(err, tflite.ErrClosed) {
					assert.NoError(t, err)
				}
				_ = o.Inputs()
			})
		}
		return nil // without waiting for them
	}))
	for range 100 {
		invoke(t, i)
	}
	wg.Wait()
}

func TestOffloadThatPanics(t *testing.T) {
	var kept *tflite.Offload
	i := interpreter(t, "add", tflite.WithOffload(func(_ context.Context, o *tflite.Offload) error {
		kept = o
		panic("mine")
	}))
	assert.PanicsWithValue(t, "mine", func() { _ = i.Invoke(t.Context()) })
	require.ErrorIs(t, kept.Local(t.Context()), tflite.ErrClosed)
	require.NoError(t, i.Close(), "and the interpreter is free")
}
