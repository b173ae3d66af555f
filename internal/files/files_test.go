package files_test

import (
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/files"
)

func TestRegular(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, files.Regular(path))
	require.NoError(t, os.Symlink(path, filepath.Join(dir, "link")))
	require.NoError(t, files.Regular(filepath.Join(dir, "link")))

	require.ErrorIs(t, files.Regular(filepath.Join(dir, "missing")), fs.ErrNotExist)
	require.EqualError(t, files.Regular(dir), dir+" is a directory, not a regular file")
	require.ErrorContains(t, files.Regular(os.DevNull), "is a device")
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	defer l.Close()
	require.ErrorContains(t, files.Regular(socket), "is a socket")
}

func TestKind(t *testing.T) {
	for mode, want := range map[fs.FileMode]string{
		0o644:                             "a file",
		fs.ModeDir:                        "a directory",
		fs.ModeNamedPipe:                  "a pipe",
		fs.ModeSocket:                     "a socket",
		fs.ModeDevice:                     "a device",
		fs.ModeDevice | fs.ModeCharDevice: "a device",
	} {
		assert.Equal(t, want, files.Kind(mode))
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("content"), 0o600))
	for name, open := range map[string]func(name string) (fs.File, error){
		"path":        func(name string) (fs.File, error) { return files.Open(filepath.Join(dir, name)) },
		"file system": func(name string) (fs.File, error) { return files.OpenFS(os.DirFS(dir), name) },
	} {
		t.Run(name, func(t *testing.T) {
			f, err := open("file")
			require.NoError(t, err)
			content, err := io.ReadAll(f)
			require.NoError(t, err)
			require.Equal(t, "content", string(content))
			require.NoError(t, f.Close())
			_, err = open(".")
			require.ErrorIs(t, err, files.ErrNotRegular)
			_, err = open("missing")
			require.ErrorIs(t, err, fs.ErrNotExist)
		})
	}
}
