//go:build unix

package main

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A text that is the name of a file is not read, and a pipe is not waited for.
func TestRunWaitsForNoPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	array := pipe + ".npy"
	require.NoError(t, syscall.Mkfifo(array, 0o600))
	for value, says := range map[string]string{
		pipe:                     "is not a float32 number",
		"/dev/zero":              "is not a float32 number",
		"@" + pipe:               "is a pipe, not a regular file",
		"@/dev/zero":             "is a device, not a regular file",
		array:                    "is a pipe, not a regular file",
		"@" + filepath.Dir(pipe): "is a directory, not a regular file",
	} {
		assert.Contains(t, failed(t, statusFailed, "run", testModel("add"), "--zero-inputs", "--input", "0="+value), says, value)
	}
}
