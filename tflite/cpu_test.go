package tflite_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
)

// emulator finds qemu, which makes old processors.
func emulator(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skipf("on %s/%s no runtime needs more than the baseline", runtime.GOOS, runtime.GOARCH)
	}
	for _, name := range []string{"qemu-x86_64-static", "qemu-x86_64"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("CI installs qemu-user-static, and there is no qemu-x86_64")
	}
	t.Skip("no qemu-x86_64 here")
	return ""
}

// On a processor that lacks what the runtime needs there is an error, not a signal, and
// what runs there is not refused.
func TestOldProcessors(t *testing.T) {
	qemu := emulator(t)
	tags := ""
	if info, err := tflite.Runtime(); err == nil && info.Source == tflite.SourceLinked {
		tags = "tflite_link"
	}
	program := filepath.Join(t.TempDir(), "oldcpu")
	out, err := exec.Command("go", "build", "-tags", tags, "-o", program, "./testdata/oldcpu").CombinedOutput()
	require.NoError(t, err, "%s", out)
	library := runtimePath(t)
	for cpu, missing := range map[string]string{
		"qemu64":   "SSSE3, SSE4.1, SSE4.2, POPCNT",
		"core2duo": "SSE4.1, SSE4.2, POPCNT",
		"Penryn":   "SSE4.2, POPCNT", // SSE4.1 is not enough
		"Nehalem":  "",
	} {
		cmd := exec.Command(qemu, "-cpu", cpu, program, "testdata/tiny_int8.tflite")
		cmd.Env = append(os.Environ(), tflite.LibraryVariable+"="+library) // or another version would be taken instead
		out, err := cmd.CombinedOutput()
		if missing == "" || minor(t) != 17 {
			assert.NoError(t, err, "%s: %s", cpu, out)
			assert.Contains(t, string(out), "it runs")
			continue
		}
		failure, ok := err.(*exec.ExitError)
		require.True(t, ok, "%s: %v", cpu, err)
		assert.Equal(t, 1, failure.ExitCode(), "%s: %s", cpu, out)
		assert.Contains(t, string(out), "TensorFlow Lite 2.17.1 needs a processor with "+missing+": take runtime 2.20.0 or 2.9.0")
	}
	assert.Empty(t, tflite.MissingCPUFeatures(), "of the machine that runs the tests")
}

// runtimePath is the library that the tests use.
func runtimePath(t *testing.T) string {
	t.Helper()
	info, err := tflite.Runtime()
	require.NoError(t, err)
	return info.Path
}
