//go:build linux || darwin

package main

import (
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/vision"
)

// The commands on simulated Edge TPUs.
func TestOnEdgeTPUs(t *testing.T) {
	needRuntime(t)
	sim := edgetputest.New(t, edgetputest.PCIe(0), edgetputest.USB("2-1"))
	cpuModel, tpuModel := compiledPair(t)
	picture := writeFile(t, "picture.png", pngBytes(t, 20, 10))
	const usb, pci = "/sys/bus/usb/devices/2-1", "/dev/apex_0"

	for device, path := range map[string]string{"auto": pci, "tpu": pci, "usb": usb, ":1": usb, usb: usb} {
		var d devicesOutput
		decode(t, succeeded(t, "devices", "--json", "--device", device), &d)
		require.NotNil(t, d.Chosen, device)
		assert.Equal(t, path, *d.Chosen, device)
		assert.Len(t, d.Devices, 2)
	}
	assert.Contains(t, succeeded(t, "devices", "--device", "usb"), "A session runs on "+usb+", because it is the one asked for.")

	for _, model := range []string{cpuModel, tpuModel} {
		for device, path := range map[string]string{"auto": pci, "usb": usb} {
			awaitFree(t)
			c := classesOf(t, succeeded(t, "classify", "--json", "-m", model, "--device", device, picture))
			assert.Contains(t, c.DeviceText, "Edge TPU ")
			assert.Equal(t, path, c.Device.Path)
			assert.Contains(t, c.Backend, "Edge TPU")
			assert.Len(t, c.Classes, 4)
		}
		c := classesOf(t, succeeded(t, "classify", "--json", "-m", model, "--device", "cpu", picture))
		assert.Equal(t, coral.DeviceCPU, c.Device.Type)
	}
	detector, compiled := compiledFrom(t, detectorModelOf(1./64))
	for _, model := range []string{detector, compiled} {
		awaitFree(t)
		found := succeeded(t, "detect", "--json", "-m", model, "--device", "usb", picture)
		assert.Contains(t, found, `"device":{"type":"usb","path":"`+usb+`"`)
		assert.Contains(t, found, `"score":0.875,"box":[0,0,10,5]`)
	}

	text := succeeded(t, "classify", "-m", tpuModel, "--device", "pci", picture)
	assert.Contains(t, text, "Found:    pci "+pci)
	assert.Contains(t, text, "Device:   Edge TPU pci "+pci)

	var b benchOutput
	decode(t, succeeded(t, "bench", "--json", "-m", tpuModel, "--runs", "10"), &b)
	assert.Equal(t, coral.Device{Type: coral.DevicePCIe, Path: pci, State: edgetpu.Ready}, b.Device)
	assert.Positive(t, b.P50)

	var r runOutput
	decode(t, succeeded(t, "run", "--json", "-m", tpuModel, "--zero-inputs", "--output", t.TempDir()), &r)
	assert.Contains(t, r.DeviceText, pci)
	assert.Equal(t, "image", r.Inputs[0].Name, "names are the twin's")

	assert.Positive(t, sim.Stats("2-1").Inferences)
	sim.Unplug("2-1")
	assert.Contains(t, failed(t, statusFailed, "classify", "-m", tpuModel, "--device", "usb", picture), "no such Edge TPU")
}

// A device that goes in the middle of a stream costs no frame.
func TestWatchFailsOver(t *testing.T) {
	needRuntime(t)
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	_, detector := compiledFrom(t, detectorModelOf(1./64))
	img, err := vision.Load(writeFile(t, "x.png", pngBytes(t, 20, 10)))
	require.NoError(t, err)
	camera, frames := io.Pipe()
	const half = 5
	go func() {
		for k := range 2 * half {
			if k == half {
				for sim.Stats("2-1").Inferences < half {
					time.Sleep(time.Millisecond)
				}
				sim.Unplug("2-1")
			}
			_ = jpeg.Encode(frames, img, nil) // fails when the command has ended
		}
		frames.Close()
	}()
	r := coralReading(t, camera, "watch", "-", "-m", detector, "--track")
	require.Zero(t, r.status, r.stderr)
	lines := linesOf(t, r.stdout)
	assert.Contains(t, r.stdout, `"device":{"type":"usb"`)
	assert.Equal(t, 2*half, lines[len(lines)-1].Frames)
	for _, l := range lines {
		if l.Event == "frame" {
			require.Len(t, l.Objects, 1)
			assert.Equal(t, 1, l.Objects[0].Identity)
		}
	}
	assert.NotContains(t, r.stdout, `"error"`)
	assert.Contains(t, r.stdout, `{"event":"device","device":{"type":"cpu"`)
}

// A device that hangs is named, with what can be done.
func TestHangingDevice(t *testing.T) {
	needRuntime(t)
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	_, tpuModel := compiledPair(t)
	sim.SetFault("2-1", edgetputest.InvokeHangs)
	says := failed(t, statusFailed, "bench", tpuModel, "--device", "usb", "--tpu-timeout", "100ms")
	assert.Contains(t, says, "/sys/bus/usb/devices/2-1 hangs")
	assert.Contains(t, says, "--tpu-timeout; ")
	assert.Contains(t, says, "coral doctor --open")
}

// awaitFree waits until no device has an owner any more: the simulation needs a moment to
// see that a worker process has ended.
func awaitFree(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		devices, err := edgetpu.Probe(t.Context())
		return err == nil && !slices.ContainsFunc(devices, func(d edgetpu.Device) bool { return d.Owned })
	}, time.Minute, time.Millisecond)
}

// compiledPair is a classifier in both forms.
func compiledPair(t *testing.T) (cpuModel, tpuModel string) {
	t.Helper()
	file, err := os.ReadFile(testModel("tiny_int8"))
	require.NoError(t, err)
	return compiledFrom(t, file)
}

func compiledFrom(t *testing.T, file []byte) (cpuModel, tpuModel string) {
	t.Helper()
	cpuModel = write(t, "x.tflite", file)
	compiled, err := edgetputest.Compile(file)
	require.NoError(t, err)
	tpuModel = filepath.Join(filepath.Dir(cpuModel), "x_edgetpu.tflite")
	require.NoError(t, os.WriteFile(tpuModel, compiled, 0o644))
	return cpuModel, tpuModel
}
