package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// manySteps is from how many on a progress bar is worth its line.
const manySteps = 5

// progressInterval is how often a bar is drawn at most.
const progressInterval = 100 * time.Millisecond

// progress is a bar on standard error. A nil one shows nothing.
type progress struct {
	bar   *progressbar.ProgressBar
	drawn bool
}

// showProgress shows a bar if somebody is there to see it. The function that it returns
// takes the bar away.
func (a *app) showProgress(n int) (done func()) {
	if n >= manySteps && isTerminal(a.stderr) {
		a.bar = newProgress(a.stderr, n)
	}
	return func() {
		a.bar.clear()
		a.bar = nil
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func newProgress(w io.Writer, n int) *progress {
	return &progress{bar: progressbar.NewOptions(n,
		progressbar.OptionSetWriter(w),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(progressInterval), // drawing takes time from what is measured
		progressbar.OptionClearOnFinish(),
	)}
}

// A bar that cannot be drawn is no failure of the command.

func (p *progress) advance() {
	if p != nil {
		_ = p.bar.Add(1)
		p.drawn = true
	}
}

// clear makes room for what is printed, in however many pieces; the next advance draws
// the bar again.
func (p *progress) clear() {
	if p != nil && p.drawn {
		_ = p.bar.Clear()
		p.drawn = false
	}
}
