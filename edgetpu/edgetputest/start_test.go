package edgetputest_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/edgetpu/edgetputest"
)

func start(t *testing.T, opts ...edgetputest.Option) *edgetputest.Sim {
	t.Helper()
	sim, err := edgetputest.Start(opts...)
	require.NoError(t, err)
	t.Cleanup(func() { sim.Close() })
	return sim
}

func TestStartChangesNothingOutside(t *testing.T) {
	before := os.Environ()
	sim := start(t, edgetputest.USB("2-1"))
	assert.Equal(t, before, os.Environ())
	devices, err := edgetpu.Probe(t.Context(), edgetpu.WithRoot(sim.Root()))
	require.NoError(t, err)
	assert.Len(t, devices, 1)
	runtime, err := edgetpu.Load(sim.Library())
	require.NoError(t, err)
	assert.Equal(t, 14, runtime.RuntimeVersion())
}

func TestSetenv(t *testing.T) {
	t.Setenv("UMOCKDEV_DIR", "before")
	t.Setenv("CORAL_EDGETPU_LIB", "") // so that it is put back after the test
	require.NoError(t, os.Unsetenv("CORAL_EDGETPU_LIB"))
	sim := start(t)
	require.NoError(t, sim.Setenv())
	require.NoError(t, sim.Setenv(), "twice is once")
	assert.Equal(t, sim.Root(), os.Getenv("UMOCKDEV_DIR"))
	assert.Equal(t, sim.Library(), os.Getenv("CORAL_EDGETPU_LIB"))
	assert.ElementsMatch(t, []string{"UMOCKDEV_DIR=" + sim.Root(), "CORAL_EDGETPU_LIB=" + sim.Library()}, sim.Env())
	require.NoError(t, sim.Close())
	assert.Equal(t, "before", os.Getenv("UMOCKDEV_DIR"))
	_, is := os.LookupEnv("CORAL_EDGETPU_LIB")
	assert.False(t, is)
}

func TestClose(t *testing.T) {
	sim := start(t, edgetputest.USB("2-1"))
	lib := rawLibrary(t, sim)
	require.Len(t, lib.Devices(), 1)
	require.NoError(t, sim.Close())
	require.NoError(t, sim.Close())
	assert.NoDirExists(t, sim.Root())
	assert.Empty(t, lib.Devices())
	assert.Nil(t, lib.create(t, usb))
}

// Two simulations are two libraries, in one process at one time.
func TestTwoAtOnce(t *testing.T) {
	a, b := start(t, edgetputest.PCIe(0)), start(t, edgetputest.PCIe(0), edgetputest.RuntimeVersion(13))
	compiled := compile(t, tiny(t))
	for n, sim := range []*edgetputest.Sim{a, b, a} {
		lib := rawLibrary(t, sim)
		infer(t, lib.interpreter(t, compiled, pci), uint64(n))
	}
	assert.Equal(t, 2, a.Stats(pci).Inferences)
	assert.Equal(t, 1, b.Stats(pci).Inferences)
	assert.Contains(t, rawLibrary(t, a).Version(), "(14)")
	assert.Contains(t, rawLibrary(t, b).Version(), "(13)")
}

func TestBadOptions(t *testing.T) {
	many := []edgetputest.Option{}
	for n := range 17 {
		many = append(many, edgetputest.PCIe(n))
	}
	tests := map[string][]edgetputest.Option{
		"port":         {edgetputest.USB("2")},
		"no port":      {edgetputest.USB("2-")},
		"zero":         {edgetputest.USB("2-0")},
		"path":         {edgetputest.USB("/sys/bus/usb/devices/2-1")},
		"leading zero": {edgetputest.USB("2-01")},
		"too deep":     {edgetputest.USB("2-1.11.11.11.11.11.11.11.11.11.11.11.11.11.11.11.11")},
		"number":       {edgetputest.PCIe(-1)},
		"twice":        {edgetputest.USB("2-1"), edgetputest.USB("2-1").Ready()},
	}
	for name, opts := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := edgetputest.Start(opts...)
			require.ErrorContains(t, err, "bad option")
		})
	}
	for name, opts := range map[string][]edgetputest.Option{
		"too many":       many,
		"version":        {edgetputest.RuntimeVersion(0)},
		"scale":          {edgetputest.TimeScale(-1)},
		"time, negative": {edgetputest.OpenTime(-1)},
		"scale, no one":  {edgetputest.TimeScale(math.NaN())},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := edgetputest.Start(opts...)
			require.ErrorIs(t, err, edgetputest.ErrRange)
		})
	}
	start(t, nil, edgetputest.TimeScale(0))
}

// A method that cannot return an error keeps it.
func TestErr(t *testing.T) {
	sim := start(t, edgetputest.USB("2-1").Absent())
	require.NoError(t, sim.Err())
	sim.Unplug("2-2")
	require.ErrorIs(t, sim.Err(), edgetputest.ErrNoDevice)
	require.ErrorContains(t, sim.Err(), `"2-2"`)
	sim.SetTemperature("2-1", 50)
	require.ErrorContains(t, sim.Err(), `"2-2"`, "the first one")
	assert.Zero(t, sim.Stats("apex_0"))
	assert.Equal(t, sim.Err(), sim.Close())

	sim = start(t, edgetputest.USB("2-1").Absent())
	sim.SetTemperature("2-1", 50)
	require.ErrorContains(t, sim.Err(), "not plugged in")
}

func TestPlugTwice(t *testing.T) {
	sim := start(t, edgetputest.USB("2-1"), edgetputest.PCIe(0))
	for _, d := range []string{"2-1", "apex_0", usb, pci} {
		sim.Plug(d)
		sim.Unplug(d)
		sim.Unplug(d)
		sim.Plug(d)
		sim.Plug(d)
	}
	require.NoError(t, sim.Err())
}

// Many comings and goings: numbers start again, and belong to one device each.
func TestDeviceNumbers(t *testing.T) {
	sim := start(t, edgetputest.USB("2-1"), edgetputest.USB("2-2"), edgetputest.USB("3-1"))
	for range 300 {
		sim.Unplug("2-1")
		sim.Plug("2-1")
		devices, err := edgetpu.Probe(t.Context(), edgetpu.WithRoot(sim.Root()))
		require.NoError(t, err)
		require.Len(t, devices, 3)
		require.NotEqual(t, devices[0].Node, devices[1].Node)
		require.Equal(t, "/dev/bus/usb/003/002", devices[2].Node)
		require.False(t, slices.ContainsFunc(devices, func(d edgetpu.Device) bool { return d.Usable() != nil }))
	}
}

func TestLibraryBuiltElsewhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "built.so")
	require.NoError(t, os.WriteFile(path, load(t, start(t).Library()), 0o600))
	t.Setenv("EDGETPU_SIM_LIBRARY", path)
	t.Setenv("PATH", "")
	sim := start(t, edgetputest.PCIe(0))
	assert.Len(t, rawLibrary(t, sim).Devices(), 1)
}

// CC is read as the go command reads it.
func TestCompilerInAFolderWithSpaces(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "with space")
	require.NoError(t, os.Mkdir(dir, 0o700))
	marker := filepath.Join(dir, "called")
	script := "#!/bin/sh\ntouch '" + marker + "'\nexec cc \"$@\"\n"
	compiler := filepath.Join(dir, "compiler")
	require.NoError(t, os.WriteFile(compiler, []byte(script), 0o700))
	for _, quote := range []string{"'", `"`} {
		require.NoError(t, os.RemoveAll(marker))
		t.Setenv("CC", quote+compiler+quote+" -DQUOTED")
		t.Setenv("EDGETPU_SIM_CFLAGS", fmt.Sprintf("-DNOT_CACHED_%d", os.Getpid()))
		start(t)
		assert.FileExists(t, marker)
	}
}

func TestBuildFailures(t *testing.T) {
	t.Run("no compiler", func(t *testing.T) {
		t.Setenv("PATH", "")
		t.Setenv("CC", fmt.Sprint("no-such-compiler-", os.Getpid()))
		_, err := edgetputest.Start()
		require.ErrorContains(t, err, "no C compiler")
		assert.ErrorContains(t, err, "EDGETPU_SIM_LIBRARY")
	})
	t.Run("bad flags", func(t *testing.T) {
		t.Setenv("EDGETPU_SIM_CFLAGS", "-include no-such-file.h")
		_, err := edgetputest.Start()
		require.ErrorContains(t, err, "no-such-file.h", "the compiler's own words")
	})
	t.Run("no library", func(t *testing.T) {
		t.Setenv("EDGETPU_SIM_LIBRARY", "no-such-library.so")
		_, err := edgetputest.Start()
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("no cache folder", func(t *testing.T) {
		t.Setenv("HOME", "")
		t.Setenv("XDG_CACHE_HOME", "")
		t.Setenv("EDGETPU_SIM_CFLAGS", "-DNO_CACHE")
		start(t)
	})
}
