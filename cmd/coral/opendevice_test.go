//go:build linux || darwin

package main

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/edgetpu/edgetputest"
)

// Only --open opens a device, once, and gives it back.
func TestDoctorOpensDevices(t *testing.T) {
	needRuntime(t)
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	_, well := doctor(t)
	assert.True(t, well)
	assert.Zero(t, sim.Stats("2-1").Opens)

	findings, well := doctor(t, "--open")
	assert.True(t, well)
	assert.Contains(t, ids(findings), "device-opens")
	stats := sim.Stats("2-1")
	assert.Equal(t, 1, stats.Opens)
	assert.Zero(t, stats.Owner)

	sim.SetFault("2-1", edgetputest.CreateFails)
	findings, well = doctor(t, "--open")
	assert.False(t, well)
	assert.Equal(t, "device-does-not-open", findings[0].ID)
	assert.Equal(t, "/sys/bus/usb/devices/2-1", findings[0].Device)
	assert.Contains(t, coralCommand(t, "doctor", "--open").stdout, "\n    fix: unplug the device, wait some seconds, and plug it in again\n    fix: ")
}

// A device that another program has is left alone.
func TestDoctorOpensNoBusyDevice(t *testing.T) {
	needRuntime(t)
	sim := edgetputest.New(t, edgetputest.USB("2-1").Ready())
	devices, err := edgetpu.Probe(t.Context())
	require.NoError(t, err)
	require.Len(t, devices, 1)
	lock, err := edgetpu.LockDevice(devices[0])
	require.NoError(t, err)
	defer lock.Unlock()

	self, err := os.Executable()
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), self, "doctor", "--open").Output()
	require.Error(t, err, "exit status 1")
	assert.Contains(t, string(out), "error device-busy /sys/bus/usb/devices/2-1\n")
	assert.Zero(t, sim.Stats("2-1").Creates)

	var answer openAnswer
	require.NoError(t, ask(t.Context(), time.Minute, &answer, openCommandName, "--", devices[0].Path))
	assert.Contains(t, answer.Error, "in use by another")
	assert.Zero(t, sim.Stats("2-1").Creates)
}

// The list says what a session would take: no device that another program has.
func TestDevicesOfOthers(t *testing.T) {
	needRuntime(t)
	edgetputest.New(t, edgetputest.USB("2-1").Ready(), edgetputest.USB("2-2").Ready())
	devices, err := edgetpu.Probe(t.Context())
	require.NoError(t, err)
	lock, err := edgetpu.LockDevice(devices[0])
	require.NoError(t, err)
	defer lock.Unlock()

	self, err := os.Executable()
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), self, "devices").Output()
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^usb:0 +/sys/bus/usb/devices/2-1 .* in use `, string(out))
	assert.Regexp(t, `(?m)^usb:1 +/sys/bus/usb/devices/2-2 .* yes `, string(out))
	assert.Contains(t, string(out), "A session runs on /sys/bus/usb/devices/2-2, because")
	assert.Contains(t, string(out), "2-1: it is held by process "+strconv.Itoa(os.Getpid()))
}

// The process that opens a device says itself that it hangs, if it can.
func TestOpenDeviceThatHangs(t *testing.T) {
	needRuntime(t)
	sim := edgetputest.New(t, edgetputest.PCIe(0))
	sim.SetFault("apex_0", edgetputest.CreateBlocks.For(time.Minute))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	answer := openDevice(ctx, "/dev/apex_0", nil)
	assert.True(t, answer.Hangs)
	assert.Contains(t, answer.Error, "did not answer in time")

	assert.Contains(t, openDevice(t.Context(), "/dev/apex_9", nil).Error, "no longer attached")
	assert.Contains(t, openDevice(t.Context(), "/dev/apex_0", []string{"missing.so"}).Error, "missing.so")
}

// What does not end is ended.
func TestAskGivesUp(t *testing.T) {
	edgetputest.New(t, edgetputest.USB("2-1"))
	err := ask(t.Context(), 100*time.Millisecond, new(any), "devices", "--watch")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, ask(ctx, time.Minute, new(any), "devices", "--watch"), context.Canceled)
	require.ErrorContains(t, ask(t.Context(), time.Minute, new(any), "nothing"), "ended the process: exit status 2")
	require.ErrorContains(t, ask(t.Context(), time.Minute, new(any), "version"), "disturbed the process")
}

// The flags of accelerators reach libedgetpu.
func TestFlagsOfEdgeTPUs(t *testing.T) {
	needRuntime(t)
	sim := edgetputest.New(t, edgetputest.PCIe(0))
	_, tpuModel := compiledPair(t)
	library := os.Getenv("CORAL_EDGETPU_LIB")
	t.Setenv("CORAL_EDGETPU_LIB", "nothing.so")
	args := []string{"bench", tpuModel, "--runs", "1", "--device", "tpu", "--json"}
	assert.Contains(t, failed(t, statusFailed, args...), "nothing.so")
	succeeded(t, append(args, "--edgetpu-lib", library, "--clock", "low", "--tpu-timeout", "1m")...)
	assert.Equal(t, "Low", sim.Stats("apex_0").Options.Performance)

	for flag, where := range map[string]string{"--isolated": "in a worker process", "--in-process": "in this process"} {
		awaitFree(t)
		var out benchOutput
		decode(t, succeeded(t, append(args, "--edgetpu-lib", library, flag)...), &out)
		assert.Contains(t, out.Reason, where, flag)
	}
	var v versionOutput
	decode(t, succeeded(t, "version", "--json", "--edgetpu-lib", library), &v)
	assert.Equal(t, library, v.EdgeTPU.Path)
	assert.Contains(t, v.EdgeTPU.Version, "RuntimeVersion(14)")
	assert.Contains(t, succeeded(t, "version", "--edgetpu-lib", library), v.EdgeTPU.Version+", "+library)
}
