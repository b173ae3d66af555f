package tflite_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
)

func TestInvokeChecksTheContextFirst(t *testing.T) {
	i := interpreter(t, "add")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, i.Invoke(ctx), context.Canceled)
}

// invokeAndCancel cancels an Invoke that has begun.
func invokeAndCancel(t *testing.T, i *tflite.Interpreter, cause error) error {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	result := make(chan error, 1)
	go func() {
		err := i.Invoke(ctx)
		for errors.Is(err, tflite.ErrBusy) { // the question below was faster
			err = i.Invoke(ctx)
		}
		result <- err
	}()
	for { // until it is held
		if _, err := i.Input(0); errors.Is(err, tflite.ErrBusy) {
			break
		}
		if len(result) > 0 {
			break
		}
		runtime.Gosched()
	}
	cancel(cause)
	return <-result
}

// The graph doubles zero until it is 100: without a cancel it would never end.
func TestCancelStopsBetweenOperators(t *testing.T) {
	if minor(t) < 17 {
		t.Skipf("TensorFlow Lite %s cannot cancel", tflite.Version())
	}
	i := interpreter(t, "while")
	boom := errors.New("boom")
	for range 20 {
		set[float32](t, input(t, i, 0), 0)
		err := invokeAndCancel(t, i, boom)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, boom, "the cause is told too")
		assert.Equal(t, tflite.StatusCancelled, tflite.StatusOf(err))

		set[float32](t, input(t, i, 0), 3)
		ctx, cancel := context.WithCancel(t.Context())
		require.NoError(t, i.Invoke(ctx), "the cancel is over, the next call runs to its end")
		cancel()
		assert.Equal(t, []float32{192}, read[float32](t, output(t, i, 0)))
	}
}

// XNNPACK takes the graph as one operator, which runs to its end; the caller gets the
// error all the same.
func TestCancelOfWhatCannotBeInterrupted(t *testing.T) {
	i := interpreter(t, "slow_conv")
	for {
		err := invokeAndCancel(t, i, nil)
		if err == nil {
			continue // it was over before the cancel
		}
		require.ErrorIs(t, err, context.Canceled)
		break
	}
	invoke(t, i)
}
