//go:build unix

package vision_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

// Nobody writes to this pipe: to open it would be to wait for ever.
func TestReadLabelsPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "labels.txt")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	_, err := vision.ReadLabels(path)
	require.ErrorIs(t, err, vision.ErrLabels)
	assert.ErrorContains(t, err, "is a pipe, not a regular file")
}
