package edgetpu

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gocoral/coral/model"
)

// DescriptorsEnv names the environment variable that, set to 1 before libedgetpu is loaded,
// has it take transfers over USB as the device asks for them. Models whose
// model.EdgeTPU.NeedsDescriptors is true need it on USB devices.
const DescriptorsEnv = "USB_ENABLE_BULK_DESCRIPTORS_FROM_DEVICE"

// checkModel is about what of a model the Edge TPU runs.
func checkModel(_ context.Context, d *diagnosis) (findings []Finding) {
	if d.model == nil {
		return nil
	}
	e, err := d.model.EdgeTPU()
	switch {
	case err != nil:
		return []Finding{{
			ID: "model-damaged", Severity: Error,
			Message: err.Error(),
			Fixes:   []string{"compile it again with edgetpu_compiler"},
		}}
	case e == nil:
		return []Finding{{
			ID: "model-not-compiled", Severity: Warning,
			Message: "the model has no operator for the Edge TPU, so all of it runs on the CPU",
			Fixes:   []string{"quantise it to 8 bits, if it is not yet", "compile it: edgetpu_compiler MODEL.tflite"},
		}}
	}
	if len(e.CPUOps) > 0 {
		findings = append(findings, cpuOperators(e.CPUOps))
	}
	if d.has(USB) && e.NeedsDescriptors() && !d.descriptorsOn() {
		findings = append(findings, Finding{
			ID: "model-needs-descriptors", Severity: Warning,
			Message: "the model's transfers are not all known beforehand, as in an LSTM: sessions run it over USB in their worker process, and in any other process libedgetpu refuses it",
			Fixes:   []string{"for a program that drives the device in its own process, set " + DescriptorsEnv + "=1 in its environment, before libedgetpu is loaded"},
		})
	}
	return append(findings, compiledFor(e))
}

// compiledFor says what the model is. That the library is too old for it, or that it left
// operators to the CPU, is another finding.
func compiledFor(e *model.EdgeTPU) Finding {
	n := len(e.Executables)
	return Finding{
		ID: "model", Severity: OK,
		Message: fmt.Sprintf("the model is compiled for the Edge TPU, for RuntimeVersion(%d) and later: %d %s, %d bytes of parameters on the chip and %d that cross the bus with every inference",
			e.MinRuntimeVersion, n, plural(n, "executable"), e.CachedBytes(), e.StreamedBytes()),
	}
}

func plural(n int, thing string) string {
	if n == 1 {
		return thing
	}
	return thing + "s"
}

// descriptorsOn reports whether the environment has libedgetpu run such models.
func (d *diagnosis) descriptorsOn() bool {
	on, err := strconv.ParseBool(d.getenv(DescriptorsEnv))
	return err == nil && on
}

// cpuOperators is only worth knowing: decoding the output of a detector, for example,
// is always left to the CPU.
func cpuOperators(left []model.OperatorCount) Finding {
	var n int
	names := make([]string, len(left))
	for i, op := range left {
		n += op.Count
		names[i] = fmt.Sprintf("%d %s", op.Count, op.Name)
	}
	return Finding{
		ID: "model-cpu-operators", Severity: Info,
		Message: fmt.Sprintf("operators of the model that were left to the CPU: %d (%s)", n, strings.Join(names, ", ")),
		Fixes:   []string{"see the log of edgetpu_compiler -s for the reasons: one operator that it cannot take leaves all behind it to the CPU"},
	}
}
