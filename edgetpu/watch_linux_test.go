package edgetpu_test

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
)

// The kernel announces a change of any device, here of one that every machine has.
func TestListen(t *testing.T) {
	const device = "/sys/devices/virtual/mem/null/uevent"
	ctx, cancel := context.WithCancel(t.Context())
	hints := edgetpu.Listen(ctx, slog.New(slog.DiscardHandler))
	if hints == nil {
		t.Skip("this machine lets nobody hear of devices")
	}
	heard := func() bool {
		if err := os.WriteFile(device, []byte("change"), 0); err != nil {
			t.Skip("needs the right to make an announcement: ", err)
		}
		select {
		case <-hints:
			return true
		case <-time.After(time.Second):
			return false
		}
	}
	if !heard() {
		t.Skip("announcements do not reach this network namespace")
	}
	for range 300 { // more than are received: nothing blocks, the last one is heard
		require.NoError(t, os.WriteFile(device, []byte("change"), 0))
	}
	assert.True(t, heard())

	cancel()
	requireNoGoroutine(t, "edgetpu.listen")
}

// Watching the machine itself leaves nothing behind either.
func TestWatchThisMachine(t *testing.T) {
	t.Setenv("UMOCKDEV_DIR", "")
	ctx, cancel := context.WithCancel(t.Context())
	events, err := edgetpu.Watch(ctx, edgetpu.WithInterval(time.Millisecond))
	require.NoError(t, err)
	time.Sleep(20 * time.Millisecond)
	cancel()
	for range events { // until it is closed
	}
	requireNoGoroutine(t, "edgetpu.listen")
	requireNoGoroutine(t, "edgetpu.(*watcher)")
}

// requireNoGoroutine waits until no goroutine runs a function with that name.
func requireNoGoroutine(t *testing.T, name string) {
	t.Helper()
	require.Eventually(t, func() bool {
		stacks := make([]byte, 1<<20)
		return !strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), name)
	}, 5*time.Second, 5*time.Millisecond, "%s goes on", name)
}
