package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A full disk is a failure, and no wrong usage.
func TestFullOutput(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	for _, command := range []string{"--help", "run --help", "completion bash", "version", "inspect " + testModel("add")} {
		var stderr bytes.Buffer
		assert.Equal(t, statusFailed, run(strings.Fields(command), strings.NewReader(""), full, &stderr), command)
		requireLine(t, stderr.String())
		assert.Contains(t, stderr.String(), "no space left on device")
		assert.NotContains(t, stderr.String(), "--help")
	}
}
