package failover_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/engine"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/failover"
)

// An engine that is ready just when the session is closed is closed with it: its device
// would be held until the program ends.
func TestEngineOfAClosedSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 0)
		b.prepare = func(e *counter) { e.described = b.Close }
		b.attach(device(path(0)))
		time.Sleep(5 * time.Second)
		require.NotNil(t, b.engine(0))
		assert.True(t, b.engine(0).get(func(e *counter) bool { return e.closed }))
		assert.False(t, b.onTPU())
	})
}

// A device is looked for while its inference does not end: libedgetpu does not always notice
// that a cable was pulled.
func TestUnpluggedDuringAnInference(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1, stateless)
		e := b.engine(0)
		hold(t, e)
		start := time.Now()
		time.AfterFunc(50*time.Millisecond, func() { b.attach() })
		b.adds(t, 1)
		assert.LessOrEqual(t, time.Since(start), 250*time.Millisecond)
		assert.True(t, e.get(func(e *counter) bool { return e.abandoned }))
		assert.ErrorContains(t, b.Status().Cause, "unplugged during an inference")
	})
}

// A stick that was pulled and plugged in again between two looks has another node.
func TestReplacedDuringAnInference(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1, stateless)
		hold(t, b.engine(0))
		again := device(path(0))
		again.Node = "/dev/bus/usb/002/009"
		time.AfterFunc(50*time.Millisecond, func() { b.attach(again) })
		start := time.Now()
		b.adds(t, 1)
		assert.LessOrEqual(t, time.Since(start), 250*time.Millisecond)
	})
}

// A slow inference on a device that is there goes on.
func TestSlowInference(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1)
		release := hold(t, b.engine(0))
		time.AfterFunc(5*time.Second, release)
		b.adds(t, 1)
		assert.Zero(t, b.cpu.calls)
	})
}

// The calls after one that was given up on a hanging device run elsewhere at once.
func TestCallsAfterAHang(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1, stateless)
		hold(t, b.engine(0))
		_, err := b.add1(short(t))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		start := time.Now()
		for range 28 {
			_, err := b.add1(short(t))
			require.NoError(t, err)
		}
		assert.Zero(t, time.Since(start), "nobody waits for the device")
		assert.Equal(t, failover.CPU, b.Status().Kind)
		assert.Error(t, b.Status().Cause)
		time.Sleep(30 * time.Second) // it counts as hanging, and is opened anew
		assert.True(t, b.onTPU())
		assert.Equal(t, 2, b.opens(0))
	})
}

// A second accelerator runs the next call, and not the CPU.
func TestTheOtherDeviceAfterAHang(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 2, stateless)
		hold(t, b.engine(0))
		_, err := b.add1(short(t))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		b.adds(t, 1)
		assert.Zero(t, b.cpu.calls)
		assert.Equal(t, path(1), b.Status().Device.Path)
	})
}

// Where nothing else can run a call, it waits for a device that may yet answer.
func TestNothingElseThanABusyDevice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1, stateless, requireTPU)
		release := hold(t, b.engine(0))
		_, err := b.add1(short(t))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.True(t, b.onTPU())
		time.AfterFunc(time.Second, release)
		_, err = b.add1(t.Context())
		require.NoError(t, err)
	})
}

func TestRequiredAndLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1, stateless, requireTPU)
		b.pull()
		synctest.Wait()
		status := b.Status()
		assert.Equal(t, failover.None, status.Kind)
		require.ErrorIs(t, status.Cause, errPulled)
		_, err := b.add1(t.Context())
		require.ErrorIs(t, err, errs.ErrNoDevice)
		require.ErrorIs(t, err, errPulled)
		_, ok := b.Backend()
		assert.False(t, ok)
	})
}

// An engine in this process that hangs is never used again.
func TestRetired(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1, stateless)
		b.engine(0).set(func(e *counter) { e.stubborn = true })
		hold(t, b.engine(0))
		b.adds(t, 1)
		assert.ErrorContains(t, b.Status().Cause, "cannot use it again")
		time.Sleep(time.Hour)
		assert.Equal(t, 1, b.opens(0))
	})
}

// Sizes of a compiled model are fixed: no opening will change them.
func TestOtherSizes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1, stateless, func(_ *failover.Config, b *bench) {
			b.prepare = func(e *counter) { e.bytes = 8 }
		})
		require.False(t, b.onTPU())
		require.ErrorIs(t, b.Status().Cause, errs.ErrSize)
		assert.ErrorContains(t, b.Status().Cause, "8 bytes")
		b.adds(t, 1)
		time.Sleep(time.Hour)
		assert.Equal(t, 1, b.opens(0))
	})
}

// A call of another size than the device's is not the device's fault.
func TestWrongSizeIsNoFailure(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1, stateless)
		b.engine(0).breaks(fmt.Errorf("load: %w", errs.ErrSize))
		b.adds(t, 1)
		assert.True(t, b.onTPU())
		assert.Equal(t, 1, b.opens(0))
		assert.Zero(t, b.Stats()[0].Errors)
	})
}

// A stick that cannot be opened is tried less and less often, since each try resets it; one
// that was plugged in again is tried at once.
func TestOpeningsInVain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1, stateless, func(_ *failover.Config, b *bench) {
			b.refuse = func(string) error { return errors.New("no answer") }
		})
		time.Sleep(time.Second)
		assert.Equal(t, 2, b.opens(0), "a second try comes soon")
		time.Sleep(time.Hour)
		assert.Less(t, b.opens(0), 25)
		assert.ErrorContains(t, b.Status().Cause, "no answer")
		before := b.opens(0)
		again := device(path(0))
		again.Node = "another"
		b.mu.Lock()
		b.refuse = nil
		b.mu.Unlock()
		b.attach(again)
		time.Sleep(3 * time.Second)
		assert.Equal(t, before+1, b.opens(0))
		assert.True(t, b.onTPU())
	})
}

// A device that another program holds is not opened, which would reset it, and is used when
// it is free.
func TestHeldByAnotherProgram(t *testing.T) {
	bubble(t, func(t *testing.T) {
		held := device(path(0))
		held.Owned, held.OwnerPID = true, 4711
		b := newBench(t, 1, stateless, func(_ *failover.Config, b *bench) { b.attached = []edgetpu.Device{held} })
		require.ErrorIs(t, b.Status().Cause, errs.ErrDeviceBusy)
		b.adds(t, 1)
		time.Sleep(time.Hour)
		assert.Zero(t, b.opens(0))
		b.attach(device(path(0)))
		time.Sleep(3 * time.Second)
		assert.True(t, b.onTPU())
	})
}

// One goroutine looks for all lost devices.
func TestOneReviver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 4, stateless)
		b.pull()
		synctest.Wait()
		b.mu.Lock()
		b.probes = 0
		b.mu.Unlock()
		time.Sleep(10 * time.Second)
		b.mu.Lock()
		probes := b.probes
		b.mu.Unlock()
		assert.Less(t, probes, 30, "some three a second for all four")
		b.attach(device(path(0)), device(path(1)), device(path(2)), device(path(3)))
		time.Sleep(3 * time.Second)
		for _, s := range b.Stats()[:4] {
			assert.True(t, s.Up, "%v", s.Reason)
		}
	})
}

// News comes in order and from a goroutine of its own, also when the one who hears it is slow.
func TestNews(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var mu sync.Mutex
		var heard []failover.Kind
		b := newBench(t, 1, stateless, func(c *failover.Config, _ *bench) {
			c.Notify = func(s failover.Status) {
				time.Sleep(time.Second)
				mu.Lock()
				defer mu.Unlock()
				heard = append(heard, s.Kind)
			}
		})
		start := time.Now()
		b.engine(0).breaks(errPulled)
		b.attach()
		b.adds(t, 1)
		assert.Zero(t, time.Since(start), "no caller waits for it")
		b.attach(device(path(0)))
		time.Sleep(10 * time.Second)
		mu.Lock()
		assert.Equal(t, []failover.Kind{failover.TPU, failover.CPU, failover.TPU}, heard)
		mu.Unlock()
	})
}

// A session that closes waits no longer for a hanging device than for a good one.
func TestCloseDoesNotWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1, stateless)
		hold(t, b.engine(0))
		_, err := b.add1(short(t))
		require.Error(t, err)
		start := time.Now()
		b.Close()
		assert.LessOrEqual(t, time.Since(start), 3*time.Second)
	})
}

func TestFailuresOfCancelledOpenings(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var calls int
		b := &bench{}
		r := failover.NewRouter(failover.Config{
			Open: func(ctx context.Context, _ edgetpu.Device) (engine.Engine, error) {
				calls++
				<-ctx.Done()
				return nil, ctx.Err()
			},
			Probe: b.probe, Wants: make([]edgetpu.Selector, 1), Timeout: time.Second, CPU: true,
			Logger: slog.New(slog.DiscardHandler),
		})
		defer r.Close()
		failures := r.Connect(short(t), []edgetpu.Device{device(path(0)), device(path(1))})
		require.Len(t, failures, 1)
		require.ErrorIs(t, failures[0], context.DeadlineExceeded)
		assert.Equal(t, 1, calls, "the second device is not tried with a context that has ended")
	})
}

// A probe that hangs holds no call beyond its time limit or its context.
func TestProbeHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		never := make(chan struct{})
		t.Cleanup(func() { close(never) })
		hangs := false
		var mu sync.Mutex
		b := newBench(t, 1, stateless, func(c *failover.Config, b *bench) {
			c.Probe = func(ctx context.Context) ([]edgetpu.Device, error) {
				mu.Lock()
				h := hangs
				mu.Unlock()
				if h {
					<-never
				}
				return b.probe(ctx)
			}
		})
		mu.Lock()
		hangs = true
		mu.Unlock()
		hold(t, b.engine(0))
		start := time.Now()
		_, err := b.add1(short(t))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 20*time.Millisecond, time.Since(start))
		time.Sleep(time.Minute)
		assert.True(t, b.engine(0).get(func(e *counter) bool { return e.abandoned }), "it counts as hanging after its time")
	})
}

// What is told last is what holds, also when two devices fail at the same time.
func TestNewsOfTwoAtOnce(t *testing.T) {
	for range 50 {
		bubble(t, func(t *testing.T) {
			b := newBench(t, 2, stateless)
			synctest.Wait()
			b.pull()
			synctest.Wait()
			b.mu.Lock()
			defer b.mu.Unlock()
			require.NotEmpty(t, b.news)
			assert.Equal(t, failover.CPU, b.news[len(b.news)-1].Kind)
		})
	}
}

// A device that is gone ends its first inference, too.
func TestUnpluggedDuringTheTrial(t *testing.T) {
	bubble(t, func(t *testing.T) {
		never := make(chan struct{})
		t.Cleanup(func() { close(never) })
		start := time.Now()
		b := newBench(t, 1, stateless, func(_ *failover.Config, b *bench) {
			b.prepare = func(e *counter) { e.hold = never }
			time.AfterFunc(50*time.Millisecond, func() { b.attach() })
		})
		assert.LessOrEqual(t, time.Since(start), 250*time.Millisecond)
		require.ErrorContains(t, b.Status().Cause, "unplugged")
	})
}

// A device that opens well and fails every inference after it is left alone more and more.
func TestFailsAfterTheTrial(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1, stateless, func(_ *failover.Config, b *bench) {
			b.prepare = func(e *counter) {
				trial := true
				e.described = func() { // the last thing before it is put to use
					if trial {
						trial = false
						e.breaks(errPulled)
					}
				}
			}
		})
		for end := time.Now().Add(time.Hour); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			_, err := b.add1(t.Context())
			require.NoError(t, err)
		}
		assert.Less(t, b.opens(0), 25)
	})
}

// In a program that resets the state now and then, a device that has come back is opened while
// the CPU has the state, so that the next sequence finds it.
func TestReturnsForTheNextSequence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, 1)
		b.adds(t, 1)
		b.ResetState()
		b.pull()
		synctest.Wait()
		b.adds(t, 1, 2)
		b.attach(device(path(0)))
		for range 100 { // it goes on without a pause after each reset
			b.ResetState()
			for n := range 5 {
				b.adds(t, float32(n+1))
				time.Sleep(10 * time.Millisecond)
			}
		}
		assert.True(t, b.onTPU(), "%v", b.Status().Cause)
	})
}
