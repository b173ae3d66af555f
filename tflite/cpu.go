package tflite

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/gocoral/coral/internal/capi"
)

// MissingCPUFeatures returns what the linked runtime needs and this processor lacks,
// such as "SSE4.1", by its usual build of each version; nil where nothing is known to be
// missing. With anything missing no model can be loaded ([ErrPlatform]), since the
// runtime would end the process at the first such instruction. What a library runs while it
// is loaded, before main, is beyond this; the runtimes known need nothing there.
func MissingCPUFeatures() []string { return capi.MissingCPUFeatures() }

// usable refuses every use of the runtime where it cannot be.
func usable() error {
	if !capi.Available {
		return ErrCgoRequired
	}
	if missing := MissingCPUFeatures(); len(missing) > 0 {
		return fmt.Errorf("TensorFlow Lite %s needs a processor with %s: %s: %w", Version(), strings.Join(missing, ", "), otherCPU(), ErrPlatform)
	}
	return nil
}

func otherCPU() string {
	if runtime.GOARCH == "amd64" {
		return "take runtime 2.20.0 or 2.9.0, or for a virtual machine a CPU type that has it, such as host"
	}
	return "take another board, or a runtime that was built for this one"
}
