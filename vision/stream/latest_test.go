package stream_test

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision/stream"
)

// Whoever is slow gets the newest frame, and is told how many were dropped: all frames are
// either handed out or counted.
func TestLatest(t *testing.T) {
	goroutinesStay(t)
	const n = 1000
	var read atomic.Int64
	begun := make(chan struct{})
	source := func(ctx context.Context) iter.Seq2[stream.Frame, error] {
		return func(yield func(stream.Frame, error) bool) {
			for f, err := range numbered(n)(ctx) {
				if !yield(f, err) {
					return
				}
				read.Add(1)
				<-begun // until the program has the first one
			}
		}
	}
	got, dropped, last := 0, 0, -1
	var m stream.Meter
	for f, err := range m.Measure(stream.Latest(source))(t.Context()) {
		require.NoError(t, err)
		assert.Greater(t, f.Index, last)
		assert.Equal(t, f.Index-last-1, f.Dropped, "what was dropped is what is missing")
		got, dropped, last = got+1, dropped+f.Dropped, f.Index
		if got == 1 {
			// The source goes on while the program is at work.
			close(begun)
			require.Eventually(t, func() bool { return read.Load() == n }, 10*time.Second, time.Millisecond)
		}
	}
	assert.Equal(t, n-1, last, "the last one is handed out")
	assert.Equal(t, n, got+dropped)
	assert.Equal(t, 2, got)
	s := m.Stats()
	assert.Equal(t, []int{2, n - 2, 0}, []int{s.Frames, s.Dropped, s.Errors})
	assert.Positive(t, s.PerSecond)
}

var errBad = errors.New("bad frame")

// Errors are never dropped, and neither replace a frame nor are replaced.
func TestLatestKeepsErrors(t *testing.T) {
	goroutinesStay(t)
	const n = 300
	source := func(context.Context) iter.Seq2[stream.Frame, error] {
		return func(yield func(stream.Frame, error) bool) {
			for k := range n {
				var err error
				if k%3 == 2 {
					err = errBad
				}
				if !yield(stream.Frame{Index: k}, err) {
					return
				}
			}
		}
	}
	bad, seen, last := 0, 0, -1
	for f, err := range stream.Latest(source)(t.Context()) {
		assert.Greater(t, f.Index, last)
		assert.Equal(t, f.Index-last-1, f.Dropped)
		last = f.Index
		if seen++; err != nil {
			assert.Equal(t, errBad, err)
			bad++
		}
	}
	assert.Equal(t, n/3, bad)
	assert.GreaterOrEqual(t, seen, 2*n/3, "a frame comes before each of them")
}

// A loop that ends early ends a source that waits for a frame that never comes.
func TestLatestEnds(t *testing.T) {
	goroutinesStay(t)
	var ended atomic.Bool
	source := func(ctx context.Context) iter.Seq2[stream.Frame, error] {
		return func(yield func(stream.Frame, error) bool) {
			defer ended.Store(true)
			if !yield(stream.Frame{}, nil) {
				return
			}
			<-ctx.Done()
			yield(stream.Frame{}, ctx.Err())
		}
	}
	for range stream.Latest(source)(t.Context()) {
		break
	}
	assert.True(t, ended.Load(), "Latest has waited for it")

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var errs []error
	for _, err := range stream.Latest(source)(ctx) {
		if cancel(); err != nil {
			errs = append(errs, err)
		}
	}
	assert.Equal(t, []error{context.Canceled}, errs)

	assert.Panics(t, func() {
		for range stream.Latest(source)(t.Context()) {
			panic("the program's own")
		}
	})
}

// An error that nobody takes does not hold the source for ever.
func TestLatestEndsBeforeAnError(t *testing.T) {
	goroutinesStay(t)
	source := func(context.Context) iter.Seq2[stream.Frame, error] {
		return func(yield func(stream.Frame, error) bool) {
			for yield(stream.Frame{}, nil) && yield(stream.Frame{}, errBad) {
			}
		}
	}
	for range stream.Latest(source)(t.Context()) {
		break
	}
}

func TestPaced(t *testing.T) {
	frames, errs := collect(t.Context(), stream.Paced(numbered(5)))
	assert.Len(t, frames, 5)
	assert.Empty(t, errs)

	// The second frame is due in an hour; the context does not last that long.
	slow := func(ctx context.Context) iter.Seq2[stream.Frame, error] {
		return func(yield func(stream.Frame, error) bool) {
			_ = yield(stream.Frame{}, nil) && yield(stream.Frame{Index: 1, Time: time.Hour}, nil)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all []error
	for _, err := range stream.Paced(slow)(ctx) {
		cancel()
		all = append(all, err)
	}
	require.Len(t, all, 2)
	assert.NoError(t, all[0])
	assert.ErrorIs(t, all[1], context.Canceled)
}

func TestMeterCounts(t *testing.T) {
	var m stream.Meter
	start := time.Now()
	for n := range 31 {
		m.Count(stream.Frame{Dropped: 2}, nil, start.Add(time.Duration(n)*time.Second/10))
	}
	m.Count(stream.Frame{}, errBad, start.Add(time.Hour))
	assert.Equal(t, stream.Stats{Frames: 31, Dropped: 62, Errors: 1, PerSecond: 10}, m.Stats())
}
