package tflitelib

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What the variable names and what coral-runtime fetches does not count in a process with
// more rights than its user, so neither is advised there.
func TestPrivilegedProcessIsToldWhatCounts(t *testing.T) {
	s := &search{privileged: true}
	t.Setenv(Variable, "/tmp/libtensorflowlite_c.so")
	assert.Empty(t, s.environment())
	assert.Nil(t, s.inCache())
	text := s.failed().Error()
	assert.Contains(t, text, "in a folder that only root can write to")
	assert.NotContains(t, text, "coral-runtime fetch")
	assert.NotContains(t, text, "unset")
}
