package stream

import (
	"context"
	"iter"
	"time"

	"github.com/gocoral/coral/internal/errs"
)

// Paced yields each frame of a file when its time has come, as if it were live.
func Paced(source Source) Source {
	return func(ctx context.Context) iter.Seq2[Frame, error] {
		return func(yield func(Frame, error) bool) {
			if source == nil {
				yield(Frame{}, wrapped(errNoSource))
				return
			}
			ctx := errs.Context(ctx)
			var start time.Time
			for f, err := range source(ctx) {
				if start.IsZero() {
					start = time.Now().Add(-f.Time)
				}
				if err == nil && !waitUntil(ctx, start.Add(f.Time)) {
					yield(Frame{Index: f.Index}, wrapped(errs.Ended(ctx)))
					return
				}
				if !yield(f, err) {
					return
				}
			}
		}
	}
}

// waitUntil reports whether the context lasted until then.
func waitUntil(ctx context.Context, then time.Time) bool {
	timer := time.NewTimer(time.Until(then))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
