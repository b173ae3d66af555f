package model_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

// Coral's own models are not part of this repository. Where they lie beside it,
// the tests of this file read them.
const coralModels = "../../shared/testdata/models"

func coralModelFiles(t *testing.T) []string {
	t.Helper()
	if _, err := os.Stat(coralModels); errors.Is(err, fs.ErrNotExist) {
		t.Skip("Coral's models are not beside the repository")
	}
	paths, err := filepath.Glob(filepath.Join(coralModels, "*.tflite"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return paths
}

// TestCoralModels reads and verifies every model.
func TestCoralModels(t *testing.T) {
	for _, path := range coralModelFiles(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			m, err := model.ReadFile(path)
			require.NoError(t, err)
			assert.NoError(t, m.Verify())
			assert.NotEmpty(t, m.Inputs())
			assert.NotEmpty(t, m.Operators())
			assert.Equal(t, strings.Contains(path, "lstm"), m.HasVariables())

			compiled := strings.HasSuffix(path, "_edgetpu.tflite")
			assert.Equal(t, compiled, m.IsEdgeTPU())
			tpu, err := m.EdgeTPU()
			require.NoError(t, err)
			if compiled {
				assert.Equal(t, 1, tpu.Ops)
				assert.Contains(t, []int{12, 13}, tpu.MinRuntimeVersion)
				require.Len(t, tpu.Executables, 2)
				assert.Equal(t, tpu.Executables[0].ParameterCachingToken, tpu.Executables[1].ParameterCachingToken)
				assert.Positive(t, tpu.CachedBytes())
			}
		})
	}
}

// TestCoralTwins compares each compiled model with the one it was compiled from.
func TestCoralTwins(t *testing.T) {
	pairs := 0
	for _, path := range coralModelFiles(t) {
		cpu, found := strings.CutSuffix(path, "_edgetpu.tflite")
		if !found {
			continue
		}
		original, err := model.ReadFile(cpu + ".tflite")
		if errors.Is(err, fs.ErrNotExist) {
			continue // Two are compiled together and have no model of that name.
		}
		require.NoError(t, err)
		compiled, err := model.ReadFile(path)
		require.NoError(t, err)
		assert.NoError(t, model.SameInterface(original, compiled), path)
		pairs++
	}
	assert.Equal(t, 7, pairs)
}

func TestCoralMismatch(t *testing.T) {
	coralModelFiles(t)
	a, err := model.ReadFile(filepath.Join(coralModels, "mobilenet_v1_0.25_128_quant.tflite"))
	require.NoError(t, err)
	b, err := model.ReadFile(filepath.Join(coralModels, "mobilenet_v1_0.75_192_quant_edgetpu.tflite"))
	require.NoError(t, err)
	err = model.SameInterface(a, b)
	require.ErrorIs(t, err, model.ErrTwinMismatch)
	assert.ErrorContains(t, err, "shape [1 128 128 3] and [1 192 192 3]")
}

// TestCoralExecutable checks against what libedgetpu was seen to send over USB for
// this model: 12,624 bytes of instructions and 566,912 of parameters, then 170,032
// of instructions and 49,152 of input, for 1,008 of output.
func TestCoralExecutable(t *testing.T) {
	coralModelFiles(t)
	m, err := model.ReadFile(filepath.Join(coralModels, "mobilenet_v1_0.25_128_quant_edgetpu.tflite"))
	require.NoError(t, err)
	tpu, err := m.EdgeTPU()
	require.NoError(t, err)
	run, load := tpu.Executables[0], tpu.Executables[1]
	assert.Equal(t, model.ParameterCaching, load.Type)
	assert.Equal(t, 12624, load.InstructionBytes)
	assert.Equal(t, 566912, load.ParameterBytes)
	assert.Equal(t, model.ExecutionOnly, run.Type)
	assert.Equal(t, 170032, run.InstructionBytes)
	assert.Equal(t, 49152, run.Inputs[0].Bytes)
	assert.Equal(t, 1008, run.Outputs[0].Bytes)
	assert.True(t, run.DeterministicDMA)
}

// TestCoralDMA has the one model that libedgetpu refuses to run on USB, because
// its transfers cannot be planned.
func TestCoralDMA(t *testing.T) {
	coralModelFiles(t)
	m, err := model.ReadFile(filepath.Join(coralModels, "keras_lstm_mnist_ptq_edgetpu.tflite"))
	require.NoError(t, err)
	tpu, err := m.EdgeTPU()
	require.NoError(t, err)
	assert.False(t, tpu.Executables[0].DeterministicDMA)
}

// TestCoralLabels compares the labels inside a model with the file of them.
func TestCoralLabels(t *testing.T) {
	coralModelFiles(t)
	m, err := model.ReadFile(filepath.Join(coralModels, "mobilenet_v2_1.0_224_quant.tflite"))
	require.NoError(t, err)
	text, err := os.ReadFile("../../shared/testdata/labels/imagenet_labels.txt")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(labelText(t, m)), "\n")
	assert.Len(t, lines, 1001)
	assert.Equal(t, strings.Split(strings.TrimSpace(string(text)), "\n"), lines)
}

// TestCoralMutants damages real models at random, mostly near their ends where
// the tables are, and reads what remains.
func TestCoralMutants(t *testing.T) {
	paths := coralModelFiles(t)
	n := 200
	if testing.Short() {
		n = 20
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, path := range paths {
		original, err := os.ReadFile(path)
		require.NoError(t, err)
		b := append([]byte(nil), original...)
		survived := 0
		for range n {
			at := damage(rng, b)
			if useAll(b) {
				survived++
			}
			copy(b[at:], original[at:min(at+4, len(b))])
		}
		assert.Positive(t, survived, path)
	}
}

// damage changes up to four bytes of b and returns where they begin.
func damage(rng *rand.Rand, b []byte) int {
	at := rng.IntN(len(b))
	if rng.IntN(4) > 0 {
		at = max(0, len(b)-1-rng.IntN(min(len(b), 60000)))
	}
	values := []byte{0, 1, 0x7f, 0x80, 0xff, byte(rng.Uint32())}
	for i := at; i < min(at+1+rng.IntN(4), len(b)); i++ {
		b[i] = values[rng.IntN(len(values))]
	}
	return at
}
