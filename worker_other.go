//go:build !linux

package coral

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/gocoral/coral/edgetpu"
)

const workersSupported = false

// WorkerMain never returns. It is for processes in which [IsWorker] is true, which there
// are none of on this platform.
func WorkerMain() {
	fmt.Fprintln(os.Stderr, "coral worker: worker processes need Linux")
	os.Exit(1)
}

func isSocket(int) bool { return false }

func openInWorker(context.Context, *exec.Cmd, *engineSpec, edgetpu.Device, []int, []int) (engine, error) {
	return nil, fmt.Errorf("worker processes need Linux: %w", ErrUnsupported)
}
