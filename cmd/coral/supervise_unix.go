//go:build unix

package main

import (
	"os"
	"regexp"
	"syscall"

	"golang.org/x/sys/unix"
)

// inherited reports whether the process was started with this file open, and keeps it
// from being inherited further.
func inherited(fd int) bool {
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
		return false
	}
	unix.CloseOnExec(fd)
	return true
}

// brokenPipe recognises a child that nobody reads from any more, which is no crash, and
// returns the status that shells give it.
func brokenPipe(state *os.ProcessState) (status int, ok bool) {
	wait, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !wait.Signaled() || wait.Signal() != syscall.SIGPIPE {
		return 0, false
	}
	return 128 + int(syscall.SIGPIPE), true
}

// A Go program that crashes in C ends by itself with status 2, and tells the signal in
// its report.
var reportedSignal = regexp.MustCompile(`(?m)^(?:\[signal )?(SIG[A-Z]+)`)

// crashSignal is the name of the signal that ended the process, "" if none did.
func crashSignal(state *os.ProcessState, report string) string {
	if m := reportedSignal.FindStringSubmatch(report); m != nil && !isPanic(report) {
		return m[1]
	}
	if wait, ok := state.Sys().(syscall.WaitStatus); ok && wait.Signaled() {
		return unix.SignalName(wait.Signal())
	}
	return ""
}
