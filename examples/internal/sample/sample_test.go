package sample_test

import (
	"io"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/examples/internal/sample"
)

func TestSampleIsThere(t *testing.T) {
	assert.FileExists(t, filepath.Join("..", "..", "..", sample.Model))
}

func TestExplain(t *testing.T) {
	_, err := coral.Open(sample.Model) // from here it is not to be found
	err = sample.Explain(err, sample.Model)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, "or name a model with -m")

	assert.Equal(t, fs.ErrNotExist, sample.Explain(fs.ErrNotExist, "other.tflite"))
	assert.Equal(t, io.EOF, sample.Explain(io.EOF, sample.Model))
	assert.NoError(t, sample.Explain(nil, sample.Model))
}
