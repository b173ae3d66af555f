package main

import (
	"bytes"
	"os"
	"strings"
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
	require.NoError(t, simulateAll(t.Context(), &out, "../../tflite/testdata/tiny_int8.tflite", 60))
	text := out.String()
	t.Log(text)
	assert.Equal(t, 3, strings.Count(text, "Edge TPU pci /dev/apex_")-2, "one device, then both PCIe ones beside the stick, and each session says its own")
	assert.Contains(t, text, "Edge TPU usb /sys/bus/usb/devices/2-1")
	assert.Contains(t, text, "times as fast together")
}
