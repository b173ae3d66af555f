package files_test

import (
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
