package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/tflite"
)

// doctor returns the findings, and whether the exit status says that all is well.
func doctor(t *testing.T, args ...string) (findings []edgetpu.Finding, well bool) {
	t.Helper()
	r := coralCommand(t, append([]string{"doctor", "--json"}, args...)...)
	for line := range strings.Lines(r.stdout) {
		var f edgetpu.Finding
		decode(t, line, &f)
		findings = append(findings, f)
	}
	serious := slices.ContainsFunc(findings, func(f edgetpu.Finding) bool { return f.Severity == edgetpu.Error })
	if serious {
		require.Equal(t, statusFailed, r.status)
		requireLine(t, r.stderr)
	} else {
		require.Zero(t, r.status, r.stderr)
		require.Empty(t, r.stderr)
	}
	return findings, !serious
}

func ids(findings []edgetpu.Finding) (ids []string) {
	for _, f := range findings {
		ids = append(ids, f.ID)
	}
	return ids
}

func TestDoctorWithoutDevice(t *testing.T) {
	machine(t)
	t.Setenv("CORAL_EDGETPU_LIB", filepath.Join(t.TempDir(), "missing.so"))
	findings, well := doctor(t)
	assert.False(t, well)
	assert.Equal(t, []string{"no-device", "library-missing", "tflite"}, ids(findings))
	assert.Contains(t, findings[1].Message, "missing.so")

	r := coralCommand(t, "doctor")
	assert.Equal(t, statusFailed, r.status)
	assert.Contains(t, r.stdout, "error no-device\n    no Edge TPU is attached.\n    fix: plug one in")
	assert.Contains(t, r.stderr, "2 of the findings stand in the way")
}

func TestDoctorOfOneDevice(t *testing.T) {
	root := machine(t)
	plugIn(t, root)
	require.NoError(t, os.WriteFile(filepath.Join(root, "sys/bus/usb/devices/2-1/speed"), []byte("480\n"), 0o644))
	for name, value := range map[string]string{"status": "DEAD", "temp": "50000"} {
		path := filepath.Join(root, "sys/class/apex/apex_0", name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(value+"\n"), 0o644))
	}
	require.NoError(t, os.WriteFile(filepath.Join(root, "dev/apex_0"), nil, 0o644))
	for device, want := range map[string]string{"pci": "dead", "/dev/apex_0": "dead", ":1": "usb2", "usb": "usb2", "usb:1": "no-device"} {
		findings, _ := doctor(t, "--device", device)
		assert.Contains(t, ids(findings), want)
		for _, f := range findings {
			assert.True(t, f.ID == want || f.Device == "" || f.Severity == edgetpu.OK, "%s: %s", device, f)
		}
	}
	findings, _ := doctor(t, "--device", "tpu")
	assert.Subset(t, ids(findings), []string{"dead", "usb2"})
}

func TestDoctorErrors(t *testing.T) {
	machine(t)
	assert.Contains(t, failed(t, statusUsage, "doctor", "--device", "cpu"), "--device cpu leaves none")
	assert.Contains(t, failed(t, statusUsage, "doctor", "one.tflite", "more"), `unexpected argument "more"`)
	for _, args := range [][]string{{"-m", "missing.tflite"}, {"missing.tflite"}} {
		assert.Contains(t, failed(t, statusFailed, append([]string{"doctor"}, args...)...), "missing.tflite")
	}
	text := filepath.Join(t.TempDir(), "text.tflite")
	require.NoError(t, os.WriteFile(text, []byte("no model"), 0o644))
	assert.Contains(t, failed(t, statusFailed, "doctor", "-m", text), "not a usable TensorFlow Lite model")
	t.Setenv("UMOCKDEV_DIR", filepath.Join(t.TempDir(), "missing"))
	assert.Contains(t, failed(t, statusFailed, "doctor"), "check the path")
}

func TestChildrenAreHidden(t *testing.T) {
	t.Parallel()
	for _, name := range []string{libraryCommandName, openCommandName, childArgument} {
		assert.NotContains(t, succeeded(t, "--help"), name)
	}
}

// The form for the Edge TPU is looked at, whichever is named.
func TestReadForTPU(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "model", "testdata")
	for _, name := range []string{"pets.tflite", "pets_edgetpu.tflite"} {
		m, file, err := readForTPU(filepath.Join(folder, name))
		require.NoError(t, err)
		assert.True(t, m.IsEdgeTPU())
		assert.Equal(t, filepath.Join(folder, "pets_edgetpu.tflite"), file)
		assert.Empty(t, aboutTwin(file))
	}
	alone := aboutTwin(filepath.Join(t.TempDir(), "x_edgetpu.tflite"))
	require.Len(t, alone, 1)
	assert.Equal(t, edgetpu.Warning, alone[0].Severity)
	assert.Contains(t, alone[0].Fixes[0], "x.tflite")
	assert.Len(t, aboutTwin("compiled.tflite"), 1, "no name by which a twin could be found")
	assert.Empty(t, aboutTwin(""))
	m, _, err := readForTPU(testModel("add"))
	require.NoError(t, err)
	assert.False(t, m.IsEdgeTPU(), "there is no other form")
}

// A CPU that TensorFlow Lite cannot run on is told before a model is opened.
func TestOldCPU(t *testing.T) {
	t.Parallel()
	f := aboutTFLite(tflite.RuntimeInfo{}, fmt.Errorf("it needs SSE4.1: %w", tflite.ErrPlatform))
	assert.Equal(t, edgetpu.Error, f.Severity)
	assert.Equal(t, "cpu-too-old", f.ID)
	assert.Contains(t, f.Message, "it needs SSE4.1")
	assert.Equal(t, tflite.CPUAdvice(), f.Fixes)
}

// Without TensorFlow Lite the command still tells what there is.
func TestVersionWithoutTFLite(t *testing.T) {
	needRuntime(t)
	if info, err := tflite.Runtime(); err == nil && info.Source == tflite.SourceLinked {
		t.Skip("this build of the command is linked with TensorFlow Lite, and does not start without it")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, "version", "--json")
	cmd.Env = append(os.Environ(), tflite.LibraryVariable+"=/nowhere/libtensorflowlite_c.so")
	out, err := cmd.Output()
	require.NoError(t, err)
	var v versionOutput
	decode(t, string(out), &v)
	assert.Empty(t, v.TFLite)
	assert.Contains(t, v.TFLiteError, "/nowhere/libtensorflowlite_c.so")
	assert.False(t, v.XNNPACK)
}

// What the doctor finds says how to get it.
func TestNoTFLite(t *testing.T) {
	needRuntime(t)
	f := aboutTFLite(tflite.RuntimeInfo{}, fmt.Errorf("none: %w", tflite.ErrLibraryNotFound))
	assert.Equal(t, edgetpu.Error, f.Severity)
	assert.Equal(t, "tflite-missing", f.ID)
	assert.Contains(t, f.Fixes[0], "coral fetch-runtime")

	f = aboutTFLite(tflite.Runtime())
	assert.Equal(t, edgetpu.OK, f.Severity)
	assert.Contains(t, f.Message, tflite.Version())
}
