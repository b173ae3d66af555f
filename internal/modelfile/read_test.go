package modelfile_test

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/modelfile"
)

func model(size int) []byte {
	b := make([]byte, size)
	copy(b[4:], "TFL3")
	return b
}

func TestRead(t *testing.T) {
	asked := -1
	allocate := func(size int) ([]byte, error) {
		asked = size
		return make([]byte, size), nil
	}
	for _, size := range []int{8, 1024, 1025, 5000} {
		b, err := modelfile.Read(bytes.NewReader(model(size)), int64(size), allocate)
		require.NoError(t, err)
		assert.Equal(t, model(size), b)
		assert.Equal(t, size, asked)
	}

	_, err := modelfile.Read(bytes.NewReader(model(2000)), 3000, allocate)
	require.ErrorIs(t, err, errs.ErrBadModel)
	assert.ErrorContains(t, err, "read stopped before 3000 bytes")

	asked = -1
	_, err = modelfile.Read(bytes.NewReader(make([]byte, 2000)), 1<<40, allocate)
	require.ErrorIs(t, err, errs.ErrBadModel)
	_, err = modelfile.Read(bytes.NewReader(model(2000)), modelfile.MaxBytes+1, allocate)
	require.ErrorIs(t, err, errs.ErrMemory)
	assert.ErrorContains(t, err, "takes 2147483648 bytes, the limit of the format is 2147483647")
	assert.Equal(t, -1, asked, "no memory is taken for what is not read")

	failed := errors.New("none left")
	_, err = modelfile.Read(bytes.NewReader(model(2000)), 2000, func(int) ([]byte, error) { return nil, failed })
	require.ErrorIs(t, err, failed)
}

func TestOpen(t *testing.T) {
	_, err := modelfile.Open(t.TempDir())
	require.ErrorIs(t, err, errs.ErrBadModel)
	_, err = modelfile.OpenFS(nil, "m.tflite")
	require.ErrorIs(t, err, fs.ErrInvalid)
}
