//go:build cgo

package edgetpu_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/edgetpu/edgetputest"
)

// Opening a device resets it, which would end the program that has claimed it: the library
// is not even called.
func TestDelegateSparesAClaimedDevice(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	r, free := load(t), only(t, probe(t))
	pid := sim.Claim("2-1")
	shows := func(owned bool) edgetpu.Device {
		require.Eventually(t, func() bool { return only(t, probe(t)).Owned == owned }, time.Minute, time.Millisecond)
		return only(t, probe(t))
	}

	claimed := shows(true)
	assert.Equal(t, pid, claimed.OwnerPID)
	assert.Equal(t, "cat", claimed.OwnerName)
	for _, d := range []edgetpu.Device{claimed, free} { // as it is now, and as it was before
		_, err := r.NewDelegate(t.Context(), d, edgetpu.Options{})
		require.ErrorIs(t, err, edgetpu.ErrDeviceBusy)
		require.NotErrorIs(t, err, edgetpu.ErrDelegateDeclined)
		assert.ErrorContains(t, err, fmt.Sprintf("process %d (cat)", pid))
	}
	assert.Zero(t, sim.Stats("2-1").Creates)
	assert.Zero(t, sim.Stats("2-1").Resets)
	assert.False(t, isLocked(free), "it is not locked against others either")

	sim.Release("2-1")
	d, err := r.NewDelegate(t.Context(), shows(false), edgetpu.Options{})
	require.NoError(t, err)
	defer d.Delete()

	// The library claims the device for this process, which is no obstacle to it.
	own := shows(true)
	assert.Equal(t, os.Getpid(), own.OwnerPID)
	require.NoError(t, own.Usable())
	assert.Contains(t, own.String(), "held by this program")
	second, err := r.NewDelegate(t.Context(), own, edgetpu.Options{})
	require.NoError(t, err)
	second.Delete()
	assert.Equal(t, 1, sim.Stats("2-1").Opens)
}

// A claim by whom nobody may see may be that of a process which is just ending: it is
// given a moment, and then it counts.
func TestDelegateWaitsForAnEndingClaim(t *testing.T) {
	m := newMachine(t)
	m.plugUSB(t, ready, "3")
	m.claim(t, "2-1", "1.0")
	t.Setenv("UMOCKDEV_DIR", string(m))
	d := only(t, probe(t))
	d.Owned = false // as it was before
	r := load(t, fakeLibrary(t, ""))
	_, err := r.NewDelegate(t.Context(), d, edgetpu.Options{})
	require.ErrorIs(t, err, edgetpu.ErrDeviceBusy)
	assert.ErrorContains(t, err, "another process has claimed it")
}
