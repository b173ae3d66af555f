package edgetpu_test

import (
	"context"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/niltest"
)

// Nothing of this package panics on nil and zero values.
func TestNilAndZero(t *testing.T) {
	m := newMachine(t)
	t.Setenv("UMOCKDEV_DIR", string(m))
	watch := func(ctx context.Context, opts ...edgetpu.WatchOption) { // without a machine it ends at once
		_, err := edgetpu.Watch(ctx, append(opts, edgetpu.WithRoot(m.path("nowhere")))...)
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	t.Setenv("CORAL_EDGETPU_LIB", "/nowhere/libedgetpu.so")
	niltest.Walk(t, map[string]any{
		"Probe": edgetpu.Probe, "Watch": watch, "Diagnose": edgetpu.Diagnose, "Load": edgetpu.Load,
		"Choose": edgetpu.Choose, "ParseDevice": edgetpu.ParseDevice,
		"LockDevice": edgetpu.LockDevice, "LockHolder": edgetpu.LockHolder,
		"WithRoot": edgetpu.WithRoot, "WithLogger": edgetpu.WithLogger, "WithInterval": edgetpu.WithInterval,
		"WithModel": edgetpu.WithModel, "WithSelector": edgetpu.WithSelector, "WithLibrary": edgetpu.WithLibrary,
		"WithLibraryProbe": edgetpu.WithLibraryProbe, "WithOpenProbe": edgetpu.WithOpenProbe,
	},
		edgetpu.Device{}, edgetpu.Selector{}, edgetpu.Finding{},
		(*edgetpu.Runtime)(nil), new(edgetpu.Runtime),
		(*edgetpu.Delegate)(nil), new(edgetpu.Delegate),
		(*edgetpu.DeviceLock)(nil), new(edgetpu.DeviceLock))
}

// What makes no sense is an error that says so.
func TestZeroErrors(t *testing.T) {
	for _, r := range []*edgetpu.Runtime{nil, {}} {
		_, err := r.NewDelegate(t.Context(), edgetpu.Device{}, edgetpu.Options{})
		require.ErrorIs(t, err, edgetpu.ErrLibraryNotFound)
		_, err = r.Devices()
		require.ErrorIs(t, err, edgetpu.ErrLibraryNotFound)
		require.ErrorIs(t, r.SetVerbosity(1), edgetpu.ErrLibraryNotFound)
		assert.Empty(t, r.Path())
		assert.Empty(t, r.Version())
	}
	for _, d := range []*edgetpu.Delegate{nil, {}} {
		require.ErrorIs(t, d.Borrow(), edgetpu.ErrClosed)
		assert.Nil(t, d.Ptr())
		assert.Nil(t, d.Runtime())
		assert.Zero(t, d.Device())
	}
	require.ErrorIs(t, edgetpu.Device{}.Usable(), edgetpu.ErrNoDevice)
}

// Nil options are none.
func TestNilOptions(t *testing.T) {
	root := edgetpu.WithRoot(string(newMachine(t)))
	devices, err := edgetpu.Probe(nil, nil, root) //nolint:staticcheck // a nil context is what is tested
	require.NoError(t, err)
	assert.Empty(t, devices)
	_, err = edgetpu.Diagnose(t.Context(), root, nil, edgetpu.ProbeOption(nil), edgetpu.WithLibraryProbe(nil), edgetpu.WithOpenProbe(nil))
	require.NoError(t, err)
	_, err = edgetpu.Watch(t.Context(), root, nil, edgetpu.ProbeOption(nil))
	require.NoError(t, err)
}
