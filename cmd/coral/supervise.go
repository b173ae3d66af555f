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

// childError is the exit status of a child that has said all there is to say.
type childError int

func (s childError) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

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
		return childError(status)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return errors.New(crash)
}

// forwardInterrupts asks the child to end when this process is asked to, and kills it the
// second time, after the echo of the first, or when it does not heed the first. A terminal sends its interrupt to both;
// the child ignores that one, or it would get two for one. The channel that is returned
// ends this.
func (a *app) forwardInterrupts(ctx context.Context, child *os.Process) chan<- struct{} {
	signals, done := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, interrupts...)
	go func() {
		defer signal.Stop(signals)
		interrupted, tooLong, echoEnds := ctx.Done(), (<-chan time.Time)(nil), time.Time{}
		for {
			select {
			case <-interrupted:
				interrupted, tooLong, echoEnds = nil, time.After(2*grace), time.Now().Add(echo)
				_ = child.Signal(syscall.SIGTERM) // it may have ended by itself
			case <-signals:
				if interrupted == nil && time.Now().After(echoEnds) {
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
