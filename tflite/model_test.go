package tflite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".tflite"))
	require.NoError(t, err)
	return b
}

// TestConstantsBehindTheModel runs models whose constants lie behind the FlatBuffer, as
// converters write large ones. The runtimes' C API does not look there: an LSTM crashed,
// and strings were empty.
func TestConstantsBehindTheModel(t *testing.T) {
	for _, name := range []string{
		"tiny_int8", "tiny_float", "tiny_float16", "tiny_dynamic", "lstm", "stateful", "per_channel",
		"vocabulary", "string_constant", "string_gather", "while",
	} {
		t.Run(name, func(t *testing.T) {
			inside := fixture(t, name)
			want, got := results(t, inside), results(t, tflitewriter.Behind(inside))
			assert.Equal(t, want, got)
		})
	}
}

// results are the outputs of two inferences of a model.
func results(t *testing.T, b []byte) (values []any) {
	t.Helper()
	m, err := tflite.NewModel(b)
	require.NoError(t, err)
	defer m.Close()
	i, err := tflite.NewInterpreter(m)
	require.NoError(t, err)
	defer i.Close()
	for k := range i.InputCount() {
		fill(t, input(t, i, k))
	}
	for range 2 {
		invoke(t, i)
		for k := range i.OutputCount() {
			v, err := output(t, i, k).Value()
			require.NoError(t, err)
			values = append(values, v)
		}
	}
	return values
}

// fill sets an input to small numbers, or to empty strings.
func fill(t *testing.T, tensor *tflite.Tensor) {
	t.Helper()
	n := tensor.Elements()
	switch tensor.Type() {
	case tflite.TypeString:
		require.NoError(t, tensor.SetStrings(make([]string, n)))
	case tflite.TypeFloat32:
		values := make([]float32, n)
		for k := range values {
			values[k] = float32(1 + k%7)
		}
		require.NoError(t, tflite.Set(tensor, values))
	default:
		b := make([]byte, tensor.ByteSize())
		b[0] = 1
		require.NoError(t, tensor.SetBytes(b))
	}
}

// TestUnusableSignature has a signature that names a tensor which is not there, as
// TensorFlow 2.5 left some.
func TestUnusableSignature(t *testing.T) {
	parsed, err := model.Parse(fixture(t, "two_signatures"))
	require.NoError(t, err)
	parsed.Signatures[0].Outputs[0].Tensor = 77
	m, err := tflite.NewModel(tflitewriter.Model(parsed, nil))
	require.NoError(t, err)
	defer m.Close()
	i, err := tflite.NewInterpreter(m)
	require.NoError(t, err, "the graph is sound")
	defer i.Close()
	needSignatures(t)
	keys, err := i.Signatures()
	require.NoError(t, err)
	assert.Equal(t, []string{"mul"}, keys)
	_, err = i.Signature("add")
	require.ErrorIs(t, err, tflite.ErrNotFound)
	assert.ErrorContains(t, err, "is tensor 77, which is no output of subgraph 0")
	_, err = i.Signature("mul")
	require.NoError(t, err)
}

// TestSignatureOfFewerNames has a signature that names no input of the two there are. The
// runtime counts them by the graph, and read names past the end.
func TestSignatureOfFewerNames(t *testing.T) {
	needSignatures(t)
	for _, names := range []int{0, 1} {
		parsed, err := model.Parse(fixture(t, "two_signatures"))
		require.NoError(t, err)
		parsed.Signatures[0].Inputs = parsed.Signatures[0].Inputs[:names]
		m, err := tflite.NewModel(tflitewriter.Model(parsed, nil))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, m.Close()) })
		i, err := tflite.NewInterpreter(m)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, i.Close()) })
		_, err = i.Signature("add")
		require.ErrorIs(t, err, tflite.ErrNotFound)
	}
}

// TestModelLimits: too much memory is no fault of the model, and the limit can be raised.
func TestModelLimits(t *testing.T) {
	path := filepath.Join("testdata", "add.tflite")
	small := tflite.WithModelLimits(model.Limits{TensorBytes: 31}) // A tensor of it takes 32.
	_, err := tflite.LoadModel(path, small)
	require.ErrorIs(t, err, tflite.ErrMemory)
	assert.NotErrorIs(t, err, tflite.ErrBadModel)
	assert.ErrorContains(t, err, "needs 32 bytes, the limit is 31")
	_, err = tflite.NewModel(fixture(t, "add"), small)
	require.ErrorIs(t, err, tflite.ErrMemory)
	_, err = tflite.LoadModelFS(os.DirFS("testdata"), "add.tflite", small)
	require.ErrorIs(t, err, tflite.ErrMemory)

	m, err := tflite.LoadModel(path, nil, small, tflite.WithModelLimits(model.Limits{TensorBytes: 32}))
	require.NoError(t, err)
	require.NoError(t, m.Close())
}

// TestSparseFile loads files of many gigabytes that take no space on the disk.
func TestSparseFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sparse.tflite")
	for content, want := range map[string]error{"": tflite.ErrBadModel, string(fixture(t, "add")): tflite.ErrMemory} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		if err := os.Truncate(path, 20<<30); err != nil {
			t.Skipf("no sparse files here: %v", err)
		}
		_, err := tflite.LoadModel(path)
		require.ErrorIs(t, err, want)
	}
}
