package tflite

import (
	"fmt"
	"strings"

	"github.com/gocoral/coral/internal/capi"
)

// MissingCPUFeatures returns what the linked runtime needs and this processor lacks,
// such as "SSE4.1", by its usual build of each version; nil where nothing is known to be
// missing. With anything missing no model can be loaded ([ErrPlatform]), since the
// runtime would end the process at the first such instruction. What a library runs while it
// is loaded, before main, is beyond this; the runtimes known need nothing there.
func MissingCPUFeatures() []string { return capi.MissingCPUFeatures() }

// CPUAdvice says what to do on a processor with [MissingCPUFeatures]: each of it suffices.
func CPUAdvice() []string { return capi.CPUAdvice() }

// usable refuses every use of the runtime where it cannot be.
func usable() error {
	if !capi.Available {
		return ErrCgoRequired
	}
	if missing := MissingCPUFeatures(); len(missing) > 0 {
		return fmt.Errorf("TensorFlow Lite %s needs a processor with %s: %s: %w", Version(), strings.Join(missing, ", "), strings.Join(CPUAdvice(), ", or "), ErrPlatform)
	}
	return nil
}
