//go:build cgo && !windows

package dl_test

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/dl/dltest"
	"github.com/gocoral/coral/internal/errs"
)

func library(t *testing.T) string {
	t.Helper()
	return dltest.Shared(t, "libanswer.so", dltest.Source(t, "int answer = 42; int ask(void) { return answer; }"))
}

func TestOpenAndSymbol(t *testing.T) {
	path := library(t)
	l, err := dl.Open(path)
	require.NoError(t, err)
	assert.Equal(t, path, l.Path())

	address, err := l.Symbol("answer")
	require.NoError(t, err)
	assert.Equal(t, int32(42), *(*int32)(address), "the symbol's own memory")

	_, err = l.Symbol("question")
	require.ErrorIs(t, err, dl.ErrNoSymbol)
	assert.ErrorContains(t, err, "question", "the loader's text")

	for _, name := range []string{"", "answer\x00x"} {
		_, err = l.Symbol(name)
		assert.ErrorIs(t, err, dl.ErrNoSymbol, "%q", name)
	}

	require.NoError(t, l.Close())
	require.NoError(t, l.Close())
	_, err = l.Symbol("answer")
	assert.ErrorIs(t, err, errs.ErrClosed)
	assert.NoError(t, (*dl.Library)(nil).Close())
}

// A bare name is searched for; the path found is told.
func TestPathOfSearchedLibrary(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has libc.so.6")
	}
	l, err := dl.Open("libc.so.6")
	if err != nil {
		t.Skipf("no glibc here: %v", err)
	}
	t.Cleanup(func() { assert.NoError(t, l.Close()) })
	assert.True(t, filepath.IsAbs(l.Path()), l.Path())
	assert.FileExists(t, l.Path())
}

// The loader has three causes for "No such file" and more for the rest; each test
// makes one of them.
func TestOpenFailures(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, content, 0o755))
		return path
	}
	needy := needyLibrary(t)
	text := file("libtext.so", []byte("no library"))
	undefined := dltest.Shared(t, "libundefined.so",
		dltest.Source(t, "int nowhere(void); int ask(void) { return nowhere(); }"), undefinedAllowed())

	tests := []struct {
		name, path string
		reason     dl.Reason
		contains   string
	}{
		{"absent file", filepath.Join(dir, "libabsent.so"), dl.NotFound, "there is no such file"},
		{"absent name", "libcoral-absent-test.so", dl.NotFound, "install the package"},
		{"absent dependency", needy, dl.MissingDependency, "libcoral-dependency.so"},
		{"text file", text, dl.NotLibrary, "damaged"},
		{"undefined symbol", undefined, dl.VersionMismatch, "nowhere"},
		{"folder", dir, dl.NotLibrary, ""},
		{"empty", "", dl.Unknown, "no library has such a name"},
		{"NUL", text + "\x00", dl.Unknown, "no library has such a name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := dl.Open(tt.path)
			require.ErrorIs(t, err, errs.ErrLibraryNotFound)
			assert.Nil(t, l)
			failure, ok := errors.AsType[*dl.Error](err)
			require.True(t, ok, "%T", err)
			assert.ErrorContains(t, err, tt.contains)
			if runtime.GOOS == "linux" {
				assert.Equal(t, tt.reason, failure.Reason, err)
			}
			assert.NotEmpty(t, failure.Text)
			assert.Equal(t, tt.path, failure.Path)
		})
	}
}

// undefinedAllowed is what macOS's linker wants to leave a symbol open.
func undefinedAllowed() string {
	if runtime.GOOS == "darwin" {
		return "-Wl,-undefined,dynamic_lookup"
	}
	return "-O1"
}

// needyLibrary makes a library and takes away the one it needs.
func needyLibrary(t *testing.T) string {
	t.Helper()
	dependency := dltest.Shared(t, "libcoral-dependency.so", dltest.Source(t, "int give(void) { return 1; }"))
	needy := dltest.Shared(t, "libneedy.so",
		dltest.Source(t, "int give(void); int ask(void) { return give(); }"),
		"-L"+filepath.Dir(dependency), "-lcoral-dependency")
	require.NoError(t, os.Remove(dependency))
	return needy
}

// A library for another processor: glibc says of it that there is no such file, or
// that its ELF class is wrong, depending on which.
func TestOpenWrongPlatform(t *testing.T) {
	if runtime.GOOS != "linux" || (runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64") {
		t.Skip("needs little-endian 64-bit ELF")
	}
	content, err := os.ReadFile(library(t))
	require.NoError(t, err)
	const classAt, machineAt = 4, 18

	t.Run("machine", func(t *testing.T) {
		other := elf.EM_RISCV
		binary.LittleEndian.PutUint16(content[machineAt:], uint16(other))
		path := filepath.Join(t.TempDir(), "libother.so")
		require.NoError(t, os.WriteFile(path, content, 0o755))
		_, err := dl.Open(path)
		failure, ok := errors.AsType[*dl.Error](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, dl.WrongPlatform, failure.Reason, err)
		assert.ErrorContains(t, err, "built for riscv64, this program for "+runtime.GOARCH)
	})
	t.Run("class", func(t *testing.T) {
		content[classAt] = byte(elf.ELFCLASS32)
		path := filepath.Join(t.TempDir(), "libother.so")
		require.NoError(t, os.WriteFile(path, content, 0o755))
		_, err := dl.Open(path)
		failure, ok := errors.AsType[*dl.Error](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, dl.WrongPlatform, failure.Reason, err)
		assert.ErrorContains(t, err, "wrong ELF class")
	})
}

// A library in the current folder is not found by its bare name, to the surprise
// of whoever put it there.
func TestOpenBareNameOfLocalFile(t *testing.T) {
	path := library(t)
	t.Chdir(filepath.Dir(path))
	_, err := dl.Open(filepath.Base(path))
	require.ErrorIs(t, err, errs.ErrLibraryNotFound)
	if runtime.GOOS == "linux" {
		assert.ErrorContains(t, err, "write ./libanswer.so")
	}
	l, err := dl.Open("./" + filepath.Base(path))
	require.NoError(t, err)
	require.NoError(t, l.Close())
}

// Each goroutine gets the text of its own failure, whatever thread it is on.
func TestConcurrentFailuresKeepTheirTexts(t *testing.T) {
	path := library(t)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			name := "missing_" + string(rune('a'+i))
			for range 200 {
				l, err := dl.Open(path)
				if !assert.NoError(t, err) {
					return
				}
				_, err = l.Symbol(name)
				assert.ErrorContains(t, err, name)
				_, err = dl.Open("/nowhere/" + name)
				assert.ErrorContains(t, err, name)
				assert.NoError(t, l.Close())
			}
		})
	}
	group.Wait()
}
