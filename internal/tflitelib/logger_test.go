package tflitelib_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/tflitelib"
	"github.com/gocoral/coral/internal/tflitelib/tflitelibtest"
)

// asking is a logger that wants to know which library is used.
type asking struct {
	slog.Handler
	asked *atomic.Int32
}

func (a asking) Enabled(context.Context, slog.Level) bool { return true }

func (a asking) Handle(context.Context, slog.Record) error {
	a.asked.Add(1)
	_, err := tflitelib.Need()
	return err
}

// A logger may ask for the library, whose search it is told of.
func TestLoggerThatAsks(t *testing.T) {
	if !tflitelibtest.InChild(t) {
		tflitelibtest.Child(t)
		return
	}
	var asked atomic.Int32
	tflitelib.SetLogger(slog.New(asking{slog.DiscardHandler, &asked}))
	defer tflitelib.SetLogger(nil)
	require.NoError(t, tflitelib.Load(tflitelibtest.StandIn(t)))
	assert.Positive(t, asked.Load())
}
