// Command coral looks for Edge TPUs, and runs TensorFlow Lite models on them or on
// the CPU.
//
//	coral devices                                  the accelerators, and which one a session takes
//	coral doctor [-m MODEL]                        what stands in the way of an Edge TPU
//	coral inspect MODEL…                           what is inside a model
//	coral classify -m MODEL [-l LABELS] IMAGE…     the classes of pictures
//	coral run -m MODEL --input NAME=FILE.npy … --output DIR
//	                                               any model, .npy in, .npy out
//	coral bench -m MODEL                           latency and throughput
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
// and mishaps of the library to standard error.
//
// Exit status: 0 done, 1 the work failed, 2 wrong usage. A failure is one line on
// standard error that says what to do about it.
//
// UMOCKDEV_DIR in the environment, a hook for tests that umockdev-run sets, makes the
// search for devices read that folder in place of /.
package main

import (
	"context"
	"fmt"
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
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// grace is how long an interrupted command has to end by itself.
const grace = 2 * time.Second

// run is main without the process: it returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) (status int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ended := context.AfterFunc(ctx, func() {
		stop() // a second interrupt ends the process at once
		// What does not heed the first, a read from a pipe for example, has a moment.
		time.AfterFunc(grace, func() {
			fmt.Fprintln(stderr, "coral: interrupted")
			os.Exit(statusFailed)
		})
	})
	defer ended()

	a := newApp(stdin, stdout, stderr)
	defer a.catch(&status)
	root := a.root()
	root.SetArgs(args)
	return a.report(ctx, root.ExecuteContext(ctx))
}
