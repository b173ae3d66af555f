package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/tflite"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	var v versionOutput
	decode(t, succeeded(t, "version", "--json"), &v)
	assert.NotEmpty(t, v.Version)
	assert.Equal(t, runtime.Version(), v.Go)
	assert.Equal(t, runtime.GOOS+"/"+runtime.GOARCH, v.OS+"/"+v.Arch)
	assert.Equal(t, tflite.HasXNNPACK(), v.XNNPACK)
	assert.ElementsMatch(t, tflite.MissingCPUFeatures(), v.CPUMissing)
	if want := os.Getenv("CORAL_EXPECT_TFLITE"); want != "" {
		assert.Equal(t, want, v.TFLite)
	}

	text := succeeded(t, "version")
	assert.Contains(t, text, "TensorFlow Lite")
	assert.Contains(t, text, v.Go)
	assert.Contains(t, text, v.TFLite)
	assert.Equal(t, "coral "+v.Version+"\n", succeeded(t, "--version"))
}

// Both native libraries are told by their files.
func TestVersionOfLibraries(t *testing.T) {
	needRuntime(t)
	missing := filepath.Join(t.TempDir(), "missing.so")
	t.Setenv("CORAL_EDGETPU_LIB", missing)
	var v versionOutput
	decode(t, succeeded(t, "version", "--json"), &v)
	assert.Contains(t, v.EdgeTPU.Error, missing)
	assert.Empty(t, v.EdgeTPU.Version)
	assert.Contains(t, succeeded(t, "version"), "libedgetpu       none: ")
	if runtime.GOOS == "linux" {
		assert.FileExists(t, v.TFLitePath)
		assert.Contains(t, succeeded(t, "version"), v.TFLite+", "+v.TFLitePath)
	}
	other := filepath.Join(t.TempDir(), "other.so")
	decode(t, succeeded(t, "version", "--json", "--edgetpu-lib", other), &v)
	assert.Contains(t, v.EdgeTPU.Error, other)
}
