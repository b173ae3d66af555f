package coral

import (
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"

	"github.com/gocoral/coral/edgetpu"
)

// Google's libedgetpu answers a USB failure, a pulled cable above all, by abort(). A
// session therefore drives USB accelerators in a worker process where it can: the user's
// own program started again, or the installed coral command. Nothing else is ever
// started.

// isolation says which devices are driven in a worker process.
type isolation int

const (
	isolateUSB isolation = iota
	isolateNone
	isolateAll
)

// InProcess has the session drive every accelerator in this process. That saves the
// passing of tensors between processes (see bench/), and costs the process its life when
// libedgetpu aborts, which it does for every fault of a USB device.
func InProcess() Option {
	return func(c *config) error {
		c.isolation = isolateNone
		return nil
	}
}

// Isolated has the session drive every accelerator in a worker process, PCIe ones too.
// Without a way to start one ([IsWorker]) opening a device fails.
//
// With [CPUOnly] it is the CPU model that runs in worker processes, one for each
// interpreter, and this process loads nothing of it: for models that nobody vouches for. One
// that crashes the runtime, or takes more memory ([WithWorkerMemory]) or time
// ([WithTPUTimeout]) than it may, costs an error. Its inputs and outputs must have fixed
// sizes.
func Isolated() Option {
	return func(c *config) error {
		c.isolation = isolateAll
		return nil
	}
}

// WithWorkerMemory limits the memory of worker processes to so many bytes (RLIMIT_DATA);
// 0, the default, is no limit.
func WithWorkerMemory(bytes uint64) Option {
	return func(c *config) error {
		c.workerMemory = bytes
		return nil
	}
}

// workerEnv is set for worker processes, which also have the two files below.
const (
	workerEnv    = "GOCORAL_WORKER"
	workerSocket = 3
	workerMemory = 4
)

// selfWorker is set once main has shown that this program can be its own worker.
var selfWorker atomic.Bool

// IsWorker reports whether this process was started as a worker. Call it first thing in
// main, and [WorkerMain] if it is true:
//
//	func main() {
//		if coral.IsWorker() {
//			coral.WorkerMain()
//		}
//		…
//	}
//
// Calling it is also what allows sessions to start this program as their worker. It is
// false, and without any other effect, unless the process has inherited a session's
// socket.
func IsWorker() bool {
	if os.Getenv(workerEnv) == "" || !isSocket(workerSocket) {
		selfWorker.Store(true)
		return false
	}
	return true
}

// launcher is the command that starts a worker. Its error, which wraps [ErrUnsupported],
// says what to do about it.
func launcher() (*exec.Cmd, error) {
	if !workersSupported {
		return nil, fmt.Errorf("no worker process: it needs Linux: %w", ErrUnsupported)
	}
	if selfWorker.Load() {
		cmd := exec.Command("/proc/self/exe", "tpu-worker")
		cmd.Args[0] = os.Args[0]
		return cmd, nil
	}
	if path, err := exec.LookPath("coral"); err == nil {
		return exec.Command(path, "tpu-worker"), nil
	}
	return nil, fmt.Errorf("no worker process: call coral.IsWorker first thing in main, or install the coral command: %w", ErrUnsupported)
}

// isolate reports whether the device is to be driven in a worker process.
func (c *config) isolate(d edgetpu.Device) bool {
	return c.isolation == isolateAll || c.isolation == isolateUSB && d.Type == edgetpu.USB
}
