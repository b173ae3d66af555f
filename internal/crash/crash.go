// Package crash finds in what a process has printed on standard error why it ended: the
// last words of native code, and the report of the Go runtime that follows them.
package crash

import (
	"regexp"
	"slices"
	"strings"
)

// report matches the lines with which the Go runtime begins to report its end.
var report = regexp.MustCompile(`^(SIG[A-Z]+: |fatal error: |panic: |runtime: |unexpected fault address |\[signal )`)

// IsReport reports whether the Go runtime begins its report with the line.
func IsReport(line string) bool { return report.MatchString(line) }

// remark matches what TensorFlow Lite prints when nothing has failed. Its warnings come
// when a model is opened, long before a crash.
var remark = regexp.MustCompile(`^(INFO|WARNING): `)

// Reason is the last of the lines before the runtime's report that says something of a
// failure, without space around it, and "" if there is none.
func Reason(lines []string) string {
	if k := slices.IndexFunc(lines, IsReport); k >= 0 {
		lines = lines[:k]
	}
	for _, line := range slices.Backward(lines) {
		if line = strings.TrimSpace(line); line != "" && !remark.MatchString(line) {
			return line
		}
	}
	return ""
}
