package coral

import (
	"context"
	"errors"
	"time"

	"github.com/gocoral/coral/internal/errs"
)

var errHang = errors.New("the inference did not end in time")

// await waits for f, which cannot be interrupted and may never return: for its error, for
// errHang once the timeout is over, or for the end of ctx. In the last case inTime is false,
// and late gets f's error or errHang when it is known.
func await(ctx context.Context, timeout time.Duration, f func() error, late func(error)) (inTime bool, err error) {
	done := make(chan error, 1)
	go func() { done <- f() }()
	outcome := func(end <-chan struct{}) (bool, error) {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		select {
		case err := <-done:
			return true, err
		case <-timer.C:
			return true, errHang
		case <-end:
			return false, errs.Ended(ctx)
		}
	}
	if inTime, err = outcome(ctx.Done()); !inTime {
		go func() {
			_, err := outcome(nil)
			late(err)
		}()
	}
	return inTime, err
}
