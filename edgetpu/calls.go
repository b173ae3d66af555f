package edgetpu

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"
)

// calls keeps account of the calls of a library that did not return in time. While there
// is one the library is not called: it may hold a lock of its own. The zero calls has
// none.
type calls struct {
	mu      sync.Mutex
	overdue []overdueCall
	// lost is what the library will never return from, "" if there is nothing.
	lost string
}

// overdueCall is one call that nobody waits for any more.
type overdueCall struct {
	what     string
	returned <-chan struct{} // closed once it has, and its result is disposed of
}

// call runs f and returns its result. If ctx ends first the call is overdue from then on,
// until f has returned after all and discard has taken its result.
func call[T any](ctx context.Context, c *calls, what string, f func() T, discard func(T)) (result T, err error) {
	results, givenUp, returned := make(chan T), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(returned)
		result := f()
		select {
		case results <- result:
		case <-givenUp:
			discard(result)
		}
	}()
	select {
	case result = <-results:
		return result, nil
	case <-ctx.Done():
		c.add(overdueCall{what, returned})
		close(givenUp)
		return result, fmt.Errorf("libedgetpu did not answer in time: %w: %w", ErrRuntimeStuck, ctx.Err())
	}
}

func (c *calls) add(o overdueCall) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.overdue = append(c.overdue, o)
}

// lose notes that a call will never return.
func (c *calls) lose(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = cmp.Or(c.lost, what)
}

// first is the oldest call that is overdue, after those that have returned are forgotten.
func (c *calls) first() (o overdueCall, lost string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.overdue = withoutReturned(c.overdue)
	if len(c.overdue) == 0 {
		return overdueCall{}, c.lost, false
	}
	return c.overdue[0], c.lost, true
}

func withoutReturned(all []overdueCall) (left []overdueCall) {
	for _, o := range all {
		select {
		case <-o.returned:
		default:
			left = append(left, o)
		}
	}
	return left
}

// usable refuses while a call is overdue or lost.
func (c *calls) usable() error {
	o, lost, overdue := c.first()
	switch {
	case lost != "":
		return fmt.Errorf("libedgetpu did not return from %s and cannot be used again in this process: %w", lost, ErrRuntimeStuck)
	case overdue:
		return fmt.Errorf("libedgetpu has not yet returned from %s: %w", o.what, ErrRuntimeStuck)
	}
	return nil
}

// await waits until no call is overdue. It does not wait for one that is lost.
func (c *calls) await(ctx context.Context) error {
	for {
		o, lost, overdue := c.first()
		if !overdue || lost != "" {
			return c.usable()
		}
		select {
		case <-o.returned:
		case <-ctx.Done():
			return c.usable()
		}
	}
}

// freeTimeout bounds the giving back of a delegate, for which the library talks to its
// device.
var freeTimeout = 5 * time.Second

// free runs f, which gives a delegate back to the library, and waits for it as long as is
// reasonable: not at all while another call is overdue, whose lock it may have to wait
// for. After a lost call it is not run.
func (c *calls) free(what string, f func()) {
	ctx, cancel := context.WithTimeout(context.Background(), freeTimeout)
	defer cancel()
	switch _, lost, overdue := c.first(); {
	case lost != "":
		return
	case overdue:
		cancel()
	}
	nothing := func(struct{}) {}
	// A call that is overdue is noted, and there is no more to say.
	_, _ = call(ctx, c, what, func() struct{} { f(); return struct{}{} }, nothing)
}
