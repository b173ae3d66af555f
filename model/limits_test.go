package model_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

// TestLimits: a model that asks for more memory than allowed is not a bad model, and the
// limit can be raised.
func TestLimits(t *testing.T) {
	m := classifier()
	m.Subgraphs[0].Tensors[3].Shape = []int{1, 256<<20 + 1}
	large := parse(t, m)
	err := large.Verify()
	require.ErrorIs(t, err, model.ErrMemory)
	assert.NotErrorIs(t, err, model.ErrBadModel)
	assert.ErrorContains(t, err, "needs 268435457 bytes, the limit is 268435456")

	assert.NoError(t, large.VerifyWithin(model.Limits{TensorBytes: 512 << 20}), "the other limit is the default")
	err = large.VerifyWithin(model.Limits{TensorBytes: 512 << 20, TotalBytes: 256 << 20})
	require.ErrorIs(t, err, model.ErrMemory)
	require.ErrorIs(t, large.VerifyWithin(model.Limits{}), model.ErrMemory)
	require.ErrorIs(t, large.VerifyWithin(model.Limits{TensorBytes: -1}), model.ErrRange)
	require.ErrorIs(t, large.VerifyWithin(model.Limits{TotalBytes: -1}), model.ErrRange)

	m.Subgraphs[0].Operators[1].Inputs = []int{4}
	err = parse(t, m).VerifyWithin(model.Limits{TensorBytes: 512 << 20})
	assert.ErrorIs(t, err, model.ErrBadModel, "a higher limit excuses nothing else")
}

// TestStringLimits: strings have no fixed size, but each takes some memory.
func TestStringLimits(t *testing.T) {
	for _, c := range []struct {
		shape []int
		fits  bool
	}{
		{nil, true},
		{[]int{16 << 20}, true},
		{[]int{16<<20 + 1}, false},
		{[]int{1 << 16, 1 << 16}, false},
		{[]int{1<<31 - 1, 1<<31 - 1, 1<<31 - 1}, false},
		{[]int{1<<31 - 1, 0, 1<<31 - 1}, true},
	} {
		m := classifier()
		m.Subgraphs[0].Tensors[3] = model.Tensor{Type: model.String, Shape: c.shape}
		err := parse(t, m).Verify()
		if c.fits {
			assert.NoError(t, err, "%v", c.shape)
		} else {
			assert.ErrorIs(t, err, model.ErrMemory, "%v", c.shape)
		}
	}
}

// sparseFile makes a file of the given size that begins with head and takes no space.
func sparseFile(t *testing.T, head []byte, size int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sparse.tflite")
	require.NoError(t, os.WriteFile(path, head, 0o600))
	if err := os.Truncate(path, size); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	return path
}

// TestSparseFile reads files of many gigabytes, which ended the process.
func TestSparseFile(t *testing.T) {
	_, err := model.ReadFile(sparseFile(t, build(classifier()), 20<<30))
	require.ErrorIs(t, err, model.ErrMemory)
	assert.NotErrorIs(t, err, model.ErrBadModel)
	assert.ErrorContains(t, err, "takes 21474836480 bytes, the limit of the format is 2147483647")

	// No more than the beginning is read of what is no model.
	zeros := sparseFile(t, nil, 1<<30)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = model.ReadFile(zeros)
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, model.ErrBadModel)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
}

func TestOnlyRegularFilesAreRead(t *testing.T) {
	_, err := model.ReadFile(t.TempDir())
	require.ErrorIs(t, err, model.ErrBadModel)
	require.ErrorContains(t, err, "is a directory")
	_, err = model.ReadFile(os.DevNull)
	require.ErrorIs(t, err, model.ErrBadModel)
	require.ErrorContains(t, err, "is a device")
	_, err = model.ReadFS(fstest.MapFS{"dir": {Mode: fs.ModeDir}}, "dir")
	require.ErrorIs(t, err, model.ErrBadModel)
}

func TestBytes(t *testing.T) {
	b := build(classifier())
	m, err := model.ReadFS(fstest.MapFS{"m": {Data: b}}, "m")
	require.NoError(t, err)
	assert.Equal(t, b, m.Bytes())
	assert.Nil(t, (*model.Model)(nil).Bytes())
}
