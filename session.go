package coral

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/failover"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// Session runs one model. It is safe for concurrent use: each call leases an
// interpreter, and waits for one when all are in use.
type Session struct {
	cpuPath, tpuPath string // "" where there is no such file
	cause            error  // why a session without executor runs on the CPU, nil if asked for
	backend          string // of the interpreters themselves

	inputs      []tflite.TensorInfo
	outputs     []tflite.TensorInfo
	inputNames  []string
	outputNames []string
	described   *model.Model

	plain   *failover.Plain // of a session without executor
	owned   *owned
	cleanup runtime.Cleanup
}

// owned is what a session has to give back.
type owned struct {
	pool     *pool
	executor failover.Executor // nil when the interpreters run the model themselves
}

func (o *owned) close() {
	o.pool.close()
	if o.executor != nil {
		o.executor.Close()
	}
}

// orEmpty makes a nil or zero session, which a failed Open leaves behind, one without
// anything.
func (s *Session) orEmpty() *Session {
	if s == nil || s.owned == nil {
		return &Session{owned: &owned{}}
	}
	return s
}

func newSession(pl plan, p *pair, c *config) *Session {
	names := p.names()
	s := &Session{
		cause: pl.cause, owned: &owned{}, described: names.Describe(),
		inputNames: portNames(names, false), outputNames: portNames(names, true),
		plain: failover.NewPlain(pl.file.parsed.HasVariables(), c.resetState),
	}
	if p.cpu != nil {
		s.cpuPath = p.cpu.path
	}
	if p.tpu != nil {
		s.tpuPath = p.tpu.path
	}
	return s
}

// describe notes what the interpreters know of the model, and arms the cleanup.
func (s *Session) describe() error {
	first := s.owned.pool.first
	s.backend = first.Backend().String()
	var err error
	if s.inputs, err = infos(first.InputCount(), first.Input); err == nil {
		s.outputs, err = infos(first.OutputCount(), first.Output)
	}
	if err != nil {
		s.release()
		return err
	}
	s.cleanup = runtime.AddCleanup(s, (*owned).close, s.owned)
	return nil
}

func (s *Session) release() { s.owned.close() }

func infos(n int, get func(int) (*tflite.Tensor, error)) ([]tflite.TensorInfo, error) {
	all := make([]tflite.TensorInfo, n)
	for k := range all {
		t, err := get(k)
		if err != nil {
			return nil, err
		}
		all[k] = t.Info()
	}
	return all, nil
}

// Inputs describes the model's inputs, in order.
func (s *Session) Inputs() []tflite.TensorInfo { return slices.Clone(s.orEmpty().inputs) }

// Outputs describes the model's outputs, in order. The shape of an output whose
// size the graph computes is known from the result of a Run only.
func (s *Session) Outputs() []tflite.TensorInfo { return slices.Clone(s.orEmpty().outputs) }

// InputNames returns the names of the inputs, in order: those of the model's
// signature where it has one for the whole graph, else those of the tensors. An
// Edge TPU model has no signature any more and takes the names of its CPU twin.
func (s *Session) InputNames() []string { return slices.Clone(s.orEmpty().inputNames) }

// OutputNames returns the names of the outputs, as [Session.InputNames] does.
func (s *Session) OutputNames() []string { return slices.Clone(s.orEmpty().outputNames) }

// Model is the session's model as its file describes it: metadata, labels, graph. It is the
// CPU model where there are two forms, since the compiler for the Edge TPU drops the
// metadata. Large constants are not kept ([model.Model.Describe]). It is nil for a nil
// session, and must not be changed.
func (s *Session) Model() *model.Model { return s.orEmpty().described }

// Path is that of the model file which runs: the compiled one on an Edge TPU, the CPU
// model otherwise; "" for a model that was not read from a file.
func (s *Session) Path() string {
	s = s.orEmpty()
	if s.status().Kind == failover.CPU {
		return s.cpuPath
	}
	return cmp.Or(s.tpuPath, s.cpuPath)
}

// Device is what the session runs on now. It changes when an accelerator is lost or
// comes back.
func (s *Session) Device() Device {
	d, _ := s.Status()
	return d
}

// Status is what the session runs on now and, of the same moment, why that is not an Edge
// TPU: the error wraps what [Open] with [RequireTPU] would, such as [ErrNoDevice] or
// [ErrDeviceBusy]. It is nil on an Edge TPU, and where the CPU was asked for.
func (s *Session) Status() (Device, error) {
	if s == nil || s.owned == nil {
		return Device{Type: DeviceNone}, ErrClosed
	}
	status := s.status()
	return deviceOf(status.Kind, status.Device), status.Cause
}

func (s *Session) status() failover.Status {
	switch {
	case s.owned.pool == nil || s.owned.pool.isClosed():
		return failover.Status{Cause: ErrClosed}
	case s.owned.executor != nil:
		return s.owned.executor.Status()
	}
	return failover.Status{Kind: failover.CPU, Cause: s.cause}
}

// Reason says in a sentence why the session runs on its [Session.Device].
func (s *Session) Reason() string {
	if s == nil || s.owned == nil {
		return "the session is nil"
	}
	switch status := s.status(); {
	case status.Kind == failover.TPU:
		return "an Edge TPU is attached and works, driven " + status.How
	case status.Cause != nil:
		return status.Cause.Error()
	case status.How != "":
		return errAskedFor.Error() + ", and it runs " + status.How
	}
	return errAskedFor.Error()
}

// Backend tells what runs how many of the model's operators, such as
// "XNNPACK (65 of 68 operators), built-in kernels (3)" or "Edge TPU (1 of 1 operators)". It
// is empty when nothing does, since an Edge TPU is required and none is usable.
func (s *Session) Backend() string {
	s = s.orEmpty()
	if s.owned.executor != nil {
		if backend, ok := s.owned.executor.Backend(); ok {
			return backend
		}
		if s.status().Kind == failover.None {
			return ""
		}
	}
	return s.backend
}

// Stats tells what each device did for the session: the accelerators in order, the CPU
// last.
func (s *Session) Stats() []Stats {
	s = s.orEmpty()
	switch {
	case s.owned.executor != nil:
		return statsOf(s.owned.executor.Stats())
	case s.owned.pool != nil:
		return statsOf([]failover.Stats{s.plain.Stats()})
	}
	return nil
}

// ResetState sets the state of a model with state to its initial values, wherever it is. A
// sequence stays on the device where it has begun; after a reset it begins on the best one
// that there is.
func (s *Session) ResetState(ctx context.Context) error {
	const op = "reset state"
	return s.lease(ctx, op, func(_ context.Context, i *tflite.Interpreter) (bool, error) {
		if s.owned.executor != nil {
			s.owned.executor.ResetState()
		}
		s.plain.ResetState()
		return false, wrap(op, i.ResetVariables())
	})
}

// Run copies the inputs in, one slice per input of the model in order, runs the
// model, and returns a copy of each output in order. The slices have the inputs'
// element types; a []float32 for a quantised input is quantised by the tensor's own
// parameters (see [tflite.Tensor.SetValue]).
//
// When ctx ends, Run returns at once with its error. An interpreter that is still
// busy then comes back into use when its call has ended.
//
// A wrong number of inputs or elements wraps [ErrSize], a wrong type [ErrType].
func (s *Session) Run(ctx context.Context, inputs ...any) ([]tflite.Value, error) {
	const op = "run"
	var outputs []tflite.Value
	err := s.use(ctx, op, func(ctx context.Context, i *tflite.Interpreter) (abandoned bool, err error) {
		if len(inputs) != len(s.inputs) {
			return false, wrap(op, fmt.Errorf("%d inputs given, the model has %d (%s): %w",
				len(inputs), len(s.inputs), strings.Join(s.inputNames, ", "), ErrSize))
		}
		outputs, abandoned, err = s.run(ctx, i, inputs)
		return abandoned, wrap(op, err)
	})
	if err != nil {
		return nil, err
	}
	return outputs, nil
}

// run uses a leased interpreter.
func (s *Session) run(ctx context.Context, i *tflite.Interpreter, inputs []any) (outputs []tflite.Value, abandoned bool, err error) {
	for k, data := range inputs {
		t, err := i.Input(k)
		if err == nil {
			err = t.SetValue(data)
		}
		if err != nil {
			return nil, false, err
		}
	}
	if abandoned, err := s.invoke(ctx, i); err != nil {
		return nil, abandoned, err
	}
	outputs = make([]tflite.Value, i.OutputCount())
	for k := range outputs {
		t, err := i.Output(k)
		if err != nil {
			return nil, false, err
		}
		if outputs[k], err = t.Value(); err != nil {
			return nil, false, err
		}
		outputs[k].Name = s.outputNames[k]
	}
	return outputs, false, nil
}

// invoke returns when ctx ends, whether or not the runtime has returned. In the
// second case the interpreter is abandoned to a goroutine that gives it back.
func (s *Session) invoke(ctx context.Context, i *tflite.Interpreter) (abandoned bool, err error) {
	if ctx.Done() == nil {
		return false, i.Invoke(ctx)
	}
	done := make(chan error, 1)
	go func() { done <- i.Invoke(ctx) }()
	select {
	case err := <-done:
		return false, err
	case <-ctx.Done():
		err, owned, plain := errs.Ended(ctx), s.owned, s.plain
		go func() {
			outcome := cmp.Or(<-done, err)
			plain.Invalidate(outcome)
			if owned.executor != nil {
				owned.executor.Invalidate(outcome)
			}
			owned.pool.giveBack(i)
		}()
		return true, err
	}
}

// RunNamed is [Session.Run] with inputs and outputs by name; the names are those of
// [Session.InputNames] and [Session.OutputNames]. Every input must be given, and no
// other name: otherwise the error wraps [ErrNotFound].
func (s *Session) RunNamed(ctx context.Context, inputs map[string]any) (map[string]tflite.Value, error) {
	if s == nil || s.owned == nil {
		return nil, fmt.Errorf("coral: run: session is nil: %w", ErrClosed)
	}
	ordered := make([]any, len(s.inputNames))
	for k, name := range s.inputNames {
		data, ok := inputs[name]
		if !ok {
			return nil, fmt.Errorf("coral: run: input %q is not given: %w", name, ErrNotFound)
		}
		ordered[k] = data
	}
	for name := range inputs {
		if !slices.Contains(s.inputNames, name) {
			return nil, fmt.Errorf("coral: run: the model has no input %q, it has %s: %w", name, strings.Join(s.inputNames, ", "), ErrNotFound)
		}
	}
	outputs, err := s.Run(ctx, ordered...)
	if err != nil {
		return nil, err
	}
	named := make(map[string]tflite.Value, len(outputs))
	for _, v := range outputs {
		named[v.Name] = v
	}
	return named, nil
}

// Do leases an interpreter to f, for work without copies: f sets inputs, invokes,
// and reads outputs, with [tflite.Use] and its kin. It must not keep the interpreter
// or its tensors, nor resize or close it, and it should have no other effects, since
// a session may repeat it on another device. Do returns f's error as it is.
func (s *Session) Do(ctx context.Context, f func(*tflite.Interpreter) error) error {
	const op = "do"
	if f == nil && s.orEmpty() == s {
		return wrap(op, fmt.Errorf("function is nil: %w", ErrType))
	}
	return s.use(ctx, op, func(_ context.Context, i *tflite.Interpreter) (bool, error) { return false, f(i) })
}

// use leases an interpreter to f, unless the state that the call relies on is lost.
func (s *Session) use(ctx context.Context, op string, f func(context.Context, *tflite.Interpreter) (abandoned bool, err error)) error {
	return s.lease(ctx, op, func(ctx context.Context, i *tflite.Interpreter) (bool, error) {
		if err := s.plain.Claim(i.ResetVariables); err != nil {
			return false, wrap(op, err)
		}
		return f(ctx, i)
	})
}

// lease runs f with an interpreter, and gives that back unless f has abandoned it to somebody
// who does. f's ctx is not nil.
func (s *Session) lease(ctx context.Context, op string, f func(context.Context, *tflite.Interpreter) (abandoned bool, err error)) error {
	if s == nil || s.owned == nil {
		return wrap(op, fmt.Errorf("session is nil: %w", ErrClosed))
	}
	defer runtime.KeepAlive(s) // its cleanup would close the executor under the call
	ctx = errs.Context(ctx)
	pool := s.owned.pool
	i, err := pool.lease(ctx)
	if err != nil {
		return wrap(op, err)
	}
	abandoned := false
	defer func() { // also when f panics
		if !abandoned {
			pool.giveBack(i)
		}
	}()
	abandoned, err = f(ctx, i)
	return err
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("coral: %s: %w", op, err)
}

// Close frees the session. Calls in progress end as they would have; new ones get
// [ErrClosed]. Closing twice, or a nil Session, does nothing.
func (s *Session) Close() error {
	if s == nil || s.owned == nil {
		return nil
	}
	s.cleanup.Stop()
	s.owned.close()
	return nil
}
