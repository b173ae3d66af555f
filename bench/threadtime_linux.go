package bench

import (
	"time"

	"golang.org/x/sys/unix"
)

// threadTime is how long the calling thread has been running on a processor. Getrusage
// would tell as well, but for a thread that is running only as of the last tick.
func threadTime() (time.Duration, bool) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0, false
	}
	return time.Duration(t.Nano()), true
}
