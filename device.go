package coral

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/gocoral/coral/edgetpu"
)

// Device is what a session runs on.
type Device struct {
	// EdgeTPU is the accelerator, nil for the CPU.
	EdgeTPU *edgetpu.Device
}

// IsTPU reports whether the device is an Edge TPU.
func (d Device) IsTPU() bool { return d.EdgeTPU != nil }

// String is "CPU" or "Edge TPU" with the accelerator's type and path.
func (d Device) String() string {
	if d.EdgeTPU == nil {
		return "CPU"
	}
	return "Edge TPU " + d.EdgeTPU.String()
}

// decision is which form of the model runs where, and why.
type decision struct {
	file   *file
	device Device
	reason string
}

// decide chooses for the pair. Its error says what to do.
func decide(ctx context.Context, p *pair, c *config) (decision, error) {
	why, err := whyCPU(ctx, p, c)
	switch {
	case err != nil && c.policy == RequireTPU:
		return decision{}, fmt.Errorf("an Edge TPU is required: %w", err)
	case p.cpu == nil:
		return decision{}, noTwin(p, why)
	}
	return decision{file: p.cpu, reason: why}, nil
}

// whyCPU finds out why the session cannot use an Edge TPU: in a sentence, and as an
// error unless the CPU was asked for.
func whyCPU(ctx context.Context, p *pair, c *config) (string, error) {
	if c.policy == CPUOnly {
		return "the CPU was asked for", nil
	}
	devices, err := c.probe(ctx)
	if err != nil {
		return "looking for Edge TPUs failed: " + err.Error(), err
	}
	if len(devices) == 0 && c.policy == Auto {
		return "no Edge TPU is attached", ErrNoDevice
	}
	d, err := edgetpu.Choose(devices, c.selector)
	if err != nil {
		return "no attached Edge TPU can be used: " + err.Error(), err
	}
	if p.tpu == nil {
		err := fmt.Errorf("%s is not compiled for the Edge TPU, and there is no %s beside it: compile it with edgetpu_compiler",
			p.cpu.path, filepath.Base(twinPath(p.cpu.path, false)))
		return fmt.Sprintf("an Edge TPU is attached (%s), but %v", d, err), err
	}
	err = fmt.Errorf("an Edge TPU is attached (%s), but this version has no delegate to drive it with: %w", d, ErrUnsupported)
	return err.Error(), err
}

// noTwin explains why an Edge TPU model cannot run here.
func noTwin(p *pair, why string) error {
	cure := "name one with WithTwin"
	if p.missing != "" {
		cure = fmt.Sprintf("put it at %s, or %s", p.missing, cure)
	}
	return fmt.Errorf("%s is compiled for the Edge TPU and has to run on the CPU (%s): %w: %s", p.tpu.path, why, ErrNoTwin, cure)
}
