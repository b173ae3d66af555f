package model_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/model"
)

// What conformance_test.go reads of Coral's models is read here of models that every
// checkout has: the repository's own, generated ones and fetched ones, compiled by
// edgetputest, and a fetched one that Google's compiler made.

// fetched reads a model that coral-runtime fetches. CI has it.
func fetched(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "third_party", "models", name))
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("run make models: %v", err)
	}
	require.NoError(t, err)
	return b
}

// originals are models that can be compiled.
var originals = map[string]func(testing.TB) []byte{
	"tiny_int8":  func(t testing.TB) []byte { return testModel(t, "tiny_int8") },
	"tiny_uint8": func(t testing.TB) []byte { return testModel(t, "tiny_uint8") },
	"detector":   func(testing.TB) []byte { return edgetputest.Detector() },
	"mobilenet":  func(t testing.TB) []byte { return fetched(t, "mobilenet_quant_v1_224.tflite") },
	"ssd":        func(t testing.TB) []byte { return fetched(t, "ssd_detect.tflite") },
}

func testModel(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "tflite", "testdata", name+".tflite"))
	require.NoError(t, err)
	return b
}

func lookAlike(t testing.TB, b []byte, opts ...edgetputest.CompileOption) []byte {
	t.Helper()
	compiled, err := edgetputest.Compile(b, opts...)
	require.NoError(t, err)
	return compiled
}

func TestLookAlikes(t *testing.T) {
	for name, read := range originals {
		t.Run(name, func(t *testing.T) {
			b := read(t)
			original, err := model.Parse(b)
			require.NoError(t, err)
			m, err := model.Parse(lookAlike(t, b))
			require.NoError(t, err)
			require.NoError(t, m.Verify())
			assert.False(t, original.IsEdgeTPU())
			assert.True(t, m.IsEdgeTPU())
			require.NoError(t, model.SameInterface(original, m))
			requirePackage(t, m)
		})
	}
}

// requirePackage checks what is true of all models with one operator for the Edge TPU.
func requirePackage(t *testing.T, m *model.Model) {
	t.Helper()
	tpu, err := m.EdgeTPU()
	require.NoError(t, err)
	assert.Equal(t, 1, tpu.Ops)
	require.Len(t, tpu.Executables, 2)
	run, cache := tpu.Executables[0], tpu.Executables[1]
	assert.Equal(t, model.ExecutionOnly, run.Type)
	assert.Equal(t, model.ParameterCaching, cache.Type)
	assert.Equal(t, run.ParameterCachingToken, cache.ParameterCachingToken)
	assert.Positive(t, run.InstructionBytes)
	assert.Positive(t, tpu.CachedBytes())
	assert.NotEmpty(t, run.Inputs)
	assert.NotEmpty(t, run.Outputs)
	assert.True(t, run.DeterministicDMA)
}

// A model of Google's own compiler that everybody can fetch.
func TestFetchedCompiledModel(t *testing.T) {
	m, err := model.Parse(fetched(t, "fizzbuzz_model_quant_edgetpu.tflite"))
	require.NoError(t, err)
	require.NoError(t, m.Verify())
	assert.True(t, m.IsEdgeTPU())
	requirePackage(t, m)
	tpu, err := m.EdgeTPU()
	require.NoError(t, err)
	assert.NotContains(t, tpu.CompilerVersion, "simulation")
}

// Two models that are not twins.
func TestLookAlikeMismatch(t *testing.T) {
	a, err := model.Parse(testModel(t, "tiny_int8"))
	require.NoError(t, err)
	b, err := model.Parse(lookAlike(t, testModel(t, "tiny_uint8")))
	require.NoError(t, err)
	err = model.SameInterface(a, b)
	require.ErrorIs(t, err, model.ErrTwinMismatch)
	assert.ErrorContains(t, err, "int8 and uint8")
}

func TestLookAlikeDMA(t *testing.T) {
	m, err := model.Parse(lookAlike(t, testModel(t, "tiny_int8"), edgetputest.UnplannedTransfers()))
	require.NoError(t, err)
	tpu, err := m.EdgeTPU()
	require.NoError(t, err)
	assert.False(t, tpu.Executables[0].DeterministicDMA)
}

// Damaged at random, mostly near the ends where the tables are.
func TestLookAlikeMutants(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, original := range [][]byte{lookAlike(t, testModel(t, "tiny_int8")), lookAlike(t, edgetputest.Detector()), edgetputest.Detector()} {
		b := append([]byte(nil), original...)
		survived := 0
		for range 2000 {
			at := damage(rng, b)
			if useAll(b) {
				survived++
			}
			copy(b[at:], original[at:min(at+4, len(b))])
		}
		assert.Positive(t, survived)
	}
}
