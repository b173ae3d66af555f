// Command coral looks for Edge TPUs, and runs TensorFlow Lite models on them or on
// the CPU.
//
//	coral devices                                  the accelerators, and which one a session takes
//	coral doctor [MODEL] [--open]                  what stands in the way of an Edge TPU
//	coral inspect MODEL…                           what is inside a model
//	coral classify -m MODEL [-l LABELS] IMAGE…     the classes of pictures
//	coral detect -m MODEL [-l LABELS] IMAGE…       objects, with boxes
//	coral segment -m MODEL [-l LABELS] IMAGE…      what each part of pictures belongs to
//	coral pose -m MODEL IMAGE…                     persons, by their joints
//	coral faces -m MODEL IMAGE…                    faces
//	coral embed -m MODEL IMAGE…                    which known pictures others resemble
//	coral watch SOURCE -m MODEL                    any of these on a video or a camera
//	coral run MODEL --input NAME=VALUE …           any model, on numbers, texts and .npy files
//	coral bench MODEL                              latency and throughput
//	coral fetch-runtime                            TensorFlow Lite's native library
//	coral version                                  versions of the command and what it links
//	coral completion SHELL                         completion for bash, zsh, fish, PowerShell
//
// "coral COMMAND --help" has the flags and examples.
//
// # What all commands have in common
//
// --json writes one JSON object a line to standard output. Field names are stable:
// they may become more, but neither change nor vanish. --device picks what to run on:
// auto (an Edge TPU where one can be used, else the CPU), cpu, tpu, or one of several
// Edge TPUs as usb, usb:N, pci, pci:N, :N or by its path. --verbose logs decisions
// and mishaps of the library to standard error, and shows what the native libraries print.
//
// Exit status: 0 done, 1 the work failed, 2 wrong usage. A failure is one line on
// standard error that says what to do about it.
//
// Commands that run a model do so in a process of their own, see [app.supervise].
//
// The environment variables are listed in environment.go.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/gocoral/coral"
)

func main() {
	coral.WorkerMain() // started by a session to drive a USB accelerator for it
	if os.Getenv("GOMEMLIMIT") == "" {
		// Collects one large picture before the next is read; boards have 1 GiB.
		debug.SetMemoryLimit(512 << 20)
	}
	args := os.Args[1:]
	a := newApp(os.Stdin, os.Stdout, os.Stderr)
	a.supervisor = &supervisor{args: args, stderr: os.Stderr}
	if parent := parentProcess(args); parent != nil {
		args = args[1:]
		a = parent.app()
	}
	a.exit(a.run(args))
}

// grace is how long an interrupted command has to end by itself.
const grace = 2 * time.Second

// echo is how long after an interrupt another one is the same: timeout(1) sends its signal
// to the process and to the group that the process is in.
const echo = time.Second

// run is main without the process: it returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) (status int) {
	return newApp(stdin, stdout, stderr).run(args)
}

func (a *app) run(args []string) (status int) {
	ctx, stop := signal.NotifyContext(context.Background(), a.signals...)
	defer stop()
	ended := context.AfterFunc(ctx, func() {
		if a.supervising.Load() {
			return // the child gets it, see forwardInterrupts
		}
		time.AfterFunc(echo, stop) // a second interrupt ends the process at once
		// What does not heed the first, a read from a pipe for example, has a moment.
		time.AfterFunc(grace, func() {
			a.complain("interrupted")
			a.exit(statusFailed)
		})
	})
	defer ended()
	defer a.catch(&status)
	root := a.root()
	root.SetArgs(args)
	return a.report(ctx, root.ExecuteContext(ctx))
}

// interrupts are the signals that ask the command to end.
var interrupts = []os.Signal{os.Interrupt, syscall.SIGTERM}
