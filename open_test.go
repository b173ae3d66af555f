package coral_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu"
)

var (
	ready     = edgetpu.Device{Type: edgetpu.USB, Path: "/sys/bus/usb/devices/2-1", State: edgetpu.Ready, SpeedMbps: 5000, Accessible: true}
	forbidden = edgetpu.Device{Type: edgetpu.USB, Path: "/sys/bus/usb/devices/2-2", State: edgetpu.Ready, Reason: "no udev rule"}
)

// pairs is a folder with a pair of models and an Edge TPU one without a twin.
func pairs(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, from := range map[string]string{"x": "pair", "x_edgetpu": "pair_edgetpu", "lonely_edgetpu": "pair_edgetpu"} {
		b, err := os.ReadFile(model(from))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".tflite"), b, 0o600))
	}
	return dir
}

func TestWithoutAccelerator(t *testing.T) {
	dir := pairs(t)
	for _, name := range []string{"x.tflite", "x_edgetpu.tflite"} {
		s, err := coral.Open(filepath.Join(dir, name), coral.WithProbe())
		require.NoError(t, err)
		assert.Equal(t, filepath.Join(dir, "x.tflite"), s.Path(), "the CPU model runs, whichever was given")
		assert.False(t, s.Device().IsTPU())
		assert.Equal(t, "CPU", s.Device().String())
		assert.Equal(t, "no Edge TPU is attached", s.Reason())
		_, err = s.Run(t.Context(), make([]float32, 4))
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
}

func TestNoTwin(t *testing.T) {
	dir := pairs(t)
	_, err := coral.Open(filepath.Join(dir, "lonely_edgetpu.tflite"), coral.WithProbe())
	require.ErrorIs(t, err, coral.ErrNoTwin)
	assert.ErrorContains(t, err, filepath.Join(dir, "lonely.tflite"), "where to put one")
	assert.ErrorContains(t, err, "no Edge TPU is attached", "why it is needed")

	s, err := coral.Open(filepath.Join(dir, "lonely_edgetpu.tflite"), coral.WithProbe(), coral.WithTwin(filepath.Join(dir, "x.tflite")))
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

func TestTwinMismatch(t *testing.T) {
	dir := pairs(t)
	for _, twin := range []string{"x_edgetpu.tflite", "lonely_edgetpu.tflite"} {
		_, err := coral.Open(filepath.Join(dir, "lonely_edgetpu.tflite"), coral.WithProbe(), coral.WithTwin(filepath.Join(dir, twin)))
		require.ErrorIs(t, err, coral.ErrTwinMismatch, "two compiled models")
	}
	_, err := coral.Open(filepath.Join(dir, "lonely_edgetpu.tflite"), coral.WithProbe(), coral.WithTwin(model("add")))
	require.ErrorIs(t, err, coral.ErrTwinMismatch)
	_, err = coral.Open(filepath.Join(dir, "lonely_edgetpu.tflite"), coral.WithProbe(), coral.WithTwin(model("types/float32")))
	require.ErrorIs(t, err, coral.ErrTwinMismatch)
	assert.ErrorContains(t, err, "[2 3] and [4]")
	_, err = coral.Open(filepath.Join(dir, "lonely_edgetpu.tflite"), coral.WithProbe(), coral.WithTwin("nowhere.tflite"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestPolicies(t *testing.T) {
	dir := pairs(t)
	x := filepath.Join(dir, "x.tflite")

	s, err := coral.Open(x, coral.WithPolicy(coral.CPUOnly), coral.WithProbe(ready))
	require.NoError(t, err)
	assert.Equal(t, "the CPU was asked for", s.Reason())
	require.NoError(t, s.Close())

	_, err = coral.Open(x, coral.WithPolicy(coral.RequireTPU), coral.WithProbe())
	require.ErrorIs(t, err, coral.ErrNoDevice)
	_, err = coral.Open(x, coral.WithPolicy(coral.RequireTPU), coral.WithProbe(forbidden))
	require.ErrorIs(t, err, coral.ErrPermission)
	_, err = coral.Open(x, coral.WithDevice("usb"), coral.WithProbe())
	require.ErrorIs(t, err, coral.ErrNoDevice)
	_, err = coral.Open(x, coral.WithDevice("pci"), coral.WithProbe(ready))
	require.ErrorIs(t, err, coral.ErrNoDevice)
	assert.ErrorContains(t, err, ready.Path, "what is attached instead")
	_, err = coral.Open(x, coral.WithDevice("tpu7"))
	require.ErrorIs(t, err, edgetpu.ErrDeviceSpec)
	_, err = coral.Open(x, coral.WithPolicy(99))
	require.Error(t, err)

	s, err = coral.Open(x, coral.WithProbe(forbidden))
	require.NoError(t, err)
	assert.Contains(t, s.Reason(), "no udev rule")
	require.NoError(t, s.Close())

	s, err = coral.Open(model("add"), coral.WithProbe(ready))
	require.NoError(t, err)
	assert.Contains(t, s.Reason(), "not compiled for the Edge TPU")
	assert.Contains(t, s.Reason(), "add_edgetpu.tflite")
	require.NoError(t, s.Close())
}

func TestTheChoiceIsLogged(t *testing.T) {
	var log bytes.Buffer
	s, err := coral.Open(model("add"), coral.WithProbe(), coral.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	require.NoError(t, err)
	defer s.Close()
	assert.Contains(t, log.String(), "no Edge TPU is attached")
	assert.Contains(t, log.String(), s.Backend())
}

func TestBadFiles(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.tflite")
	require.NoError(t, os.WriteFile(text, []byte("This is no model.\n"), 0o600))
	_, err := coral.Open(filepath.Join(dir, "missing.tflite"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = coral.Open(dir)
	require.ErrorIs(t, err, coral.ErrBadModel)
	_, err = coral.Open(text)
	require.ErrorIs(t, err, coral.ErrBadModel)
	_, err = coral.Open(model("unresolved_op"))
	require.ErrorIs(t, err, coral.ErrUnresolvedOp)
	_, err = coral.Open(model("add"), coral.WithInterpreters(0))
	require.ErrorIs(t, err, coral.ErrRange)
	_, err = coral.Open(model("add"), coral.WithThreads(0))
	require.ErrorIs(t, err, coral.ErrRange)
}

func TestTheOtherFormIsPointedOut(t *testing.T) {
	dir := pairs(t)
	require.NoError(t, os.Remove(filepath.Join(dir, "x_edgetpu.tflite")))
	_, err := coral.Open(filepath.Join(dir, "x_edgetpu.tflite"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, filepath.Join(dir, "x.tflite")+" is there: open that")
	_, err = coral.Open(filepath.Join(dir, "lonely.tflite"))
	assert.ErrorContains(t, err, "lonely_edgetpu.tflite is there: open that")
}

func TestOpenHonoursTheContext(t *testing.T) {
	boom := errors.New("boom")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(boom)
	_, err := coral.OpenContext(ctx, model("add"))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, boom)
}
