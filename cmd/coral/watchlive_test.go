//go:build linux

package main

import (
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/stream"
)

// To interrupt it is the way to end a command that looks at a camera: it prints its last
// line, and has done its work.
func TestWatchLive(t *testing.T) {
	img, err := vision.Load(writeFile(t, "x.png", pngBytes(t, 20, 10)))
	require.NoError(t, err)
	var camera stream.Broadcast
	server := httptest.NewServer(&camera)
	defer server.Close()
	defer camera.Close()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				_ = camera.Show(img) // fails at the end
			}
		}
	}()

	p := start(t, "watch", server.URL, "-m", modelFile(t, detectorModel()), "-v")
	p.await("session opened")
	require.Eventually(t, func() bool { return camera.Viewers() > 0 }, time.Minute, time.Millisecond)
	time.Sleep(100 * time.Millisecond) // some frames
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	_, status := p.end()
	assert.Zero(t, status)
	lines := linesOf(t, p.stdout.String())
	require.GreaterOrEqual(t, len(lines), 3)
	assert.Equal(t, "start", lines[0].Event)
	assert.Equal(t, "end", lines[len(lines)-1].Event)
	assert.Zero(t, lines[len(lines)-1].Errors)
	assert.Contains(t, p.stdout.String(), `"live":true`)
	assert.True(t, strings.HasSuffix(p.stdout.String(), "}\n"))
}
