package coral_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/tflite"
)

func TestContradictoryOptions(t *testing.T) {
	isolated, inProcess := coral.WithIsolation(coral.Isolated), coral.WithIsolation(coral.InProcess)
	cpuOnly := coral.WithPolicy(coral.CPUOnly)
	for name, opts := range map[string][]coral.Option{
		"two isolations":             {isolated, inProcess},
		"memory without a worker":    {coral.WithWorkerMemory(1 << 30)},
		"CPU and a device":           {cpuOnly, coral.WithDevice("usb:0")},
		"a device and the CPU":       {coral.WithDevice("usb:0"), cpuOnly},
		"CPU and devices":            {cpuOnly, coral.WithDevices()},
		"TPU required, and CPU":      {coral.WithPolicy(coral.RequireTPU), coral.WithDevice("cpu")},
		"a device twice":             {coral.WithDevices("usb:0", "usb:0")},
		"devices, then a device":     {coral.WithDevices(), coral.WithDevice("usb:0")},
		"two devices":                {coral.WithDevice("usb:0"), coral.WithDevice("usb:1")},
		"a device, then devices":     {coral.WithDevice("usb:0"), coral.WithDevices("usb:1")},
		"options for no interpreter": {cpuOnly, isolated, coral.WithTFLite(tflite.WithThreads(2))},
		"two twins":                  {coral.WithTwin("x"), coral.WithTwinBytes([]byte{1})},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := coral.Open(model("tiny_int8"), opts...)
			require.ErrorIs(t, err, coral.ErrOption)
		})
	}
	for name, opts := range map[string][]coral.Option{
		"the same twice": {isolated, isolated, cpuOnly},
		"any two":        {coral.WithDevices("", "")},
		"memory":         {isolated, cpuOnly, coral.WithWorkerMemory(4 << 30)},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := coral.Open(model("tiny_int8"), opts...)
			require.NoError(t, err)
			require.NoError(t, s.Close())
		})
	}
}

// A policy that was given explicitly is not undone by the name of a device.
func TestPolicyAndDevice(t *testing.T) {
	edgetputest.New(t, edgetputest.USB("2-1").Absent())
	path := compiled(t, "tiny_int8")
	for _, opts := range [][]coral.Option{
		{coral.WithPolicy(coral.Auto), coral.WithDevice("usb:0")},
		{coral.WithDevice("usb:0"), coral.WithPolicy(coral.Auto)},
	} {
		s, err := coral.Open(path, opts...)
		require.NoError(t, err, "the CPU stands in")
		device, cause := s.Status()
		assert.Equal(t, coral.Device{Type: coral.DeviceCPU}, device)
		require.ErrorIs(t, cause, coral.ErrNoDevice)
		require.NoError(t, s.Close())
	}
	_, err := coral.Open(path, coral.WithDevice("usb:0"))
	require.ErrorIs(t, err, coral.ErrNoDevice)
}

// Options for the interpreters override the session's own, and go nowhere silently.
func TestWithTFLite(t *testing.T) {
	off := coral.WithTFLite(tflite.WithXNNPACK(tflite.XNNPACKOff))
	s := open(t, "tiny_int8", off)
	assert.Equal(t, "built-in kernels", s.Backend())
	_, err := coral.Open(model("tiny_int8"), coral.WithTFLite(tflite.WithThreads(1<<20)))
	require.Error(t, err, "they are looked at")

	edgetputest.New(t, edgetputest.USB("2-1"))
	path := compiled(t, "tiny_int8")
	_, err = coral.Open(path, off)
	require.ErrorIs(t, err, coral.ErrOption, "a worker process cannot have them")
	s, err = coral.Open(path, off, coral.WithIsolation(coral.InProcess))
	require.NoError(t, err)
	require.NoError(t, s.Close())
	s, err = coral.Open(path, off, coral.WithPolicy(coral.CPUOnly))
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

func TestWhatDevicesAre(t *testing.T) {
	usb := coral.Device{Type: coral.DeviceUSB, Path: "/sys/bus/usb/devices/2-1", State: edgetpu.Ready}
	assert.Equal(t, "Edge TPU usb /sys/bus/usb/devices/2-1 (ready)", usb.String())
	assert.True(t, usb.IsTPU())
	same := coral.Device{Type: "usb", Path: "/sys/bus/usb/devices/2-1", State: "ready"}
	assert.Contains(t, map[coral.Device]bool{usb: true}, same, "they can be compared")
	assert.Equal(t, "CPU", coral.Device{Type: coral.DeviceCPU}.String())
	assert.Equal(t, "no device", coral.Device{}.String())
	assert.False(t, coral.Device{}.IsTPU())
	assert.Equal(t, "Isolated", coral.Isolated.String())
	assert.Equal(t, "Isolation(9)", coral.Isolation(9).String())
}

func TestTPUOptions(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	path := compiled(t, "tiny_int8")
	s := openTPU(t, path, coral.WithTPUOptions(edgetpu.Options{Performance: edgetpu.Medium, USB: edgetpu.USBOptions{AlwaysDFU: true}}))
	require.True(t, onTPU(s), s.Reason())
	assert.Equal(t, edgetpu.Medium, edgetpu.Performance(sim.Stats("2-1").Options.Performance))
	assert.True(t, sim.Stats("2-1").Options.AlwaysDFU)
	_, err := coral.Open(path, coral.WithTPUOptions(edgetpu.Options{Performance: "Warp"}), coral.WithPolicy(coral.RequireTPU))
	require.ErrorContains(t, err, "Warp")
}
