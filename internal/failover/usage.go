package failover

import (
	"slices"
	"time"

	"github.com/gocoral/coral/internal/percentile"
)

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
	return Stats{
		Inferences: u.inferences, Errors: u.errors, Busy: u.busy,
		P50: percentile.Of(sorted, 50), P99: percentile.Of(sorted, 99),
	}
}
