package main

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/examples/internal/sample"
)

func TestMain(m *testing.M) {
	coral.WorkerMain()
	os.Exit(m.Run())
}

const model = "../../" + sample.Model

func TestSimulation(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, simulateAll(t.Context(), &out, model, 60))
	text := out.String()
	t.Log(text)
	assert.Contains(t, text, "on Edge TPU pci /dev/apex_0 (ready), because ")
	assert.Contains(t, text, "on 3 accelerators: Edge TPU pci /dev/apex_0 (ready), Edge TPU pci /dev/apex_1 (ready), Edge TPU usb /sys/bus/usb/devices/2-1")
	assert.NotContains(t, text, "CPU", "which had nothing to do")
	assert.Contains(t, text, "times as fast together")
}

func TestRunsOfNothing(t *testing.T) {
	for _, runs := range []int{0, -3} {
		require.ErrorContains(t, compare(t.Context(), io.Discard, model, runs), "1 or more")
		require.ErrorContains(t, simulateAll(t.Context(), io.Discard, model, runs), "1 or more")
	}
}
