//go:build cgo && !windows

package edgetpu_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/internal/dl/dltest"
)

// fakeLibrary compiles a library with all functions of libedgetpu but those named, and
// with a version.
func fakeLibrary(t *testing.T, version string, without ...string) string {
	t.Helper()
	functions := map[string]string{
		"edgetpu_list_devices":    "void* edgetpu_list_devices(unsigned long* n) { *n = 0; return 0; }",
		"edgetpu_free_devices":    "void edgetpu_free_devices(void* p) { (void)p; }",
		"edgetpu_create_delegate": "void* edgetpu_create_delegate(int t, const char* p, void* o, unsigned long n) { (void)t; (void)p; (void)o; (void)n; return 0; }",
		"edgetpu_free_delegate":   "void edgetpu_free_delegate(void* d) { (void)d; }",
		"edgetpu_verbosity":       "void edgetpu_verbosity(int v) { (void)v; }",
		"edgetpu_version":         fmt.Sprintf("const char* edgetpu_version(void) { return %q; }", version),
	}
	for _, name := range without {
		delete(functions, name)
	}
	var code strings.Builder
	for _, function := range functions {
		fmt.Fprintln(&code, function)
	}
	return dltest.Shared(t, "libedgetpu_fake.so", dltest.Source(t, code.String()))
}

func load(t *testing.T, paths ...string) *edgetpu.Runtime {
	t.Helper()
	r, err := edgetpu.Load(paths...)
	require.NoError(t, err)
	return r
}

func TestLoad(t *testing.T) {
	path := fakeLibrary(t, "RuntimeVersion(14)")
	r := load(t, filepath.Join(t.TempDir(), "missing.so"), path)
	assert.Equal(t, path, r.Path(), "the first that loads")
	assert.Equal(t, "RuntimeVersion(14)", r.Version())
	devices, err := r.Devices()
	require.NoError(t, err)
	assert.Empty(t, devices)

	link := filepath.Join(t.TempDir(), "link.so")
	require.NoError(t, os.Symlink(path, link))
	t.Setenv("CORAL_EDGETPU_LIB", path)
	for _, again := range [][]string{{path}, {link}, nil} {
		assert.Same(t, r, load(t, again...), "one library, one Runtime: %v", again)
	}
}

func TestLoadErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.so")
	none := dltest.Shared(t, "libother.so", dltest.Source(t, "int other;"))
	half := fakeLibrary(t, "", "edgetpu_free_delegate")
	noLibrary := filepath.Join(t.TempDir(), "text.so")
	require.NoError(t, os.WriteFile(noLibrary, []byte("INPUT(libedgetpu.so.1.0)\n"), 0o644))
	tests := map[string]struct {
		paths []string
		says  []string
	}{
		"no file":           {[]string{missing}, []string{missing, "no such file"}},
		"another library":   {[]string{none}, []string{none + " is no libedgetpu"}},
		"function missing":  {[]string{half}, []string{"edgetpu_free_delegate"}},
		"no shared library": {[]string{noLibrary}, []string{noLibrary, "no shared library"}},
		"each of several":   {[]string{missing, none}, []string{missing, none + " is no libedgetpu"}},
		"empty":             {[]string{""}, []string{"no library has such a name"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := edgetpu.Load(test.paths...)
			assert.Nil(t, r)
			require.ErrorIs(t, err, edgetpu.ErrLibraryNotFound)
			for _, says := range test.says {
				assert.ErrorContains(t, err, says)
			}
			t.Setenv("CORAL_EDGETPU_LIB", test.paths[0])
			if test.paths[0] != "" {
				_, err = edgetpu.Load()
				require.ErrorIs(t, err, edgetpu.ErrLibraryNotFound)
				assert.ErrorContains(t, err, test.paths[0])
			}
		})
	}
}

func TestRuntimeVersions(t *testing.T) {
	for text, want := range map[string]int{
		"BuildLabel(COMPILER=6.3.0 20170516,DATE=redacted,TIME=redacted), RuntimeVersion(14)": 14,
		"RuntimeVersion(1)":                    1,
		"RuntimeVersion()":                     0,
		"":                                     0,
		"RuntimeVersion(99999999999999999999)": 0,
	} {
		r := load(t, fakeLibrary(t, text))
		assert.Equal(t, text, r.Version())
		assert.Equal(t, want, r.RuntimeVersion(), text)
	}
}

func TestVerbosity(t *testing.T) {
	sim := edgetputest.New(t)
	r := load(t)
	for _, level := range []int{10, 0, 7} {
		require.NoError(t, r.SetVerbosity(level))
		assert.Equal(t, level, sim.Verbosity())
	}
	for _, level := range []int{-1, 11} {
		require.ErrorContains(t, r.SetVerbosity(level), fmt.Sprint(level))
		assert.Equal(t, 7, sim.Verbosity())
	}
}

func TestRuntimeDevices(t *testing.T) {
	edgetputest.New(t, edgetputest.USB("2-1"), edgetputest.PCIe(0))
	devices, err := load(t).Devices()
	require.NoError(t, err)
	assert.ElementsMatch(t, []edgetpu.Device{
		{Type: edgetpu.USB, Path: usbDevice, State: edgetpu.Unknown},
		{Type: edgetpu.PCIe, Path: pcieDevice, State: edgetpu.Unknown},
	}, devices)
}

func TestDelegateOptions(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	r, d := load(t), only(t, probe(t))
	for says, wrong := range map[string]edgetpu.Options{
		`performance "Fast", there are Low, Medium, High and Max`: {Performance: "Fast"},
		"bulk-in queue of -1, it goes from 1 to 256":              {USB: edgetpu.USBOptions{MaxBulkInQueueLength: -1}},
		"bulk-in queue of 257":                                    {USB: edgetpu.USBOptions{MaxBulkInQueueLength: 257}},
	} {
		_, err := r.NewDelegate(t.Context(), d, wrong)
		require.ErrorContains(t, err, says)
		assert.Zero(t, sim.Stats("2-1").Creates, "the device is left alone")
	}

	good := edgetpu.Options{Performance: edgetpu.Medium, USB: edgetpu.USBOptions{AlwaysDFU: true, MaxBulkInQueueLength: 256}}
	first, err := r.NewDelegate(t.Context(), d, good)
	require.NoError(t, err)
	assert.Equal(t, edgetputest.OpenOptions{Performance: "Medium", AlwaysDFU: true, MaxBulkInQueueLength: 256}, sim.Stats("2-1").Options)

	_, err = r.NewDelegate(t.Context(), d, edgetpu.Options{})
	require.ErrorIs(t, err, edgetpu.ErrDeviceBusy, "the library would ignore other options")
	second, err := r.NewDelegate(t.Context(), d, good)
	require.NoError(t, err)
	assert.Equal(t, 1, sim.Stats("2-1").Opens, "both share the device")
	first.Delete()
	second.Delete()

	third, err := r.NewDelegate(t.Context(), d, edgetpu.Options{})
	require.NoError(t, err)
	assert.Equal(t, edgetputest.OpenOptions{MaxBulkInQueueLength: -1}, sim.Stats("2-1").Options)
	third.Delete()
}

// The device is locked from the first delegate to the last.
func TestDelegateLocks(t *testing.T) {
	edgetputest.New(t, edgetputest.USB("2-1"))
	r, d := load(t), only(t, probe(t))
	holder := func() int {
		pid, _ := edgetpu.LockHolder(d)
		return pid
	}
	first, err := r.NewDelegate(t.Context(), d, edgetpu.Options{})
	require.NoError(t, err)
	second, err := r.NewDelegate(t.Context(), d, edgetpu.Options{})
	require.NoError(t, err)
	first.Delete()
	first.Delete() // twice is once
	assert.Equal(t, os.Getpid(), holder())
	assert.NotNil(t, second.Ptr())
	second.Delete()
	assert.Zero(t, holder())
	assert.Nil(t, second.Ptr())
	(*edgetpu.Delegate)(nil).Delete()

	lock, err := edgetpu.LockDevice(d)
	require.NoError(t, err)
	_, err = r.NewDelegate(t.Context(), d, edgetpu.Options{})
	require.ErrorIs(t, err, edgetpu.ErrDeviceBusy)
	require.NoError(t, lock.Unlock())
}

// What would block the library is refused at once.
func TestDelegateOfUnusableDevice(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.PCIe(0))
	d := only(t, probe(t))
	d.State = edgetpu.Dead
	_, err := load(t).NewDelegate(t.Context(), d, edgetpu.Options{})
	require.ErrorIs(t, err, edgetpu.ErrNoDevice)
	assert.Zero(t, sim.Stats("apex_0").Creates)
}

// The library says nothing when it gives no delegate, so the error says what is found.
func TestDelegateDeclined(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1").Speed(480).With(edgetputest.CreateFails))
	r, d := load(t), only(t, probe(t))
	_, err := r.NewDelegate(t.Context(), d, edgetpu.Options{})
	require.ErrorIs(t, err, edgetpu.ErrDelegateDeclined)
	assert.ErrorContains(t, err, "looks usable")
	assert.ErrorContains(t, err, "480 Mbit/s")
	assert.NotErrorIs(t, err, edgetpu.ErrNoDevice)
	_, locked := edgetpu.LockHolder(d)
	assert.False(t, locked)

	creates := sim.Stats("2-1").Creates
	sim.Unplug("2-1")
	_, err = r.NewDelegate(t.Context(), d, edgetpu.Options{})
	require.ErrorIs(t, err, edgetpu.ErrNoDevice)
	assert.ErrorContains(t, err, "no longer attached")
	assert.Equal(t, creates, sim.Stats("2-1").Creates, "the library, which would look for it for 25 s, is not asked")
	_, err = edgetpu.LockDevice(d)
	require.ErrorIs(t, err, edgetpu.ErrNoDevice, "another lock than that of its port would let a second program in")
}

func TestQuarantine(t *testing.T) {
	r := load(t, fakeLibrary(t, "RuntimeVersion(14)"))
	r.Quarantine("an inference")
	r.Quarantine("something later")
	_, err := r.Devices()
	require.ErrorIs(t, err, edgetpu.ErrRuntimeStuck)
	assert.ErrorContains(t, err, "did not return from an inference")
}

// Who starts a program with more rights than his own does not choose the code that it runs.
func TestVariableOfAPrivilegedProcess(t *testing.T) {
	t.Setenv("CORAL_EDGETPU_LIB", "/tmp/evil.so")
	assert.Equal(t, "/tmp/evil.so", edgetpu.LibraryOfEnvironment(false))
	assert.Empty(t, edgetpu.LibraryOfEnvironment(true))
}
