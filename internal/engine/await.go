package engine

import (
	"context"
	"errors"
	"time"

	"github.com/gocoral/coral/internal/errs"
)

// ErrHang says that an inference did not end within its time.
var ErrHang = errors.New("the inference did not end in time")

// Await is a call that cannot be interrupted and may never return, and what ends the wait
// for it.
type Await struct {
	// Timeout bounds the call; then its error is [ErrHang].
	Timeout time.Duration
	// Look is called an Interval after the call, and after each look, while the call has not
	// returned, if it is set. Its error ends the wait: it says that the call will not return
	// any more.
	Look     func() error
	Interval time.Duration
}

// Call waits for f: for its error, for the end of the timeout or for Look's error, or for
// the end of ctx. In the last case pending is not nil, and must be called, on a goroutine
// that may wait: it returns the outcome when it is known.
func (a Await) Call(ctx context.Context, f func() error) (pending func() error, err error) {
	done := make(chan error, 1)
	go func() { done <- f() }()
	overdue := time.NewTimer(a.Timeout)
	if inTime, err := a.outcome(done, overdue.C, ctx.Done()); inTime {
		overdue.Stop()
		return nil, err
	}
	return func() error {
		defer overdue.Stop()
		_, err := a.outcome(done, overdue.C, nil)
		return err
	}, errs.Ended(ctx)
}

func (a Await) outcome(done <-chan error, overdue <-chan time.Time, end <-chan struct{}) (inTime bool, err error) {
	var look *time.Timer
	var due <-chan time.Time
	if a.Look != nil {
		look = time.NewTimer(a.Interval)
		defer look.Stop()
		due = look.C
	}
	looked := make(chan error, 1)
	for {
		select {
		case err := <-done:
			return true, err
		case <-overdue:
			return true, ErrHang
		case <-end:
			return false, nil
		case <-due:
			go func() { looked <- a.Look() }() // which may hang as well
		case err := <-looked:
			if err != nil {
				return true, last(done, err)
			}
			look.Reset(a.Interval)
		}
	}
}

// last prefers an answer that has come while Look was looking.
func last(done <-chan error, gone error) error {
	select {
	case err := <-done:
		return err
	default:
		return gone
	}
}
