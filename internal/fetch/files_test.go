package fetch_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/fetch"
	"github.com/gocoral/coral/internal/fetch/fetchtest"
)

func TestWriteFileIsAtomic(t *testing.T) {
	dir := t.TempDir()
	dst := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(dst, []byte("old"), 0o644))
	old := func() string {
		data, err := os.ReadFile(dst)
		require.NoError(t, err)
		return string(data)
	}
	// Being killed in the middle leaves what can be seen in the middle.
	middle := readerFunc(func([]byte) (int, error) {
		assert.Equal(t, "old", old())
		return 0, io.EOF
	})
	broken := errors.New("broken")
	err := fetch.WriteFile(dst, 0o644, io.MultiReader(strings.NewReader("new"), middle, iotest.ErrReader(broken)), "")
	require.ErrorIs(t, err, broken)
	assert.Equal(t, "old", old())
	err = fetch.WriteFile(dst, 0o644, io.MultiReader(strings.NewReader("new"), middle), fetchtest.Sum("other"))
	require.ErrorContains(t, err, "has sha256 "+fetchtest.Sum("new"))
	assert.Equal(t, "old", old())

	require.NoError(t, fetch.WriteFile(dst, 0o640, io.MultiReader(strings.NewReader("new"), middle), fetchtest.Sum("new")))
	assert.Equal(t, "new", old())
	info, err := os.Stat(dst)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "no temporary file is left")
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// What is no file is neither read, which would block, nor written over.
func TestWhatIsNoFile(t *testing.T) {
	w := fetchtest.New(t)
	into := "into"
	pipe := filepath.Join(into, "libtensorflowlite_c.so")
	require.NoError(t, os.MkdirAll(pipe, 0o755))
	_, err := w.Fetcher.Runtime(t.Context(), fetch.Request{Into: into})
	require.ErrorContains(t, err, "is in the way")
	require.NoError(t, os.Remove(pipe))
	if err := makePipe(pipe); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	_, err = w.Fetcher.Runtime(t.Context(), fetch.Request{Into: into})
	require.ErrorContains(t, err, "is a pipe")
}
