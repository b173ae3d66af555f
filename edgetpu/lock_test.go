package edgetpu_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
)

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
