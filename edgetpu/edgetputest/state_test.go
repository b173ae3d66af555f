package edgetputest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/delegate"
)

// checkState: results follow the twin's through several inferences and a reset, so the
// state is kept, and is that of the interpreter.
func checkState(t *testing.T, cpu, tpu []byte, d delegate.Delegate) {
	t.Helper()
	want, got := interpreter(t, cpu), interpreter(t, tpu, d)
	first := infer(t, want, 1)
	require.Equal(t, first, infer(t, got, 1))
	second := infer(t, want, 1)
	assert.NotEqual(t, first, second, "the model has no state to test with")
	require.Equal(t, second, infer(t, got, 1))
	require.NoError(t, got.ResetVariables())
	assert.Equal(t, first, infer(t, got, 1), "after a reset")
	other := interpreter(t, tpu, d)
	assert.Equal(t, first, infer(t, other, 1), "another interpreter has a state of its own")
}
