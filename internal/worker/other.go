//go:build !linux

package worker

import (
	"context"
	"fmt"
	"os"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/engine"
)

const supported = false

// Main never returns. It is for processes in which [IsWorker] is true, which there are none
// of on this platform.
func Main() {
	fmt.Fprintln(os.Stderr, "coral worker: worker processes need Linux")
	os.Exit(1)
}

func isSocket(int) bool { return false }

// Open fails with [ErrNone].
func Open(context.Context, *engine.Spec, edgetpu.Device) (engine.Engine, error) {
	_, err := launcher()
	return nil, err
}
