//go:build cgo && linux

package dl_test

import (
	"bytes"
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// A file may have its size before it has its end: a download that was to fill it, or a machine
// that lost its power.
func TestOpenZerosAtTheEnd(t *testing.T) {
	content, err := os.ReadFile(library(t))
	require.NoError(t, err)
	f, err := elf.NewFile(bytes.NewReader(content))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "libzeros.so")
	for _, p := range f.Progs {
		if p.Type == elf.PT_DYNAMIC {
			const entry = 2 * 64 / 8
			for _, from := range []uint64{p.Off, p.Off + 2*entry} {
				clear(content[max(from, p.Off):])
				require.NoError(t, os.WriteFile(path, content, 0o700))
				refused(t, path, "is damaged: its dynamic section has no DT_")
			}
		}
	}
}

// The loader's search finds a library that was cut short by its name, too, wherever
// LD_LIBRARY_PATH leads. The loader reads that when a program starts, so this one is started
// again.
func TestOpenTruncatedByName(t *testing.T) {
	const name = "libcut-by-name.so"
	if os.Getenv("CORAL_TEST_BY_NAME") != "" {
		t.Setenv("LD_LIBRARY_PATH", "/nowhere") // which is too late
		refused(t, name, "cut short")
		return
	}
	whole := library(t)
	content, err := os.ReadFile(whole)
	require.NoError(t, err)
	cut := func(dir string) string {
		require.NoError(t, os.MkdirAll(dir, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content[:mapped(t, whole)-1], 0o700))
		return dir
	}
	dir := cut(t.TempDir())
	levels := t.TempDir()
	cut(filepath.Join(levels, "glibc-hwcaps", "x86-64-v2"))
	self, err := os.Executable()
	require.NoError(t, err)
	self, err = filepath.EvalSymlinks(self)
	require.NoError(t, err)
	fromSelf, err := filepath.Rel(filepath.Dir(self), dir)
	require.NoError(t, err)
	for what, value := range map[string]string{
		"a folder": dir, "the current folder": "/nowhere:", "semicolons": "/nowhere;" + dir,
		"the program's folder": "$ORIGIN/" + fromSelf, "other processors": levels,
	} {
		t.Run(what, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestOpenTruncatedByName$")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "CORAL_TEST_BY_NAME=1", "LD_LIBRARY_PATH="+value)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
		})
	}
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

// chain makes three libraries, of which each needs the next, and returns the first and the last.
// Flags are for the first, which has the run path, and for the last.
func chain(t *testing.T, first, last []string) (string, string) {
	t.Helper()
	end := dltest.Shared(t, "libcoral-last.so", append(last, dltest.Source(t, "int last(void) { return 1; }"))...)
	dir := filepath.Dir(end)
	middle := dltest.Shared(t, "libcoral-middle.so", dltest.Source(t, "int last(void); int middle(void) { return last(); }"), "-L"+dir, "-lcoral-last")
	require.NoError(t, os.Rename(middle, filepath.Join(dir, "libcoral-middle.so")))
	start := dltest.Shared(t, "libfirst.so", append(first, dltest.Source(t, "int middle(void); int first(void) { return middle(); }"),
		"-Wl,-rpath,"+dir, "-L"+dir, "-lcoral-middle", "-Wl,-rpath-link,"+dir)...)
	return start, end
}

// What the loader does to find a dependency in less common ways.
func TestOpenFindsHarmfulDependencyAsTheLoader(t *testing.T) {
	old := []string{"-Wl,--disable-new-dtags"}
	for what, tt := range map[string]struct {
		last   []string
		change func(t *testing.T, first string)
	}{
		"RPATH counts for all below it":   {},
		"a folder in the name":            {last: []string{"-Wl,-soname,$ORIGIN/libcoral-last.so"}},
		"the file has no section headers": {change: dropSections},
	} {
		t.Run(what, func(t *testing.T) {
			first, last := chain(t, old, tt.last)
			if tt.change != nil {
				tt.change(t, first)
			}
			l, err := dl.Open(first)
			require.NoError(t, err)
			require.NoError(t, l.Close())
			content, err := os.ReadFile(last)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(last, content[:mapped(t, last)-1], 0o700))
			_, err = dl.Open(first)
			require.ErrorIs(t, err, errs.ErrLibraryNotFound)
			assert.ErrorContains(t, err, last+" was cut short")
		})
	}
}

// dropSections cuts the section headers off, and leaves the header as it is.
func dropSections(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.Truncate(path, int64(mapped(t, path))))
}

func TestOpenProgram(t *testing.T) {
	path := dltest.Program(t, "program", dltest.Source(t, "int main(void) { return 0; }"))
	_, err := dl.Open(path)
	require.ErrorIs(t, err, errs.ErrLibraryNotFound)
	if !strings.Contains(err.Error(), "cannot dynamically load") {
		t.Skipf("another C library: %v", err)
	}
	assert.ErrorContains(t, err, "it is a program, not a library")
}

// What a library exports is read from either hash table, and from its name as well.
func TestLacking(t *testing.T) {
	code := dltest.Source(t, "static int secret = 1; int answer(void) { return secret; } int (*question(void))(void) { return answer; }")
	for _, style := range []string{"gnu", "sysv", "both"} {
		path := dltest.Shared(t, "libanswer.so", code, "-Wl,--hash-style="+style)
		assert.Empty(t, dl.Lacking(path, []string{"answer", "question"}), style)
		assert.Equal(t, []string{"secret", "answe"}, dl.Lacking(path, []string{"answer", "secret", "answe"}), style)
	}
	assert.Empty(t, dl.Lacking(code, []string{"answer"}), "which is no ELF file")
	assert.Equal(t, []string{"nothing"}, dl.Lacking("libm.so.6", []string{"cos", "nothing"}))
}

func TestErrorIsOneLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a\nb\x1b[31m.so")
	require.NoError(t, os.Mkdir(path, 0o700)) // which the text of the error names
	_, err := dl.Open(path)
	require.ErrorIs(t, err, errs.ErrLibraryNotFound)
	assert.NotContains(t, err.Error(), "\n")
	assert.NotContains(t, err.Error(), "\x1b")
}
