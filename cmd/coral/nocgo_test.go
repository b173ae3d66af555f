//go:build !cgo

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Without cgo everything but running a model works, and that says what is missing.
func TestWithoutCgo(t *testing.T) {
	t.Parallel()
	succeeded(t, "devices")
	succeeded(t, "inspect", testModel("add"))
	assert.Contains(t, succeeded(t, "version"), "none: tflite: load library: TensorFlow Lite needs cgo")

	picture := writeFile(t, "picture.png", pngBytes(t, 8, 8))
	for _, args := range [][]string{
		{"classify", "-m", testModel("tiny_float"), picture},
		{"bench", "-m", testModel("add")},
		{"run", "-m", testModel("add"), "--zero-inputs", "--output", t.TempDir()},
	} {
		assert.Contains(t, failed(t, statusFailed, args...), "CGO_ENABLED=1")
	}
}
