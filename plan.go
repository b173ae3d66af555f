package coral

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/engine"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/failover"
	"github.com/gocoral/coral/internal/worker"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// plan is how a session is going to run its model.
type plan struct {
	// file is what the session's own interpreters hold: the CPU model, or the compiled
	// one, whose tensors they can hold but which they cannot run.
	file *file
	// compiled is what accelerators run, nil if none comes into question. Then cause is
	// why, or nil if the CPU was asked for.
	compiled *file
	cause    error
	devices  []edgetpu.Device // that are attached
}

// decide makes the plan for the pair. Its error says what to do.
func decide(ctx context.Context, p *pair, c *config) (plan, error) {
	if c.policy == CPUOnly {
		if p.cpu == nil {
			return plan{}, noTwin(p, errAskedFor)
		}
		return plan{file: p.cpu}, nil
	}
	devices, err := c.probe(ctx)
	if err != nil {
		return plan{}, err
	}
	if p.tpu == nil {
		err := notCompiled(p, c, devices)
		if c.policy == RequireTPU {
			return plan{}, fmt.Errorf("an Edge TPU is required: %w", err)
		}
		return plan{file: p.cpu, cause: err}, nil
	}
	pl := plan{file: p.cpu, compiled: p.tpu, devices: devices}
	if p.cpu == nil || c.policy == RequireTPU {
		pl.file = p.tpu
	}
	return pl, nil
}

var errAskedFor = errors.New("the CPU was asked for")

// notCompiled explains why a CPU model without a twin runs on the CPU.
func notCompiled(p *pair, c *config, devices []edgetpu.Device) error {
	if len(devices) == 0 && c.policy == Auto {
		return failover.ErrNone
	}
	d, err := edgetpu.Choose(devices, c.selectors[0])
	if err != nil {
		return fmt.Errorf("no attached Edge TPU can be used: %w", err)
	}
	where := "no compiled form was given"
	if twin := twinBeside(p.cpu); twin != "" {
		where = "there is no " + filepath.Base(twin) + " beside it"
	}
	return fmt.Errorf("an Edge TPU is attached (%s), but %w: compile %s with edgetpu_compiler (%s)", d, ErrNotCompiled, p.cpu.name(), where)
}

// noTwin explains why an Edge TPU model cannot run here.
func noTwin(p *pair, why error) error {
	cure := "name one with WithTwin"
	if p.missing != "" {
		cure = fmt.Sprintf("put it at %s, or %s", p.missing, cure)
	}
	return fmt.Errorf("%s is compiled for the Edge TPU and has to run on the CPU (%w): %w: %s", p.tpu.name(), why, ErrNoTwin, cure)
}

// session makes what the plan says.
func (pl plan) session(ctx context.Context, p *pair, c *config) (*Session, error) {
	n, err := pl.interpreterCount(c)
	if err != nil {
		return nil, err
	}
	s := newSession(pl, p, c)
	switch {
	case c.policy == CPUOnly && c.isolation == Isolated:
		err = s.sandboxed(ctx, pl.file, c, n)
	case pl.compiled != nil:
		err = s.accelerated(ctx, pl, p, c, n)
	default:
		err = s.local(pl.file, c, n)
	}
	if err != nil {
		s.release()
		return nil, err
	}
	if err := s.describe(); err != nil {
		return nil, err
	}
	return s, nil
}

// interpreterCount is how many interpreters the session gets: as many as asked for, or as
// it has places to run them.
func (pl plan) interpreterCount(c *config) (int, error) {
	n := max(c.interpreters, 1)
	if c.interpreters == 0 && pl.compiled != nil {
		n = len(c.wanted(pl.devices))
	}
	if n > 1 && pl.file.parsed.HasVariables() {
		if c.interpreters > 1 {
			return 0, fmt.Errorf("%s keeps state between calls, which %d interpreters cannot share: use one: %w", pl.file.name(), n, ErrUnsupported)
		}
		n = 1
	}
	return n, nil
}

// local makes a session of interpreters that run the model themselves.
func (s *Session) local(f *file, c *config, n int) error {
	return s.interpreters(f, c.spec(f), n, tflite.WithObserver(s.plain.Observe))
}

// accelerated makes a session whose interpreters hand their inferences to accelerators.
func (s *Session) accelerated(ctx context.Context, pl plan, p *pair, c *config, n int) error {
	var r *failover.Router // not there before the interpreters, which it asks for their sizes
	opts := []tflite.Option{tflite.WithOffload(func(ctx context.Context, o *tflite.Offload) error { return r.Route(ctx, o) })}
	if pl.file == pl.compiled {
		opts = append(opts, tflite.WithPlaceholderOp(model.EdgeTPUOperator))
	}
	if err := s.interpreters(pl.file, c.spec(pl.file), n, opts...); err != nil {
		return err
	}
	sizes, err := engine.SizesOf(s.owned.pool.first)
	if err == nil {
		err = fits(sizes, pl.compiled)
	}
	if err != nil {
		return s.onCPU(pl, p, c, n, err)
	}
	r = failover.NewRouter(c.routerConfig(pl, p, sizes))
	s.owned.executor = r
	failures := r.Connect(ctx, pl.devices)
	status := r.Status()
	switch {
	case status.Kind == failover.TPU:
		return nil
	case c.policy == RequireTPU:
		return fmt.Errorf("an Edge TPU is required: %w", errs.Join(failures...))
	case p.cpu == nil:
		return noTwin(p, status.Cause)
	}
	return nil
}

// onCPU makes a session that cannot use accelerators after all.
func (s *Session) onCPU(pl plan, p *pair, c *config, n int, cause error) error {
	switch {
	case c.policy == RequireTPU:
		return fmt.Errorf("an Edge TPU is required: %w", cause)
	case p.cpu == nil:
		return noTwin(p, cause)
	}
	s.owned.pool.close() // these would ask the router
	s.cause = cause
	return s.local(pl.file, c, n)
}

// fits compares the shapes of the session's inputs with those of the compiled model, which
// cannot be changed. Equal numbers of bytes are not enough: [1,4,8] is no [1,8,4].
func fits(sizes engine.Sizes, compiled *file) error {
	inputs := compiled.parsed.Inputs()
	if len(inputs) != len(sizes.Inputs) {
		return fmt.Errorf("%w: %d inputs and %d", ErrTwinMismatch, len(sizes.Inputs), len(inputs))
	}
	for k, t := range inputs {
		if _, known := t.ByteSize(); known && !slices.Equal(t.Shape, sizes.Inputs[k].Shape) {
			return fmt.Errorf("input %d (%q) is to have the shape %v, and the compiled model takes %v: its sizes are fixed, so convert and compile it with that shape: %w",
				k, t.Name, sizes.Inputs[k].Shape, t.Shape, ErrSize)
		}
	}
	return nil
}

func (c *config) routerConfig(pl plan, p *pair, sizes engine.Sizes) failover.Config {
	spec := c.spec(pl.compiled)
	spec.Shapes = nil // they are those of the file
	var notify func(failover.Status)
	if c.notify != nil {
		notify = func(s failover.Status) { c.notify(deviceOf(s.Kind, s.Device), s.Cause) }
	}
	return failover.Config{
		Open:  func(ctx context.Context, d edgetpu.Device) (engine.Engine, error) { return c.open(ctx, *spec, d) },
		Probe: c.probe,
		Watch: func(ctx context.Context) (<-chan edgetpu.Event, error) { return edgetpu.Watch(ctx) },
		Wants: c.wanted(pl.devices), Timeout: c.watchdog,
		CPU:      p.cpu != nil && c.policy == Auto,
		Stateful: pl.compiled.parsed.HasVariables(), StartAgain: c.resetState,
		Sizes: sizes, Notify: notify, Logger: c.logger,
	}
}

// wanted is a selector for each accelerator that the session is to have.
func (c *config) wanted(devices []edgetpu.Device) []edgetpu.Selector {
	if !c.allDevices {
		return c.selectors
	}
	return make([]edgetpu.Selector, max(1, len(devices))) // the zero one takes any
}

// open drives the device in a worker process or in this one, as [WithIsolation] says.
func (c *config) open(ctx context.Context, spec engine.Spec, d edgetpu.Device) (engine.Engine, error) {
	if c.isolation == Isolated || c.isolation == IsolatedUSB && d.Type == edgetpu.USB {
		e, err := worker.Open(ctx, &spec, d)
		if !errors.Is(err, worker.ErrNone) || c.isolation == Isolated {
			return e, err
		}
		c.unisolated.Do(func() {
			c.logger.Warn("a USB accelerator is driven in this process, which ends with it when the cable is pulled", "reason", err)
		})
		spec.Note = ", which ends the process when the cable is pulled: " + err.Error()
	}
	return engine.OpenDevice(ctx, &spec, d)
}

func (c *config) spec(f *file) *engine.Spec {
	return &engine.Spec{
		Model: f.bytes, Parsed: f.parsed, Limits: c.limits, Threads: c.threads, XNNPACK: c.xnnpack, Shapes: c.shapes,
		Options: c.tpuOptions, Library: c.library, Memory: c.workerMemory,
		TFLite: c.tflite, Where: "in this process, ", Logger: c.logger,
	}
}

// interpreters makes n interpreters over one copy of the model.
func (s *Session) interpreters(f *file, spec *engine.Spec, n int, opts ...tflite.Option) error {
	m, err := tflite.NewModel(f.bytes, tflite.WithModelLimits(spec.Limits))
	if err != nil {
		return fmt.Errorf("%s: %w", f.name(), err)
	}
	defer m.Close() // the interpreters keep what they need
	made := make([]*tflite.Interpreter, 0, n)
	for range n {
		i, err := engine.Interpreter(m, spec, opts...)
		if err != nil {
			for _, i := range made {
				i.Close()
			}
			return fmt.Errorf("%s: %w", f.name(), err)
		}
		made = append(made, i)
	}
	s.owned.pool = newPool(made)
	return nil
}

// sandboxed makes a session whose model runs in worker processes. Its own interpreters
// know the model's inputs and outputs, and nothing of what the file has between them.
func (s *Session) sandboxed(ctx context.Context, f *file, c *config, n int) error {
	box, err := failover.NewSandbox(ctx, failover.SandboxConfig{
		Start: func(ctx context.Context) (engine.Engine, error) {
			return worker.Open(ctx, c.spec(f), edgetpu.Device{})
		},
		Timeout: c.watchdog, Stateful: f.parsed.HasVariables(), StartAgain: c.resetState,
	}, n)
	if err != nil {
		return fmt.Errorf("%s: %w", f.name(), err)
	}
	s.owned.executor = box
	b, err := engine.StandIn(f.parsed, box.Sizes())
	if err != nil {
		return fmt.Errorf("%s: %w", f.name(), err)
	}
	spec := &engine.Spec{Limits: c.limits, Threads: 1, XNNPACK: tflite.XNNPACKOff, Logger: c.logger}
	return s.interpreters(&file{path: f.path, bytes: b}, spec, n, tflite.WithPlaceholderOp(engine.StandInOperator),
		tflite.WithOffload(func(ctx context.Context, o *tflite.Offload) error { return box.Route(ctx, o) }))
}
