//go:build cgo

package edgetpu_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/edgetpu/edgetputest"
)

// foreign starts a program that has the file open until it is stopped.
func foreign(t *testing.T, file string) (pid int, stop func()) {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	cmd := exec.CommandContext(t.Context(), "cat") // waits for its standard input to end
	cmd.ExtraFiles = []*os.File{f}
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return cmd.Process.Pid, func() {
		assert.NoError(t, in.Close())
		assert.NoError(t, cmd.Wait())
	}
}

// Opening a device resets it, which would end the program that has claimed it: the library
// is not even called.
func TestDelegateSparesAClaimedDevice(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	r, free := load(t), only(t, probe(t))
	m := machine(os.Getenv("UMOCKDEV_DIR"))
	pid, stop := foreign(t, m.path(free.Node))
	m.claim(t, "2-1", "1.0")

	claimed := only(t, probe(t))
	assert.Equal(t, pid, claimed.OwnerPID)
	assert.Equal(t, "cat", claimed.OwnerName)
	for _, d := range []edgetpu.Device{claimed, free} { // as it is now, and as it was before
		_, err := r.NewDelegate(t.Context(), d, edgetpu.Options{})
		require.ErrorIs(t, err, edgetpu.ErrDeviceBusy)
		require.NotErrorIs(t, err, edgetpu.ErrDelegateDeclined)
		assert.ErrorContains(t, err, fmt.Sprintf("process %d (cat)", pid))
	}
	assert.Zero(t, sim.Stats("2-1").Creates)
	assert.False(t, isLocked(free), "it is not locked against others either")

	stop()
	require.NoError(t, os.RemoveAll(m.path("sys/bus/usb/devices/2-1:1.0")))
	d, err := r.NewDelegate(t.Context(), only(t, probe(t)), edgetpu.Options{})
	require.NoError(t, err)
	defer d.Delete()

	// libusb claims the device for this process, which is no obstacle to it.
	m.claim(t, "2-1", "1.0")
	own := only(t, probe(t))
	assert.Equal(t, os.Getpid(), own.OwnerPID)
	require.NoError(t, own.Usable())
	assert.Contains(t, own.String(), "held by this program")
	second, err := r.NewDelegate(t.Context(), own, edgetpu.Options{})
	require.NoError(t, err)
	second.Delete()
	assert.Equal(t, 1, sim.Stats("2-1").Opens)
}
