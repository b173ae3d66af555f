//go:build unix

package edgetputest_test

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
)

// driverOf is the driver that sysfs shows for the interface of the device, "" for none.
func driverOf(sim *edgetputest.Sim, port string) string {
	target, err := filepath.EvalSymlinks(filepath.Join(sim.Root(), "sys/bus/usb/devices", port+":1.0", "driver"))
	if err != nil {
		return ""
	}
	return filepath.Base(target)
}

// holds reports whether a process has the device's node open, as /proc tells.
func holds(t *testing.T, sim *edgetputest.Sim, pid int) bool {
	t.Helper()
	d, err := device(usb)
	require.NoError(t, err)
	links, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/fd/*")
	require.NoError(t, err)
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == filepath.Join(sim.Root(), d.Node) {
			return true
		}
	}
	return false
}

func running(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestClaim(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	assert.Empty(t, driverOf(sim, "2-1"))
	pid := sim.Claim(usb)
	assert.Equal(t, "usbfs", driverOf(sim, "2-1"))
	assert.True(t, running(pid))
	if _, err := os.Stat("/proc/self/fd"); err == nil {
		assert.True(t, holds(t, sim, pid))
	}
	sim.Release(usb)
	sim.Release(usb)
	assert.Empty(t, driverOf(sim, "2-1"))
	assert.False(t, running(pid))
	assert.Zero(t, sim.Stats(usb).BrokenClaims)

	pid = sim.Claim(usb)
	sim.Unplug(usb)
	assert.False(t, running(pid), "its device is gone")
	sim.Plug(usb)
	assert.Empty(t, driverOf(sim, "2-1"))
}

// Who opens a device that another program has claimed ends that program.
func TestOpeningBreaksAClaim(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1").Ready())
	pid := sim.Claim(usb)
	lib := rawLibrary(t, sim)
	d := lib.create(t, usb)
	require.NotNil(t, d, "the reset has taken it from the other one")
	assert.Eventually(t, func() bool { return !running(pid) }, 10*time.Second, time.Millisecond)
	assert.Equal(t, 1, sim.Stats(usb).Resets)
	assert.Equal(t, 1, sim.Stats(usb).BrokenClaims)
	assert.Equal(t, "usbfs", driverOf(sim, "2-1"), "the library claims it, too")
	lib.Free(d)
	assert.Empty(t, driverOf(sim, "2-1"), "as soon as it is released")
	assert.Equal(t, 1, sim.Stats(usb).BrokenClaims)
}

// The same among processes with the library that do not know of each other.
func TestOpeningTakesTheDeviceFromAnotherProcess(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1").Ready().OnLoss(edgetputest.Abort))
	c := startChild(t, "hold", usb, nil, nil)
	c.waitFor(t, "holding")
	lib := rawLibrary(t, sim)
	d := lib.create(t, usb)
	require.NotNil(t, d)
	_, err := c.finish()
	require.ErrorContains(t, err, "abort")
	assert.Equal(t, 1, sim.Stats(usb).BrokenClaims)
	assert.Equal(t, os.Getpid(), sim.Stats(usb).Owner)
	lib.Free(d)
}

// Each opening resets the port, and one without firmware twice; a PCIe device has none.
func TestResets(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"), edgetputest.PCIe(0))
	lib := rawLibrary(t, sim)
	for _, want := range []int{2, 3, 4} {
		lib.Free(lib.create(t, usb))
		assert.Equal(t, want, sim.Stats(usb).Resets)
	}
	for _, f := range []edgetputest.Fault{edgetputest.Busy, edgetputest.CreateBlocks} {
		sim.SetFault(usb, f)
		assert.Nil(t, lib.create(t, usb))
	}
	assert.Equal(t, 6, sim.Stats(usb).Resets, "what fails to open was reset, too")
	lib.Free(lib.create(t, pci))
	assert.Zero(t, sim.Stats(pci).Resets)
}

func TestClaimErrors(t *testing.T) {
	sim := start(t, edgetputest.USB("2-1"), edgetputest.USB("2-2").Absent(), edgetputest.PCIe(0))
	require.NoError(t, sim.Err())
	sim.Claim("2-1")
	require.NoError(t, sim.Err())
	for device, mention := range map[string]string{"2-1": "a program has it", "2-2": "not plugged in", "apex_0": "no USB device"} {
		t.Run(device, func(t *testing.T) {
			sim := start(t, edgetputest.USB("2-1"), edgetputest.USB("2-2").Absent(), edgetputest.PCIe(0))
			sim.Claim("2-1")
			assert.Zero(t, sim.Claim(device))
			require.ErrorContains(t, sim.Err(), mention)
		})
	}
}
