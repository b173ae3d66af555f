package main

import "syscall"

// peakRSS is the most memory in bytes that the process has had resident, 0 if the
// kernel does not tell.
func peakRSS() int64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return usage.Maxrss // bytes here, unlike on Linux
}
