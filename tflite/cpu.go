package tflite

import (
	"fmt"
	"strings"

	"github.com/gocoral/coral/internal/capi"
)

// MissingCPUFeatures returns what the linked runtime needs and this processor lacks,
// such as "SSE4.1", by its usual build of each version; nil where nothing is known to be
// missing. With anything missing no model can be loaded ([ErrPlatform]), since the
// runtime would end the process at the first such instruction.
func MissingCPUFeatures() []string { return capi.MissingCPUFeatures() }

// usable refuses every use of the runtime where it cannot be.
func usable() error {
	if !capi.Available {
		return ErrCgoRequired
	}
	if missing := MissingCPUFeatures(); len(missing) > 0 {
		return fmt.Errorf("TensorFlow Lite %s needs a processor with %s: take runtime 2.20.0 or 2.9.0, or for a virtual machine a CPU type that has it, such as host: %w",
			Version(), strings.Join(missing, ", "), ErrPlatform)
	}
	return nil
}
