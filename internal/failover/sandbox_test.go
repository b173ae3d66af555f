package failover_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/engine"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/failover"
)

// newSandbox makes a sandbox of counters that take startup to start. made has them all.
func newSandbox(t *testing.T, startup time.Duration, c failover.SandboxConfig, n int) (b *failover.Sandbox, made *[]*counter) {
	t.Helper()
	made = new([]*counter)
	c.Start = func(ctx context.Context) (engine.Engine, error) {
		select {
		case <-time.After(startup):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		e := newCounter()
		*made = append(*made, e)
		return e, nil
	}
	c.Timeout = 10 * time.Second
	b, err := failover.NewSandbox(t.Context(), c, n)
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return b, made
}

func add1(ctx context.Context, b *failover.Sandbox) (float32, error) {
	var c cpu
	put(c.in[:], 1)
	err := b.Route(ctx, &c)
	return float(c.out[:]), err
}

// After a hang, callers who have less time than a process takes to start find it started in
// the end. The start does not end at the very moment at which one of them gives up: then it
// would be a matter of luck who is served.
func TestSandboxStartsBetweenCalls(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, made := newSandbox(t, 95*time.Millisecond, failover.SandboxConfig{}, 1)
		hold(t, (*made)[0])
		_, err := add1(short(t), b)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.True(t, (*made)[0].get(func(e *counter) bool { return e.abandoned }))
		failures := 0
		for {
			if _, err = add1(short(t), b); err == nil {
				break
			}
			require.ErrorIs(t, err, context.DeadlineExceeded)
			failures++
			require.Less(t, failures, 10)
		}
		assert.Len(t, *made, 2, "one start served them all")
	})
}

func TestSandboxClosedWhileStarting(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, made := newSandbox(t, 100*time.Millisecond, failover.SandboxConfig{}, 1)
		hold(t, (*made)[0])
		_, err := add1(short(t), b)
		require.Error(t, err)
		_, err = add1(short(t), b) // which starts another
		require.Error(t, err)
		b.Close()
		time.Sleep(time.Second)
		for _, e := range (*made)[1:] {
			assert.True(t, e.get(func(e *counter) bool { return e.closed }))
		}
		_, err = add1(t.Context(), b)
		require.Error(t, err)
	})
}

func TestSandboxOfAStatefulModel(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b, made := newSandbox(t, 0, failover.SandboxConfig{Stateful: true}, 1)
		for want := range 3 {
			got, err := add1(t.Context(), b)
			require.NoError(t, err)
			require.InDelta(t, float32(want+1), got, 0)
		}
		hold(t, (*made)[0])
		_, err := add1(short(t), b)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = add1(t.Context(), b)
		require.ErrorIs(t, err, errs.ErrStateLost)
		got, err := add1(t.Context(), b)
		require.NoError(t, err)
		require.InDelta(t, float32(1), got, 0)
	})
}
