package main

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
)

func TestMain(m *testing.M) {
	coral.WorkerMain()
	os.Exit(m.Run())
}

// buffer is written to by the session's goroutines too.
type buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func TestPlay(t *testing.T) {
	var out buffer
	require.NoError(t, play(t.Context(), &out, "../../tflite/testdata/tiny_int8.tflite"))
	text := out.String()
	t.Log(text)
	assert.Contains(t, text, "on Edge TPU usb /sys/bus/usb/devices/2-1")
	assert.Contains(t, text, "in a worker process")
	assert.Contains(t, text, "now on CPU, because the Edge TPU at /sys/bus/usb/devices/2-1 is out of use: the worker process died")
	assert.NotContains(t, strings.Split(text, "-- the cable is pulled")[0], "now on", "nothing has changed yet")
	assert.Contains(t, text, "none lost")
	assert.NotContains(t, text, " 0 failed")
}
