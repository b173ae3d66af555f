package stream

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/gocoral/coral/internal/errs"
)

// Latest reads a source in a goroutine of its own, and hands out the newest frame each time
// that the loop asks for one. Frames that were not asked for are dropped and counted; errors are
// not. When the loop ends, so does the context of the source, and Latest waits for the
// source to end.
func Latest(source Source) Source {
	return func(ctx context.Context) iter.Seq2[Frame, error] {
		return func(yield func(Frame, error) bool) {
			if source == nil {
				yield(Frame{}, wrapped(errNoSource))
				return
			}
			ctx, cancel := context.WithCancel(errs.Context(ctx))
			s := newSlot()
			var reader sync.WaitGroup
			reader.Go(func() {
				defer s.end()
				for f, err := range source(ctx) {
					if !s.put(f, err) {
						return
					}
				}
			})
			defer reader.Wait()
			defer s.stop()
			defer cancel()
			for {
				f, ok, err := s.take()
				if !ok || !yield(f, err) {
					return
				}
			}
		}
	}
}

var errNoSource = fmt.Errorf("%w: it is nil", ErrSource)

// slot holds the newest frame.
type slot struct {
	mu      sync.Mutex
	changed *sync.Cond

	full    bool
	frame   Frame
	err     error
	dropped int // frames since one was taken

	ended   bool // nothing more is put
	stopped bool // nothing more is taken
}

func newSlot() *slot {
	s := new(slot)
	s.changed = sync.NewCond(&s.mu)
	return s
}

// put replaces a frame that was not taken. An error neither replaces one nor is replaced. It
// reports whether more is wanted.
func (s *slot) put(f Frame, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.full && !s.stopped && (err != nil || s.err != nil) {
		s.changed.Wait()
	}
	if s.stopped {
		return false
	}
	if s.full {
		s.dropped += 1 + s.frame.Dropped
	}
	s.full, s.frame, s.err = true, f, err
	s.changed.Broadcast()
	return true
}

// take waits for a frame or an error. It reports false at the end.
func (s *slot) take() (f Frame, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.full && !s.ended {
		s.changed.Wait()
	}
	if !s.full {
		return Frame{}, false, nil
	}
	f, err = s.frame, s.err
	f.Dropped += s.dropped
	s.full, s.frame, s.err, s.dropped = false, Frame{}, nil, 0
	s.changed.Broadcast()
	return f, true, err
}

func (s *slot) end()  { s.set(&s.ended) }
func (s *slot) stop() { s.set(&s.stopped) }

func (s *slot) set(flag *bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*flag = true
	s.changed.Broadcast()
}
