package stream

import (
	"context"
	"fmt"
	"image"
	"iter"
	"time"

	"github.com/gocoral/coral/internal/errs"
)

// Frame is a picture of a stream.
type Frame struct {
	// Image is a picture of its own, which may be kept.
	Image image.Image
	// Time is that since the first frame: by the clock for what is live, by the frame rate
	// for files.
	Time time.Duration
	// Index counts the frames of the source from 0, those that were dropped too.
	Index int
	// Dropped is how many frames [Latest] dropped just before this one.
	Dropped int
	// Name is the file's name, for a picture of a folder.
	Name string
}

// Source begins to read with each call, and ends with the loop or with the context. It
// yields frames, and errors that concern one frame (which has an Index then, but no Image)
// or end the source. A nil context never ends.
type Source func(context.Context) iter.Seq2[Frame, error]

// from makes a source of a function that delivers until deliver says that it is enough. An
// error that it returns ends the source.
func from(opts []Option, read func(ctx context.Context, c config, deliver func(Frame, error) bool) error) Source {
	return func(ctx context.Context) iter.Seq2[Frame, error] {
		return func(yield func(Frame, error) bool) {
			// Whatever belongs to the source ends with the loop.
			ctx, cancel := context.WithCancel(errs.Context(ctx))
			defer cancel()
			enough, index := false, 0
			deliver := func(f Frame, err error) bool {
				if errs.Ended(ctx) != nil {
					return false
				}
				f.Index = index
				index++
				if err != nil {
					f.Image, err = nil, wrapped(err)
				}
				enough = !yield(f, err)
				return !enough
			}
			c, err := newConfig(opts)
			if err == nil {
				err = read(ctx, c, deliver)
			}
			if ended := errs.Ended(ctx); ended != nil {
				err = ended
			}
			if err != nil && !enough {
				yield(Frame{Index: index}, wrapped(err))
			}
		}
	}
}

func wrapped(err error) error { return fmt.Errorf("stream: %w", err) }

// clock gives frames the time since the first one.
type clock struct{ first time.Time }

func (c *clock) now() time.Duration {
	if c.first.IsZero() {
		c.first = time.Now()
	}
	return time.Since(c.first)
}

// at is the time of a frame at a frame rate.
func at(index int, rate float64) time.Duration {
	return time.Duration(float64(index) / rate * float64(time.Second))
}
