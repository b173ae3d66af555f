package coral

import (
	"time"

	"github.com/gocoral/coral/internal/failover"
)

// Stats tells what one device did for a session.
type Stats struct {
	Device Device
	// Up reports whether the device takes part now; Reason is why it does not.
	Up     bool
	Reason error
	// Inferences that gave a result, and Errors that gave none.
	Inferences, Errors int
	// Busy is the time spent on inferences.
	Busy time.Duration
	// P50 and P99 are percentiles of the last thousand inferences' time.
	P50, P99 time.Duration
}

func statsOf(all []failover.Stats) []Stats {
	stats := make([]Stats, len(all))
	for k, s := range all {
		stats[k] = Stats{
			Device: deviceOf(s.Kind, s.Device), Up: s.Up, Reason: s.Reason,
			Inferences: s.Inferences, Errors: s.Errors, Busy: s.Busy, P50: s.P50, P99: s.P99,
		}
	}
	return stats
}
