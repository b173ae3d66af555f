package tflite_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
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
