package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gocoral/coral/internal/errs"
)

// watchdog ends a context when something takes too long.
type watchdog struct {
	ctx      context.Context
	cancel   context.CancelCauseFunc
	patience time.Duration
	timer    *time.Timer
}

// newWatchdog returns a context and what ends it.
func newWatchdog(ctx context.Context, patience time.Duration) (context.Context, *watchdog) {
	w := &watchdog{patience: patience}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	w.timer = time.AfterFunc(patience, func() { w.cancel(silent(patience)) })
	w.stop()
	return w.ctx, w
}

func silent(d time.Duration) error {
	return fmt.Errorf("%w: nothing came for %v (WithTimeout)", ErrSource, d)
}

func (w *watchdog) start() { w.timer.Reset(w.patience) }
func (w *watchdog) stop()  { w.timer.Stop() }

// end ends the context for another reason than impatience.
func (w *watchdog) end() {
	w.stop()
	w.cancel(nil)
}

// explain says why something that the context ends has failed.
func (w *watchdog) explain(err error) error {
	switch cause := context.Cause(w.ctx); {
	case errors.Is(cause, ErrSource):
		return cause
	case errs.Ended(w.ctx) != nil:
		return err
	}
	return fmt.Errorf("%w: %w", ErrSource, err)
}

// watched is a reader that fails if a read lasts too long. Between reads there is no hurry.
type watched struct {
	io.ReadCloser
	*watchdog
}

func (w *watched) Read(b []byte) (int, error) {
	w.start()
	n, err := w.ReadCloser.Read(b)
	w.stop()
	if err == nil || err == io.EOF && w.ctx.Err() == nil {
		return n, err
	}
	return n, w.explain(err)
}

func (w *watched) Close() error {
	w.end()
	return w.ReadCloser.Close()
}
