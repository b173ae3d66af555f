package main

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/gocoral/coral/internal/crash"
)

// tail keeps the end of what native code and the Go runtime print.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// tailSize is ample for a report of a crash, whose first lines are wanted.
const tailSize = 1 << 20

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if n := len(t.text) - tailSize; n > 0 {
		t.text = append(t.text[:0], t.text[n:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// describeCrash says in a line how the child ended, from its state and from what the Go
// runtime and the native libraries have printed.
func describeCrash(state *os.ProcessState, printed string) string {
	before, report := splitReport(printed)
	how := crashSignal(state, report)
	last := crash.Reason(strings.Split(before, "\n"))
	switch {
	case strings.Contains(printed, "bad_alloc"), strings.Contains(report, "out of memory"), strings.Contains(report, "cannot allocate memory"):
		return "the memory of this machine does not suffice for the model: end other programs, or use a smaller model"
	case isPanic(report):
		line, _, _ := strings.Cut(report, "\n")
		return "internal error, please report it with the output of --verbose: " + line
	case how == "SIGKILL":
		return "the process that ran the model was killed (SIGKILL), as the system does when memory runs out: end other programs, or use a smaller model"
	case how == "SIGILL":
		return "TensorFlow Lite needs an instruction that this CPU does not have (SIGILL): see coral doctor"
	case how == "":
		how = state.String()
	}
	if last != "" {
		how += ": " + last
	}
	return fmt.Sprintf("running the model crashed TensorFlow Lite (%s): the model is damaged, made to do so, or for another version of TensorFlow Lite; fetch it or convert it again", how)
}

// isPanic recognises the report of a fault in Go code, which is a bug of this program.
func isPanic(report string) bool {
	return strings.HasPrefix(report, "panic: ") ||
		strings.HasPrefix(report, "fatal error: ") && !strings.HasPrefix(report, "fatal error: unexpected signal")
}

// splitReport parts what libraries have printed from the Go runtime's report.
func splitReport(printed string) (before, report string) {
	at := 0
	for line := range strings.Lines(printed) {
		if crash.IsReport(line) {
			return printed[:at], printed[at:]
		}
		at += len(line)
	}
	return printed, ""
}
