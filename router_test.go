package coral

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
)

// fakeEngine works, and calls opened when it is asked what it is, which is the last thing
// before it is put to use.
type fakeEngine struct {
	opened func()
	closed bool
}

func (e *fakeEngine) load([][]byte) error   { return nil }
func (e *fakeEngine) unload([][]byte) error { return nil }
func (e *fakeEngine) invoke() error         { return nil }
func (e *fakeEngine) reset() error          { return nil }
func (e *fakeEngine) abandon() bool         { return true }
func (e *fakeEngine) close()                { e.closed = true }
func (e *fakeEngine) gone() <-chan struct{} { return nil }
func (e *fakeEngine) describe() (string, string) {
	e.opened()
	return "fake", "by a test"
}

// An engine that is ready just when the session is closed is closed with it: its device
// would be held until the program ends.
func TestEngineOfAClosedSession(t *testing.T) {
	r := newRouter()
	e := &fakeEngine{opened: r.close}
	r.open = func(context.Context, edgetpu.Device) (engine, error) { return e, nil }
	r.watchdog, r.logger = time.Second, slog.New(slog.DiscardHandler)
	device := edgetpu.Device{Type: edgetpu.USB, Path: "/sys/bus/usb/devices/2-1", State: edgetpu.Ready, Accessible: true}
	err := r.add(t.Context(), edgetpu.Selector{}, []edgetpu.Device{device})
	require.ErrorIs(t, err, ErrClosed)
	assert.True(t, e.closed)
}
