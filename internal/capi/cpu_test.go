package capi

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMissingFeatures(t *testing.T) {
	assert.Nil(t, missing(nil))
	assert.Nil(t, missing([]feature{{"SSE3", true}}))
	assert.Equal(t, []string{"SSE4.1", "SSE4.2"}, missing([]feature{{"SSE3", true}, {"SSE4.1", false}, {"SSE4.2", false}}))
}

// The advice names runtimes that need nothing, and no version where there is none.
func TestCPUAdvice(t *testing.T) {
	assert.Contains(t, adviceFor("amd64"), "take runtime 2.20.0 or 2.9.0")
	assert.Empty(t, needed()[platform{"2.20.0", "linux", "amd64"}])
	assert.Empty(t, needed()[platform{"2.9.0", "linux", "amd64"}])
	assert.NotContains(t, strings.Join(adviceFor("arm"), " "), "2.")
}

// What runs the tests has what the runtime needs. Only the builds of 2.17.1 for Linux need
// more than the baseline, and only on amd64 and ARMv7.
func TestNeededFeatures(t *testing.T) {
	for p := range needed() {
		assert.Empty(t, MissingCPUFeatures(p.version))
	}
	assert.NotEmpty(t, needed()[platform{"2.17.1", "linux", "amd64"}])
	assert.NotEmpty(t, needed()[platform{"2.17.1", "linux", "arm"}])
	for p := range needed() {
		assert.Equal(t, "2.17.1", p.version)
		assert.Equal(t, "linux", p.os)
		assert.Contains(t, []string{"amd64", "arm"}, p.arch)
	}
}
