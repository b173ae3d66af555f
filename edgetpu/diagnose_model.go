package edgetpu

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gocoral/coral/model"
)

// descriptorsEnv has libedgetpu take transfers as the device asks for them.
const descriptorsEnv = "USB_ENABLE_BULK_DESCRIPTORS_FROM_DEVICE"

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
			Fix:     "compile it again with edgetpu_compiler",
		}}
	case e == nil:
		return []Finding{{
			ID: "model-not-compiled", Severity: Warning,
			Message: "the model has no operator for the Edge TPU, so all of it runs on the CPU",
			Fix:     "quantise it to 8 bits if it is not, and compile it: edgetpu_compiler MODEL.tflite",
		}}
	}
	if len(e.CPUOps) > 0 {
		findings = append(findings, cpuOperators(e.CPUOps))
	}
	if d.has(USB) && d.getenv(descriptorsEnv) == "" && slices.ContainsFunc(e.Executables, undetermined) {
		findings = append(findings, Finding{
			ID: "model-needs-descriptors", Severity: Warning,
			Message: "the model's transfers are not all known beforehand, as in an LSTM, and libedgetpu refuses that over USB unless told otherwise",
			Fix:     "set " + descriptorsEnv + "=1 in the environment of the program, before libedgetpu is loaded",
		})
	}
	return findings
}

func undetermined(x model.Executable) bool { return !x.DeterministicDMA }

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
		Fix:     "see the log of edgetpu_compiler -s for the reasons; one operator that it cannot take leaves all behind it to the CPU",
	}
}
