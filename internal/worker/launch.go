package worker

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"

	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/processes"
)

// ErrNone is wrapped when no worker process can be had, for whatever reason: then a device
// can only be driven in this process. The error says what to do about it.
var ErrNone error = noneError{}

type noneError struct{}

func (noneError) Error() string { return "no worker process" }
func (noneError) Unwrap() error { return errs.ErrPlatform }

// environment is set for worker processes, which also have the control socket.
const (
	environment   = "GOCORAL_WORKER"
	controlSocket = 3
)

// command is the main package of the installed command that can be a worker.
const command = "github.com/gocoral/coral/cmd/coral"

// self is set once main has shown that this program can be its own worker.
var self atomic.Bool

// Allow notes that this program's main calls [Main] first thing, so that it can be started
// as a worker.
func Allow() { self.Store(true) }

// IsWorker reports whether this process was started as a worker. It is false unless the
// process has inherited a session's socket.
func IsWorker() bool { return os.Getenv(environment) != "" && isSocket(controlSocket) }

// launcher is the command that starts a worker.
func launcher() (*exec.Cmd, error) {
	if !supported {
		return nil, fmt.Errorf("%w: it needs Linux", ErrNone)
	}
	if self.Load() {
		cmd := exec.Command("/proc/self/exe", processes.WorkerArgument)
		cmd.Args[0] = os.Args[0]
		return cmd, nil
	}
	if dl.Privileged() {
		return nil, fmt.Errorf("%w: this process has more rights than its user, and starts no command of the user's: call coral.WorkerMain first thing in main", ErrNone)
	}
	path, err := exec.LookPath("coral")
	if err == nil {
		err = isCommand(path)
	}
	if err == nil {
		return exec.Command(path, processes.WorkerArgument), nil
	}
	if errors.Is(err, exec.ErrNotFound) {
		err = errors.New("no coral command is installed")
	}
	return nil, fmt.Errorf("%w: call coral.WorkerMain first thing in main, or install the coral command (%w)", ErrNone, err)
}

// isCommand refuses other programs of the same name.
func isCommand(path string) error {
	info, err := buildinfo.ReadFile(path)
	if err == nil && info.Path == command {
		return nil
	}
	return fmt.Errorf("%s is another program of that name", path)
}
