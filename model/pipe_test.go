//go:build unix

package model_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

// TestPipe reads a pipe that nobody writes to, by path and by file system: an answer
// comes at once.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "pipe.tflite")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	for name, read := range map[string]func() error{
		"path":        func() error { _, err := model.ReadFile(path); return err },
		"file system": func() error { _, err := model.ReadFS(os.DirFS(dir), "pipe.tflite"); return err },
	} {
		done := make(chan error, 1)
		go func() { done <- read() }()
		select {
		case err := <-done:
			require.ErrorIs(t, err, model.ErrBadModel, name)
			assert.ErrorContains(t, err, "pipe.tflite is a pipe, not a regular file", name)
		case <-time.After(time.Minute):
			t.Fatalf("%s: still waiting for a writer", name)
		}
	}
}
