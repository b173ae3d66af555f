package main

import (
	"os"
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
	if want := os.Getenv("CORAL_EXPECT_TFLITE"); want != "" {
		assert.Equal(t, want, v.TFLite)
	}

	text := succeeded(t, "version")
	assert.Contains(t, text, "TensorFlow Lite")
	assert.Contains(t, text, v.Go)
	assert.Contains(t, text, v.TFLite)
	assert.Equal(t, "coral "+v.Version+"\n", succeeded(t, "--version"))
}
