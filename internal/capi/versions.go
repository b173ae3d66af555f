package capi

import (
	"strconv"
	"strings"
)

// The versions 2.oldest to 2.newest have been looked at: their structures are those that
// structures.h declares.
const oldest, newest = 5, 20

// LongestVersion is how many bytes of a version are looked at; none is as long.
const LongestVersion = 64

// Known reports whether the structures of a runtime version are known. Of others none is
// read or written, so that only what the runtime's own functions tell can be had.
func Known(version string) bool {
	m := minor(version)
	return oldest <= m && m <= newest
}

// minor is the second number of a version 2.x, -1 for any other one.
func minor(version string) int {
	parts := strings.SplitN(strings.TrimSpace(version), ".", 3)
	if len(parts) < 2 || parts[0] != "2" {
		return -1
	}
	m, err := strconv.Atoi(parts[1])
	if err != nil || m < 0 {
		return -1
	}
	return m
}
