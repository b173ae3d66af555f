package stream

import (
	"context"
	"iter"
	"sync"
	"time"
)

// Stats tell how a stream goes.
type Stats struct {
	// Frames is how many were handed out, Dropped how many were not, and Errors how many
	// errors there were.
	Frames  int `json:"frames"`
	Dropped int `json:"dropped"`
	Errors  int `json:"errors"`
	// PerSecond is the frames handed out per second, from the first to the last one. It is
	// 0 before the second frame.
	PerSecond float64 `json:"fps"`
}

// Meter counts what passes through it. The zero Meter is ready to use, by several goroutines.
type Meter struct {
	mu          sync.Mutex
	stats       Stats
	first, last time.Time
}

// Measure is the source itself, whose frames are counted as they are handed out. So it
// belongs around [Latest], not inside.
func (m *Meter) Measure(source Source) Source {
	if m == nil || source == nil {
		return source
	}
	return func(ctx context.Context) iter.Seq2[Frame, error] {
		return func(yield func(Frame, error) bool) {
			for f, err := range source(ctx) {
				m.count(f, err, time.Now())
				if !yield(f, err) {
					return
				}
			}
		}
	}
}

func (m *Meter) count(f Frame, err error, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stats.Dropped += f.Dropped
	if err != nil {
		m.stats.Errors++
		return
	}
	if m.stats.Frames++; m.stats.Frames == 1 {
		m.first = now
	}
	m.last = now
}

// Stats are those so far.
func (m *Meter) Stats() Stats {
	if m == nil {
		return Stats{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.stats
	if took := m.last.Sub(m.first); took > 0 {
		s.PerSecond = float64(s.Frames-1) / took.Seconds()
	}
	return s
}
