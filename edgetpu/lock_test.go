package edgetpu_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
)

func isLocked(d edgetpu.Device) bool {
	_, locked := edgetpu.LockHolder(d)
	return locked
}

func TestLockAndUnlock(t *testing.T) {
	m := newMachine(t)
	m.usb(t, "2-1", usbAttrs(ready, "5000", "3"))
	d := only(t, probe(t, edgetpu.WithRoot(string(m))))
	for range 2 {
		lock, err := edgetpu.LockDevice(d, edgetpu.WithRoot(string(m)))
		require.NoError(t, err)
		require.NoError(t, lock.Unlock())
		assert.NoError(t, lock.Unlock(), "twice does nothing")
		_, locked := edgetpu.LockHolder(d, edgetpu.WithRoot(string(m)))
		assert.False(t, locked)
	}
	assert.NoError(t, (*edgetpu.DeviceLock)(nil).Unlock())

	missing := edgetpu.WithRoot(m.path("missing"))
	_, err := edgetpu.LockDevice(d, missing)
	require.Error(t, err)
	_, locked := edgetpu.LockHolder(d, missing)
	assert.False(t, locked)
}

// A process knows its own locks, where nothing else tells whose a lock is.
func TestOwnLockIsKnownWithoutTheKernel(t *testing.T) {
	m := newMachine(t)
	m.usb(t, "2-1", usbAttrs(ready, "5000", "3"))
	m.node(t, "dev/bus/usb/002/003")
	root := edgetpu.WithRoot(string(m))
	edgetpu.HideLocks(t)
	lock, err := edgetpu.LockDevice(only(t, probe(t, root)), root)
	require.NoError(t, err)
	defer lock.Unlock()
	d := only(t, probe(t, root))
	require.NoError(t, d.Usable())
	if runtime.GOOS == "linux" {
		assert.Equal(t, os.Getpid(), d.OwnerPID)
	}
}

func TestLockOfNoDevice(t *testing.T) {
	m := newMachine(t)
	m.mkdir(t, "sys/class/apex")
	for _, d := range []edgetpu.Device{
		{},
		{Type: edgetpu.PCIe},
		{Type: edgetpu.PCIe, Path: "/dev/apex_"},
		{Type: edgetpu.PCIe, Path: "/dev/apex_0/.."},
		{Type: edgetpu.USB, Path: "/dev/apex_0"},
		{Type: edgetpu.USB, Path: "/sys/bus/usb/devices/.."},
		{Path: "/dev/apex_0"},
	} {
		_, err := edgetpu.LockDevice(d, edgetpu.WithRoot(string(m)))
		if runtime.GOOS == "linux" {
			require.ErrorIs(t, err, edgetpu.ErrNoDevice, "%+v", d)
		}
		_, locked := edgetpu.LockHolder(d, edgetpu.WithRoot(string(m)))
		assert.False(t, locked)
		d.Accessible = true
		require.ErrorIs(t, d.Usable(), edgetpu.ErrNoDevice)
	}
}
