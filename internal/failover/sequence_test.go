package failover_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/failover"
)

func TestStateStaysOnOneAccelerator(t *testing.T) {
	bubble(t, func(t *testing.T) {
		newBench(t, 2).adds(t, 1, 2, 3, 4, 5, 6)
	})
}

func TestStateLostWhileIdle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.adds(t, 1)
		b.pull()
		synctest.Wait()
		require.False(t, b.onTPU())
		_, err := b.add1(t.Context())
		require.ErrorIs(t, err, errs.ErrStateLost)
		require.ErrorIs(t, err, errPulled, "and why")
		b.adds(t, 1, 2)
	})
}

// The device comes back before anybody calls: its state is the initial one all the same.
func TestStateLostAndDeviceBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.adds(t, 1)
		b.pull()
		b.attach(device(path(0)))
		time.Sleep(time.Second)
		require.True(t, b.onTPU())
		require.Equal(t, 2, b.opens(0))
		_, err := b.add1(t.Context())
		require.ErrorIs(t, err, errs.ErrStateLost)
		b.adds(t, 1)
	})
}

// Whether a call that was given up has advanced the state is not known, however its inference
// ends.
func TestStateLostAfterCancelledCall(t *testing.T) {
	for name, end := range map[string]func(e *counter, release func()){
		"it succeeds": func(_ *counter, release func()) { release() },
		"it fails":    func(e *counter, release func()) { e.breaks(errPulled); release() },
		"it hangs":    func(*counter, func()) {},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBench(t, 1)
				b.adds(t, 1)
				e := b.engine(0)
				release := hold(t, e)
				_, err := b.add1(short(t))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				end(e, release)
				synctest.Wait()
				_, err = b.add1(t.Context())
				require.ErrorIs(t, err, errs.ErrStateLost)
				b.adds(t, 1, 2)
			})
		})
	}
}

// A call that was given up before its inference has begun has changed nothing.
func TestStateKeptWhenNothingHasBegun(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.adds(t, 1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := b.add1(ctx)
		require.ErrorIs(t, err, context.Canceled)
		b.adds(t, 2)
	})
}

func TestNoStateNoLoss(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.engine(0).breaks(errPulled)
		b.attach()
		b.adds(t, 1, 2) // the first of a sequence: the CPU begins it

		b = newBench(t, 1)
		b.adds(t, 1)
		b.ResetState()
		b.pull()
		b.adds(t, 1)
	})
}

func TestSequenceStaysOnTheCPU(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 0)
		b.adds(t, 1)
		b.attach(device(path(0)))
		time.Sleep(time.Minute)
		require.False(t, b.onTPU())
		require.Zero(t, b.opens(0), "it is not even opened")
		require.ErrorContains(t, b.Status().Cause, "state is on the CPU")
		b.adds(t, 2)
		b.ResetState()
		time.Sleep(3 * time.Second)
		require.True(t, b.onTPU())
		b.adds(t, 1)
	})
}

func TestStartAgainUnasked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1, func(c *failover.Config, _ *bench) { c.StartAgain = true })
		b.adds(t, 1)
		b.pull()
		synctest.Wait()
		b.adds(t, 1, 2)
	})
}

// A reset is for a new sequence, whatever a call of the old one that nobody waits for does.
func TestResetWhileBusy(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.adds(t, 1)
		release := hold(t, b.engine(0))
		_, err := b.add1(short(t))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		b.ResetState()
		release()
		synctest.Wait()
		b.adds(t, 1, 2)
		assert.True(t, b.onTPU())
	})
}

// A reset that hangs is as bad as an inference that does.
func TestResetHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1)
		never := make(chan struct{})
		t.Cleanup(func() { close(never) })
		b.engine(0).set(func(e *counter) { e.holdReset = never })
		b.attach()
		b.adds(t, 1)
		assert.False(t, b.onTPU())
	})
}

func TestCloseInASequence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.adds(t, 1)
		b.Close()
		_, err := b.add1(t.Context())
		require.ErrorIs(t, err, errs.ErrStateLost)
		require.ErrorIs(t, err, errs.ErrClosed)
	})
}

// The owner of a call may know better than the router that nobody has heard its outcome.
func TestInvalidate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.adds(t, 1)
		b.Invalidate(context.Canceled)
		_, err := b.add1(t.Context())
		require.ErrorIs(t, err, errs.ErrStateLost)
		require.ErrorIs(t, err, context.Canceled)
		b.adds(t, 1)

		b = newBench(t, 1, stateless)
		b.Invalidate(context.Canceled)
		_, err = b.add1(t.Context())
		require.NoError(t, err, "there is no state to lose")
	})
}

// An engine that dies during a good inference is not put back among the living.
func TestEngineDiesWhileItAnswers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1)
		e := b.engine(0)
		release := hold(t, e)
		go func() {
			time.Sleep(20 * time.Millisecond)
			close(e.ended)
			synctest.Wait()
			release()
		}()
		b.adds(t, 1)
		b.attach()
		e.breaks(errPulled)
		synctest.Wait()
		require.False(t, b.onTPU())
		_, err := b.add1(t.Context())
		require.ErrorIs(t, err, errs.ErrStateLost)
	})
}

// A call that is given up during the reset of its sequence, before its inference, has no say
// in the next one, also when that has begun elsewhere meanwhile.
func TestCancelledDuringAReset(t *testing.T) {
	for name, meanwhile := range map[string]bool{"next at once": false, "next one meanwhile": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBench(t, 1)
				held := make(chan struct{})
				release := sync.OnceFunc(func() { close(held) })
				t.Cleanup(release)
				b.engine(0).set(func(e *counter) { e.holdReset = held })
				_, err := b.add1(short(t))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				if !meanwhile {
					release()
					synctest.Wait()
				}
				_, err = b.add1(t.Context())
				require.ErrorIs(t, err, errs.ErrStateLost)
				b.adds(t, 1)
				release()
				synctest.Wait()
				b.adds(t, 2, 3)
			})
		})
	}
}
