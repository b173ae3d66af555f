package coral

import (
	"context"
	"errors"
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

// plan is how a session is going to run its model.
type plan struct {
	// file is what the session's own interpreters hold: the CPU model, or the
	// compiled one, whose tensors they can hold but which they cannot run.
	file *file
	// router sends inferences to accelerators; nil when only the CPU comes into
	// question, for the reason given.
	router *router
	reason string
}

// decide makes the plan for the pair, and opens accelerators if it comes to that. Its
// error says what to do.
func decide(ctx context.Context, p *pair, c *config) (plan, error) {
	cpu := plan{file: p.cpu}
	if c.policy == CPUOnly {
		cpu.reason = "the CPU was asked for"
		return cpu.check(p)
	}
	devices, err := c.probe(ctx)
	if err != nil {
		return plan{}, err
	}
	if p.tpu == nil {
		cpu.reason, err = notCompiled(p, c, devices)
		if c.policy == RequireTPU {
			return plan{}, fmt.Errorf("an Edge TPU is required: %w", err)
		}
		return cpu, nil
	}
	return connect(ctx, p, c, devices)
}

// notCompiled explains why a CPU model without a twin runs on the CPU.
func notCompiled(p *pair, c *config, devices []edgetpu.Device) (string, error) {
	if len(devices) == 0 && c.policy == Auto {
		return errNone.Error(), errNone
	}
	d, err := edgetpu.Choose(devices, c.selectors[0])
	if err != nil {
		return "no attached Edge TPU can be used: " + err.Error(), err
	}
	err = fmt.Errorf("%s is not compiled for the Edge TPU, and there is no %s beside it: compile it with edgetpu_compiler: %w",
		p.cpu.path, filepath.Base(twinPath(p.cpu.path, false)), ErrUnsupported)
	return fmt.Sprintf("an Edge TPU is attached (%s), but %v", d, err), err
}

// connect opens the accelerators. Under Auto it succeeds without any, if there is a CPU
// model, and the router goes on looking for them.
func connect(ctx context.Context, p *pair, c *config, devices []edgetpu.Device) (plan, error) {
	r, err := c.newRouter(p)
	if err != nil {
		return plan{}, err
	}
	var failures []error
	for _, wants := range c.wanted(devices) {
		if err := r.add(ctx, wants, devices); err != nil {
			failures = append(failures, err)
		}
	}
	pl := plan{file: p.cpu, router: r}
	if p.cpu == nil {
		pl.file = p.tpu
	}
	device, reason := r.status()
	switch {
	case device.IsTPU():
		return pl, nil
	case c.policy == RequireTPU:
		err = fmt.Errorf("an Edge TPU is required: %w", errors.Join(failures...))
	case p.cpu == nil:
		err = noTwin(p, reason)
	}
	if err != nil {
		r.close()
		return plan{}, err
	}
	return pl, nil
}

// wanted is a selector for each slot of the session.
func (c *config) wanted(devices []edgetpu.Device) []edgetpu.Selector {
	if !c.allDevices {
		return c.selectors
	}
	all := make([]edgetpu.Selector, max(1, len(devices)))
	return all // zero selectors: any
}

// check refuses a plan for the CPU without a model for it.
func (pl plan) check(p *pair) (plan, error) {
	if pl.file == nil {
		return plan{}, noTwin(p, pl.reason)
	}
	return pl, nil
}

// noTwin explains why an Edge TPU model cannot run here.
func noTwin(p *pair, why string) error {
	cure := "name one with WithTwin"
	if p.missing != "" {
		cure = fmt.Sprintf("put it at %s, or %s", p.missing, cure)
	}
	return fmt.Errorf("%s is compiled for the Edge TPU and has to run on the CPU (%s): %w: %s", p.tpu.path, why, ErrNoTwin, cure)
}

// newRouter makes a router for the compiled form of the pair, without devices yet.
func (c *config) newRouter(p *pair) (*router, error) {
	r := newRouter()
	r.open = func(ctx context.Context, d edgetpu.Device) (engine, error) {
		return c.openEngine(ctx, p.tpu, d, r)
	}
	r.probe, r.logger, r.notify = c.probe, c.logger, c.notify
	r.watchdog, r.startAgain = c.watchdog, c.resetState
	r.cpu = p.cpu != nil && c.policy == Auto
	r.stateful = p.tpu.parsed.HasVariables()
	var err error
	r.inputs, r.outputs, err = p.tpu.sizes()
	return r, err
}

// openEngine drives the device in a worker process or in this one, as [InProcess] and
// [Isolated] say.
func (c *config) openEngine(ctx context.Context, f *file, d edgetpu.Device, r *router) (engine, error) {
	spec := c.engineSpec(f)
	if c.isolate(d) {
		cmd, err := launcher()
		if err == nil {
			return openInWorker(ctx, cmd, spec, d, r.inputs, r.outputs)
		}
		if c.isolation == isolateAll {
			return nil, err
		}
		spec.note = ", which ends the process when the cable is pulled: " + err.Error()
	}
	return openLocal(ctx, spec, d)
}

func (c *config) engineSpec(f *file) *engineSpec {
	return &engineSpec{
		model: f.bytes, parsed: f.parsed, threads: c.threads, xnnpack: c.xnnpack,
		options: c.tpuOptions, library: c.library, memory: c.workerMemory, logger: c.logger,
	}
}
