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
	"github.com/gocoral/coral/internal/dl/dltest"
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

// What the loader finds for a library that is needed is looked at as well, and what that
// needs, and so on: here the library, its dependency, and the dependency of that one.
func TestOpenWithHarmfulDependency(t *testing.T) {
	harm := map[string]func(t *testing.T, path string){
		"was cut short": func(t *testing.T, path string) {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, content[:mapped(t, path)-1], 0o700))
		},
		"is a pipe": func(t *testing.T, path string) {
			require.NoError(t, os.Remove(path))
			require.NoError(t, syscall.Mkfifo(path, 0o600))
		},
	}
	for form, tag := range map[string]string{"RUNPATH": "-Wl,--enable-new-dtags", "RPATH": "-Wl,--disable-new-dtags"} {
		for says, damage := range harm {
			t.Run(form+" "+says, func(t *testing.T) {
				last := dltest.Shared(t, "libcoral-last.so", dltest.Source(t, "int last(void) { return 1; }"))
				middle := dltest.Shared(t, "libcoral-middle.so", dltest.Source(t, "int last(void); int middle(void) { return last(); }"),
					tag, "-Wl,-rpath,"+filepath.Dir(last), "-L"+filepath.Dir(last), "-lcoral-last")
				first := filepath.Join(filepath.Dir(middle), "libfirst.so")
				built := dltest.Shared(t, "libfirst.so", dltest.Source(t, "int middle(void); int first(void) { return middle(); }"),
					tag, "-Wl,-rpath,$ORIGIN", "-L"+filepath.Dir(middle), "-lcoral-middle")
				require.NoError(t, os.Rename(built, first))
				l, err := dl.Open(first)
				require.NoError(t, err)
				require.NoError(t, l.Close())

				damage(t, last)
				_, err = dl.Open(first)
				require.ErrorIs(t, err, errs.ErrLibraryNotFound)
				failure, ok := errors.AsType[*dl.Error](err)
				require.True(t, ok)
				assert.Equal(t, dl.MissingDependency, failure.Reason)
				assert.ErrorContains(t, err, "it needs libcoral-last.so, and ")
				assert.ErrorContains(t, err, last)
				assert.ErrorContains(t, err, says)
			})
		}
	}
}
