package coral

import (
	"slices"
	"time"
)

// Stats tells what one device did for a session.
type Stats struct {
	Device Device
	// Up reports whether the device takes part now; Reason says why not.
	Up     bool
	Reason string
	// Inferences that gave a result, and Errors that gave none.
	Inferences, Errors int
	// Busy is the time spent on inferences.
	Busy time.Duration
	// P50 and P99 are percentiles of the last thousand inferences' time.
	P50, P99 time.Duration
}

// usage counts for Stats.
type usage struct {
	inferences, errors int
	busy               time.Duration
	recent             []time.Duration // a ring once full
}

const recentSize = 1000

func (u *usage) count(took time.Duration, err error) {
	if err != nil {
		u.errors++
		return
	}
	if len(u.recent) < recentSize {
		u.recent = append(u.recent, took)
	} else {
		u.recent[u.inferences%recentSize] = took
	}
	u.inferences++
	u.busy += took
}

func (u *usage) stats() Stats {
	sorted := slices.Sorted(slices.Values(u.recent))
	percentile := func(p int) time.Duration {
		if len(sorted) == 0 {
			return 0
		}
		return sorted[min(len(sorted)-1, len(sorted)*p/100)]
	}
	return Stats{Inferences: u.inferences, Errors: u.errors, Busy: u.busy, P50: percentile(50), P99: percentile(99)}
}

// stats lists the accelerators in order, the CPU last.
func (r *router) stats() []Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Stats
	for _, s := range r.slots {
		d := s.device
		stats := s.use.stats()
		stats.Device, stats.Up, stats.Reason = Device{EdgeTPU: &d}, s.state == up, s.why
		all = append(all, stats)
	}
	cpu := r.cpuUse.stats()
	cpu.Up = r.cpu
	return append(all, cpu)
}
