//go:build cgo && linux

package dl_test

import (
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/errs"
)

func refused(t *testing.T, path, says string) {
	t.Helper()
	l, err := dl.Open(path)
	require.Nil(t, l)
	require.ErrorIs(t, err, errs.ErrLibraryNotFound)
	failure, ok := errors.AsType[*dl.Error](err)
	require.True(t, ok)
	assert.Equal(t, dl.NotLibrary, failure.Reason)
	assert.ErrorContains(t, err, says)
}

// The loader would open a pipe, and wait for somebody to write into it.
func TestOpenPipe(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.so")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	refused(t, pipe, "is a pipe")
	link := filepath.Join(dir, "link.so")
	require.NoError(t, os.Symlink(pipe, link))
	refused(t, link, "is a pipe")
	refused(t, dir+"/", "is a directory")
	refused(t, "/dev/zero", "is a device")
}

// The loader maps what the headers say, and the first touch of a page that the file does
// not have ends the process.
func TestOpenTruncated(t *testing.T) {
	content, err := os.ReadFile(library(t))
	require.NoError(t, err)
	end := mapped(t, library(t))
	require.Less(t, end, len(content), "the section headers lie behind what is mapped")
	path := filepath.Join(t.TempDir(), "libcut.so")
	for size := end - 1; size > 1024; size -= max(1, size/10) {
		require.NoError(t, os.WriteFile(path, content[:size], 0o700))
		refused(t, path, "cut short")
	}
	for size := range min(1024, end) { // parts of the headers
		require.NoError(t, os.WriteFile(path, content[:size], 0o700))
		_, err := dl.Open(path)
		require.ErrorIs(t, err, errs.ErrLibraryNotFound, "%d bytes", size)
	}
	require.NoError(t, os.WriteFile(path, content[:end], 0o700))
	l, err := dl.Open(path)
	require.NoError(t, err, "the loader needs no section headers")
	require.NoError(t, l.Close())
}

// mapped is where the last segment of a library ends.
func mapped(t *testing.T, path string) (end int) {
	t.Helper()
	f, err := elf.Open(path)
	require.NoError(t, err)
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD {
			end = max(end, int(p.Off+p.Filesz))
		}
	}
	return end
}

// The loader's search finds a library that was cut short by its name, too. The loader
// reads LD_LIBRARY_PATH when a program starts, so this one is started again.
func TestOpenTruncatedByName(t *testing.T) {
	const name = "libcut-by-name.so"
	if os.Getenv("CORAL_TEST_BY_NAME") != "" {
		refused(t, name, "cut short")
		return
	}
	whole := library(t)
	content, err := os.ReadFile(whole)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), content[:mapped(t, whole)-1], 0o700))
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestOpenTruncatedByName$")
	cmd.Env = append(os.Environ(), "CORAL_TEST_BY_NAME=1", "LD_LIBRARY_PATH="+dir)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
