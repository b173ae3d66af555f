package capi

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMissingFeatures(t *testing.T) {
	assert.Nil(t, missing(nil))
	assert.Nil(t, missing([]feature{{"SSE3", true}}))
	assert.Equal(t, []string{"SSE4.1", "SSE4.2"}, missing([]feature{{"SSE3", true}, {"SSE4.1", false}, {"SSE4.2", false}}))
}

// What runs the tests has what the runtime needs, and builds for other machines need
// nothing that amd64 has.
func TestNeededFeatures(t *testing.T) {
	assert.Empty(t, MissingCPUFeatures())
	assert.NotEmpty(t, needed()[platform{"2.17.1", "linux", "amd64"}])
	assert.Empty(t, needed()[platform{"2.20.0", "linux", "amd64"}])
	assert.Empty(t, needed()[platform{"2.9.0", "linux", "amd64"}])
	if runtime.GOARCH != "amd64" {
		assert.Empty(t, needed()[platform{Version(), runtime.GOOS, runtime.GOARCH}])
	}
}
