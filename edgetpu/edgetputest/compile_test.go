package edgetputest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/model"
)

func compile(t testing.TB, b []byte, opts ...edgetputest.CompileOption) []byte {
	t.Helper()
	compiled, err := edgetputest.Compile(b, opts...)
	require.NoError(t, err)
	return compiled
}

func TestCompile(t *testing.T) {
	const op = "edgetpu-custom-op"
	tests := map[string]struct {
		model string
		opts  []edgetputest.CompileOption
		want  string
	}{
		"all":                  {"tiny_int8", nil, op},
		"first":                {"tiny_int8", []edgetputest.CompileOption{edgetputest.First(1)}, op + " RESHAPE FULLY_CONNECTED SOFTMAX"},
		"more than there are":  {"tiny_int8", []edgetputest.CompileOption{edgetputest.First(100)}, op},
		"several":              {"tiny_int8", []edgetputest.CompileOption{edgetputest.CustomOps(3)}, op + " " + op + " " + op},
		"several of the first": {"tiny_int8", []edgetputest.CompileOption{edgetputest.First(2), edgetputest.CustomOps(2)}, op + " " + op + " FULLY_CONNECTED SOFTMAX"},
		"uint8 at both ends":   {"tiny_uint8", nil, op},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			original := load(t, tflitePath(test.model))
			cpu, tpu := parse(t, original), parse(t, compile(t, original, test.opts...))
			assert.Equal(t, test.want, opNames(tpu))
			require.NoError(t, model.SameInterface(cpu, tpu))
			assert.Empty(t, tpu.Signatures, "Google's compiler drops them")
			assert.Equal(t, 3, tpu.Version)
		})
	}
}

func TestCompiledPackage(t *testing.T) {
	original := tiny(t)
	tpu := parse(t, compile(t, original, edgetputest.MinRuntimeVersion(13), edgetputest.CachingToken(42),
		edgetputest.Identifier("mine"), edgetputest.First(2), edgetputest.CustomOps(2)))
	require.True(t, tpu.IsEdgeTPU())
	e, err := tpu.EdgeTPU()
	require.NoError(t, err)
	assert.Equal(t, 2, e.Ops)
	assert.Equal(t, 13, e.MinRuntimeVersion)
	assert.Equal(t, "mine", e.ModelIdentifier)
	assert.Contains(t, e.CompilerVersion, "simulation")
	assert.Equal(t, []model.OperatorCount{{Name: "FULLY_CONNECTED", Count: 1}, {Name: "SOFTMAX", Count: 1}}, e.CPUOps)
	require.Len(t, e.Executables, 4)
	for _, x := range e.Executables {
		assert.Equal(t, "simulation", x.Chip)
		assert.Equal(t, uint64(42), x.ParameterCachingToken)
		assert.Equal(t, 1, x.BatchSize)
		assert.True(t, x.DeterministicDMA)
		assert.Positive(t, x.InstructionBytes)
	}
	run, cache := e.Executables[0], e.Executables[1]
	assert.Equal(t, model.ExecutionOnly, run.Type)
	assert.Equal(t, model.ParameterCaching, cache.Type)
	assert.Greater(t, cache.ParameterBytes, len(original))
	assert.Equal(t, []model.Layer{{Name: "serving_default_image:0", Bytes: 192, Height: 8, Width: 8, Depth: 3, Executions: 1}}, run.Inputs)
	require.Len(t, run.Outputs, 1)
	assert.Empty(t, cache.Inputs)
}

func TestCompileTokens(t *testing.T) {
	token := func(opts ...edgetputest.CompileOption) uint64 {
		e, err := parse(t, compile(t, tiny(t), opts...)).EdgeTPU()
		require.NoError(t, err)
		return e.Executables[0].ParameterCachingToken
	}
	assert.Equal(t, token(), token(), "the same model")
	assert.NotEqual(t, token(), token(edgetputest.First(2)), "another one")
	assert.Equal(t, token(edgetputest.CachingToken(7)), token(edgetputest.CachingToken(7), edgetputest.First(2)), "compiled together")
}

func TestCompileDeterministic(t *testing.T) {
	assert.Equal(t, compile(t, tiny(t)), compile(t, tiny(t)))
}
