package fetch

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
)

var errMusl = errors.New("this system's C library is musl (Alpine?) and the runtimes need glibc: use a Debian or Ubuntu system or image, or name --platform to fetch for another machine")

// hostGLIBC returns the version of the machine's C library, as in "2.36", and
// nothing if it cannot be found out: then the library is taken to be new.
func hostGLIBC(ctx context.Context) (string, error) {
	for _, ask := range [][]string{{"getconf", "GNU_LIBC_VERSION"}, {"ldd", "--version"}} {
		out, err := runIn(ctx, "", ask[0], ask[1:]...)
		if strings.Contains(out, "musl") {
			return "", errMusl
		}
		if version := lastField(out); err == nil && parseVersion(version) != nil {
			return version, nil
		}
	}
	if musl, _ := filepath.Glob("/lib/ld-musl-*"); musl != nil {
		return "", errMusl
	}
	return "", nil
}

// lastField returns the last word of the first line: both programs end that
// line with the version.
func lastField(out string) string {
	line, _, _ := strings.Cut(out, "\n")
	if fields := strings.Fields(line); len(fields) > 0 {
		return fields[len(fields)-1]
	}
	return ""
}

// older reports whether version have is below need. What is not known is not
// older.
func older(have, need string) bool {
	h, n := parseVersion(have), parseVersion(need)
	if h == nil || n == nil {
		return false
	}
	return h[0] < n[0] || h[0] == n[0] && h[1] < n[1]
}

// parseVersion reads "2.34" as its two numbers, and gives nil for anything else.
func parseVersion(s string) []int {
	major, minor, _ := strings.Cut(s, ".")
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	if errA != nil || errB != nil {
		return nil
	}
	return []int{a, b}
}
