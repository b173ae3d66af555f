package edgetputest_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
)

// requireHangs checks that nothing comes from an inference on a device that is gone.
func requireHangs(t *testing.T, done <-chan error) {
	t.Helper()
	require.Eventually(t, func() bool { _, err := device(usb); return err != nil }, 10*time.Second, time.Millisecond,
		"the probe still sees the device")
	select {
	case err := <-done:
		require.Fail(t, "the inference returned", "%v", err)
	case <-time.After(50 * time.Millisecond):
	}
}

// A device that is pulled in the silent way: the call never returns, the process goes on,
// and the device can be used by others once it is back.
func TestUnplugHangs(t *testing.T) {
	sim := start(t, edgetputest.USB("2-1").Ready().OnLoss(edgetputest.Abort).With(edgetputest.UnplugHangs.After(2).Times(1)))
	require.NoError(t, sim.Setenv())
	lib := rawLibrary(t, sim)
	i := lib.interpreter(t, compile(t, tiny(t)), usb)
	assert.Equal(t, []bool{true, true}, outcomes(i, 2))
	done := make(chan error, 1)
	go func() { done <- i.Invoke(context.Background()) }()
	requireHangs(t, done)
	assert.Equal(t, 2, sim.Stats(usb).Inferences)

	sim.Plug(usb)
	c := startChild(t, "hold", usb, nil, nil)
	c.waitFor(t, "holding")
	assert.Equal(t, c.Process.Pid, sim.Stats(usb).Owner)
	requireSame(t, interpreter(t, tiny(t)), interpreter(t, tiny(t))) // this process goes on
	select {
	case err := <-done:
		require.Fail(t, "the inference returned after the device came back", "%v", err)
	default:
	}
	require.NoError(t, c.Process.Kill())
	require.NoError(t, sim.Close())
	require.Error(t, within(t, done))
}

// The same when the test pulls it.
func TestHangOnLoss(t *testing.T) {
	sim := start(t, edgetputest.USB("2-1").Latency(time.Hour))
	require.NoError(t, sim.Setenv())
	sim.SetReaction(usb, edgetputest.Hang)
	i := rawLibrary(t, sim).interpreter(t, compile(t, tiny(t)), usb)
	done := make(chan error, 1)
	go func() { done <- i.Invoke(context.Background()) }()
	require.Eventually(t, func() bool { return sim.Stats(usb).Executing == os.Getpid() }, 10*time.Second, time.Millisecond)
	sim.Unplug(usb)
	requireHangs(t, done)
	require.NoError(t, sim.Close())
	require.Error(t, within(t, done))
}

func TestSetReaction(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	sim.SetReaction(usb, edgetputest.Abort)
	c := startChild(t, "hold", usb, nil, nil)
	c.waitFor(t, "holding")
	sim.Unplug(usb)
	_, err := c.finish()
	require.ErrorContains(t, err, "abort")
	assert.Contains(t, c.stderr.String(), "USB transfer error 5")
}

// Pulls at random moments: processes that use the device end or hang, and each one after
// them has it again.
func TestRandomPulls(t *testing.T) {
	kinds := func(seed uint64, n int) (kinds []edgetputest.Reaction) {
		sim := start(t, edgetputest.USB("2-1"))
		pull := sim.RandomPulls(usb, 0, seed)
		for range n {
			kinds = append(kinds, pull())
			sim.Plug(usb)
		}
		return kinds
	}
	first := kinds(1, 100)
	assert.Equal(t, first, kinds(1, 100), "one seed")
	assert.NotEqual(t, first, kinds(2, 100), "another")
	silent := 0
	for _, r := range first {
		if r == edgetputest.Hang {
			silent++
		}
	}
	assert.InDelta(t, 100/6, silent, 10)

	sim := edgetputest.New(t, edgetputest.USB("2-1").Ready().Latency(time.Millisecond))
	pull := sim.RandomPulls(usb, 20*time.Millisecond, 1)
	tpu := compile(t, tiny(t))
	for range 5 {
		c := startChild(t, "infer", usb, tiny(t), tpu)
		c.waitFor(t, "inference")
		reaction := pull()
		_, err := device(usb)
		require.Error(t, err, "the probe still sees it")
		if reaction == edgetputest.Hang {
			require.NoError(t, c.Process.Kill())
		}
		_, err = c.finish()
		require.Error(t, err)
		sim.Plug(usb)
	}
}
