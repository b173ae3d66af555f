package tflite_test

import (
	"context"
	"errors"
	"testing"
	"time"

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

func TestCancelStopsBetweenOperators(t *testing.T) {
	if minor(t) < 17 {
		t.Skipf("TensorFlow Lite %s cannot cancel", tflite.Version())
	}
	i := interpreter(t, "slow")
	start := time.Now()
	invoke(t, i)
	whole := time.Since(start)

	boom := errors.New("boom")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(whole/20, func() { cancel(boom) })
	start = time.Now()
	err := i.Invoke(ctx)
	took := time.Since(start)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, boom, "the cause is told too")
	assert.Equal(t, tflite.StatusCancelled, tflite.StatusOf(err))
	assert.Less(t, took, whole/2, "a whole run takes %v", whole)

	start = time.Now()
	invoke(t, i)
	assert.Greater(t, time.Since(start), whole/4, "the cancel is over, the next call runs to its end")
}

func TestDeadlineOfWhatCannotBeInterrupted(t *testing.T) {
	i := interpreter(t, "slow_conv")
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	require.ErrorIs(t, i.Invoke(ctx), context.DeadlineExceeded)
	invoke(t, i)
}
