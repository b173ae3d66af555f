//go:build unix

package main

import "golang.org/x/sys/unix"

// processTime is how long all threads have been running, in nanoseconds; 0 if the system
// does not tell.
func processTime() int64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t) != nil {
		return 0
	}
	return t.Nano()
}
