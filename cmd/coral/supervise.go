package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// A model can bring down the process that runs it: TensorFlow Lite trusts the graph, and
// libedgetpu calls abort(). No code of this process can then say what happened. So the
// commands that run a model start themselves again as a child, which does the work, and
// the parent waits: it passes interrupts on, and words a crash in one line.
//
// The child has the parent's standard input and output, and its standard error as
// descriptor 3. Its descriptor 2, where the Go runtime and native libraries print, is a
// pipe to the parent, and so is descriptor 4, on which it gives its exit status when it
// ends in order; a child that does not has crashed, whatever its status is.
const (
	childArgument   = "supervised" // the first argument of a child
	childStderr     = 3
	childStatus     = 4
	childPipesDelay = time.Second // for descriptors that a grandchild holds
)

// supervisor starts the child. It is nil in the child itself, and in tests without a
// process of their own.
type supervisor struct {
	args   []string
	stderr *os.File
}

// isolated has the command run in a child, unless told not to.
func (a *app) isolated(c *cobra.Command) *cobra.Command {
	work := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if inProcess, err := c.Flags().GetBool(inProcessFlag); err != nil || inProcess || a.supervisor == nil {
			return work(c, args)
		}
		a.started = true
		return a.supervise(c.Context(), func() error { return work(c, args) })
	}
	return c
}

// childEnded is the exit status of a child that has said all there is to say.
type childEnded int

func (s childEnded) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// supervise starts the child and waits for it. Where no process can be started, it does
// the work itself.
func (a *app) supervise(ctx context.Context, work func() error) error {
	runtime.LockOSThread() // the child ends with this thread, see endWithParent
	defer runtime.UnlockOSThread()
	child, err := a.supervisor.start(a.verbose)
	if err != nil {
		a.logger().Warn("the model runs in this process", "reason", err)
		a.supervisor = nil
		return work()
	}
	a.supervising.Store(true)
	forwarded := a.forwardInterrupts(ctx, child.cmd.Process)
	status, crash := child.wait()
	close(forwarded)
	switch {
	case crash == "" && status == statusDone:
		return nil
	case crash == "":
		return childEnded(status)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return errors.New(crash)
}

// forwardInterrupts asks the child to end when this process is asked to, and kills it the
// second time, or when it does not heed the first. A terminal sends its interrupt to both;
// the child ignores that one, or it would get two for one. The channel that is returned
// ends this.
func (a *app) forwardInterrupts(ctx context.Context, child *os.Process) chan<- struct{} {
	signals, done := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, interrupts...)
	go func() {
		defer signal.Stop(signals)
		interrupted, tooLong, count := ctx.Done(), (<-chan time.Time)(nil), 0
		for {
			select {
			case <-interrupted:
				interrupted, tooLong = nil, time.After(2*grace)
				_ = child.Signal(syscall.SIGTERM) // it may have ended by itself
			case <-signals:
				if count++; count == 2 {
					_ = child.Kill()
				}
			case <-tooLong:
				_ = child.Kill()
			case <-done:
				return
			}
		}
	}()
	return done
}

// child is a supervised process.
type child struct {
	cmd    *exec.Cmd
	status *os.File // the reading end
	native *tail
}

func (s *supervisor) start(verbose bool) (*child, error) {
	self, err := ownExecutable()
	if err != nil {
		return nil, err
	}
	reading, writing, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer writing.Close()
	c := &child{cmd: exec.Command(self, append([]string{childArgument}, s.args...)...), status: reading, native: &tail{}}
	c.cmd.Args[0] = os.Args[0]
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = os.Stdin, os.Stdout, c.native
	if verbose {
		c.cmd.Stderr = io.MultiWriter(s.stderr, c.native)
	}
	c.cmd.ExtraFiles = []*os.File{s.stderr, writing} // become 3 and 4
	c.cmd.WaitDelay = childPipesDelay
	endWithParent(c.cmd)
	if err := c.cmd.Start(); err != nil {
		reading.Close()
		return nil, err
	}
	return c, nil
}

// wait returns the status that the child has given, or what can be said of a crash.
func (c *child) wait() (status int, crash string) {
	defer c.status.Close()
	err := c.cmd.Wait()
	if state := c.cmd.ProcessState; state == nil {
		return statusFailed, "waiting for the process that runs the model: " + err.Error()
	} else if quiet, ok := brokenPipe(state); ok {
		return quiet, ""
	}
	var given [1]byte
	_ = c.status.SetReadDeadline(time.Now().Add(childPipesDelay)) // a grandchild may have inherited it
	if n, _ := c.status.Read(given[:]); n == 1 {
		return int(given[0]), ""
	}
	return statusFailed, describeCrash(c.cmd.ProcessState, c.native.String())
}

// parentProcess is what a child has of its parent, nil if this process is no child.
func parentProcess(args []string) *parent {
	if len(args) == 0 || args[0] != childArgument || !inherited(childStderr) || !inherited(childStatus) {
		return nil
	}
	return &parent{
		stderr: os.NewFile(childStderr, "/dev/stderr"),
		status: os.NewFile(childStatus, "status"),
	}
}

type parent struct{ stderr, status *os.File }

// app is the command in the child.
func (p *parent) app() *app {
	signal.Ignore(os.Interrupt) // the parent passes it on as SIGTERM
	a := newApp(os.Stdin, os.Stdout, p.stderr)
	a.signals = []os.Signal{syscall.SIGTERM}
	a.exit = func(status int) {
		_, _ = p.status.Write([]byte{byte(status)}) // a parent that is gone needs no status
		os.Exit(status)
	}
	return a
}

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
	last := lastLine(before)
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

// reportStarts are how the Go runtime begins its report of a crash.
var reportStarts = []string{"SIG", "fatal error: ", "panic: ", "runtime: ", "unexpected fault address"}

// splitReport parts what libraries have printed from the Go runtime's report.
func splitReport(printed string) (before, report string) {
	at := 0
	for line := range strings.Lines(printed) {
		if slices.ContainsFunc(reportStarts, func(start string) bool { return strings.HasPrefix(line, start) }) {
			return printed[:at], printed[at:]
		}
		at += len(line)
	}
	return printed, ""
}

// lastLine is the last line that says something of a failure.
func lastLine(text string) string {
	for _, line := range slices.Backward(strings.Split(text, "\n")) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "INFO:") && !strings.HasPrefix(line, "WARNING:") {
			return line
		}
	}
	return ""
}
