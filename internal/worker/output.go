package worker

import (
	"bytes"
	"cmp"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/gocoral/coral/internal/crash"
)

// output keeps the end of what a worker printed on standard error, up to where the Go
// runtime begins to print the state of the machine: what came before says why.
type output struct {
	mu      sync.Mutex
	partial []byte
	lines   []string
	report  string // the first line of the Go runtime's report
}

const (
	maxLines = 32
	maxLine  = 512
)

// read takes everything from r until it ends.
func (o *output) read(r io.Reader) {
	buffer := make([]byte, 4096)
	for {
		n, err := r.Read(buffer)
		o.add(buffer[:n])
		if err != nil {
			return
		}
	}
}

func (o *output) add(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		if room := maxLine - len(o.partial); room > 0 {
			o.partial = append(o.partial, line[:min(len(line), room)]...)
		}
		if !whole {
			return
		}
		o.line(strings.TrimSpace(string(o.partial)))
		o.partial, b = o.partial[:0], rest
	}
}

func (o *output) line(line string) {
	switch {
	case o.report != "" || line == "":
	case crash.IsReport(line):
		o.report = line
	default:
		o.lines = append(o.lines, line)
		if len(o.lines) > maxLines {
			o.lines = slices.Delete(o.lines, 0, len(o.lines)-maxLines)
		}
	}
}

// last is the last line that says something of a failure.
func (o *output) last() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := o.lines
	if p := strings.TrimSpace(string(o.partial)); p != "" && o.report == "" {
		lines = append(slices.Clip(lines), p)
	}
	return cmp.Or(crash.Reason(lines), o.report)
}
