package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
)

func TestMain(m *testing.M) {
	coral.WorkerMain()
	os.Exit(m.Run())
}

func TestSimulation(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, simulatePipeline(t.Context(), &out, "../../tflite/testdata/tiny_int8.tflite", 30))
	t.Log(out.String())
	assert.Contains(t, out.String(), "segment 0: Edge TPU pci /dev/apex_0")
	assert.Contains(t, out.String(), "segment 1: Edge TPU pci /dev/apex_1")
	assert.Contains(t, out.String(), "30 results")
}

func TestWithoutFiles(t *testing.T) {
	require.Error(t, runFiles(t.Context(), &bytes.Buffer{}, nil, 1))
}

func TestRunsOfNothing(t *testing.T) {
	for _, runs := range []int{0, -3} {
		require.ErrorContains(t, runFiles(t.Context(), &bytes.Buffer{}, []string{"segment.tflite"}, runs), "1 or more")
	}
}
