package coral

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/tflite"
)

// Session runs one model. It is safe for concurrent use: each call leases an
// interpreter, and waits for one when all are in use.
type Session struct {
	files   *pair
	reason  string
	backend tflite.Backend
	// sandboxBackend is what runs the model in a worker process, "" without one.
	sandboxBackend string

	inputs      []tflite.TensorInfo
	outputs     []tflite.TensorInfo
	inputNames  []string
	outputNames []string

	state   stateKeeper // nil if the state is in the interpreter
	owned   owned
	cleanup runtime.Cleanup
}

// owned is what a session has to give back.
type owned struct {
	pool   *pool
	router *router // nil when only the CPU comes into question
}

func (o owned) close() {
	o.pool.close()
	if o.router != nil {
		o.router.close()
	}
}

// orEmpty makes a nil session, which a failed Open leaves behind, one without anything.
func (s *Session) orEmpty() *Session {
	if s == nil {
		return &Session{}
	}
	return s
}

func newSession(pl plan, p *pair, interpreters []*tflite.Interpreter) (*Session, error) {
	names := p.names()
	s := &Session{
		files: p, reason: pl.reason,
		backend:     interpreters[0].Backend(),
		inputNames:  portNames(names, false),
		outputNames: portNames(names, true),
		owned:       owned{pool: newPool(interpreters), router: pl.router},
	}
	var err error
	if s.inputs, err = infos(interpreters[0].InputCount(), interpreters[0].Input); err == nil {
		s.outputs, err = infos(interpreters[0].OutputCount(), interpreters[0].Output)
	}
	if err != nil {
		s.owned.pool.close()
		return nil, err
	}
	if pl.router != nil {
		s.keepState(pl.router)
	}
	s.cleanup = runtime.AddCleanup(s, owned.close, s.owned)
	return s, nil
}

func (s *Session) keepState(k stateKeeper) { s.state, s.owned.pool.unheard = k, k.untell }

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

// Path is that of the model file which runs: the compiled one on an Edge TPU, the CPU
// model otherwise.
func (s *Session) Path() string {
	if s == nil {
		return ""
	}
	if s.files.cpu == nil || s.Device().IsTPU() {
		return s.files.tpu.path
	}
	return s.files.cpu.path
}

// Device is what the session runs on now. It changes when an accelerator is lost or
// comes back.
func (s *Session) Device() Device {
	if s == nil || s.owned.router == nil {
		return Device{}
	}
	d, _ := s.owned.router.status()
	return d
}

// Reason says in a sentence why the session runs on its [Session.Device].
func (s *Session) Reason() string {
	if s == nil {
		return "the session is nil"
	}
	if s.owned.router == nil {
		return s.reason
	}
	_, reason := s.owned.router.status()
	return reason
}

// Backend tells what runs how many of the model's operators, such as
// "XNNPACK (65 of 68 operators), built-in kernels (3)" or "Edge TPU (1 of 1 operators)".
func (s *Session) Backend() string {
	if s == nil {
		return ""
	}
	if s.owned.router != nil {
		if backend, ok := s.owned.router.backend(); ok {
			return backend
		}
	}
	if s.sandboxBackend != "" {
		return s.sandboxBackend
	}
	return s.backend.String()
}

// Stats tells what each device did for the session: the accelerators in order, the CPU
// last. A session without accelerators counts nothing and returns nil.
func (s *Session) Stats() []Stats {
	if s == nil || s.owned.router == nil {
		return nil
	}
	return s.owned.router.stats()
}

// ResetState sets the state of a model with state to zero, wherever it is. A sequence stays
// on the device where it has begun; after a reset it begins on the best one that there is.
func (s *Session) ResetState(ctx context.Context) error {
	return s.Do(ctx, func(i *tflite.Interpreter) error {
		if s.state != nil {
			s.state.resetState()
		}
		return i.ResetVariables()
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
	if s == nil {
		return nil, fmt.Errorf("coral: run: session is nil: %w", ErrClosed)
	}
	if ctx == nil {
		ctx = context.Background()
	}
	if len(inputs) != len(s.inputs) {
		return nil, fmt.Errorf("coral: run: %d inputs given, the model has %d (%s): %w",
			len(inputs), len(s.inputs), strings.Join(s.inputNames, ", "), ErrSize)
	}
	i, err := s.owned.pool.lease(ctx)
	if err != nil {
		return nil, fmt.Errorf("coral: run: %w", err)
	}
	outputs, err := run(ctx, i, inputs, s.owned.pool)
	if err != nil {
		return nil, fmt.Errorf("coral: run: %w", err)
	}
	for k := range outputs {
		outputs[k].Name = s.outputNames[k]
	}
	return outputs, nil
}

// run uses a leased interpreter and sees to it that it is given back.
func run(ctx context.Context, i *tflite.Interpreter, inputs []any, p *pool) ([]tflite.Value, error) {
	abandoned := false
	defer func() {
		if !abandoned {
			p.giveBack(i)
		}
	}()
	for k, data := range inputs {
		t, err := i.Input(k)
		if err != nil {
			return nil, err
		}
		if err := t.SetValue(data); err != nil {
			return nil, err
		}
	}
	abandoned, err := invoke(ctx, i, p)
	if err != nil {
		return nil, err
	}
	outputs := make([]tflite.Value, i.OutputCount())
	for k := range outputs {
		t, err := i.Output(k)
		if err != nil {
			return nil, err
		}
		if outputs[k], err = t.Value(); err != nil {
			return nil, err
		}
	}
	return outputs, nil
}

// invoke returns when ctx ends, whether or not the runtime has returned. In the
// second case the interpreter is abandoned to a goroutine that gives it back.
func invoke(ctx context.Context, i *tflite.Interpreter, p *pool) (abandoned bool, err error) {
	if ctx.Done() == nil {
		return false, i.Invoke(ctx)
	}
	done := make(chan error, 1)
	go func() {
		done <- i.Invoke(ctx)
		close(done)
	}()
	select {
	case err := <-done:
		return false, err
	case <-ctx.Done():
		go func() {
			for err := range done { // nobody wants the result any more
				p.unheard(err)
			}
			p.giveBack(i)
		}()
		return true, errs.Ended(ctx)
	}
}

// RunNamed is [Session.Run] with inputs and outputs by name; the names are those of
// [Session.InputNames] and [Session.OutputNames]. Every input must be given, and no
// other name: otherwise the error wraps [ErrSize].
func (s *Session) RunNamed(ctx context.Context, inputs map[string]any) (map[string]tflite.Value, error) {
	if s == nil {
		return nil, fmt.Errorf("coral: run: session is nil: %w", ErrClosed)
	}
	ordered := make([]any, len(s.inputNames))
	for k, name := range s.inputNames {
		data, ok := inputs[name]
		if !ok {
			return nil, fmt.Errorf("coral: run: input %q is not given: %w", name, ErrSize)
		}
		ordered[k] = data
	}
	for name := range inputs {
		if !slices.Contains(s.inputNames, name) {
			return nil, fmt.Errorf("coral: run: the model has no input %q, it has %s: %w", name, strings.Join(s.inputNames, ", "), ErrSize)
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
	switch {
	case s == nil:
		return fmt.Errorf("coral: do: session is nil: %w", ErrClosed)
	case f == nil:
		return fmt.Errorf("coral: do: function is nil: %w", ErrType)
	case ctx == nil:
		ctx = context.Background()
	}
	i, err := s.owned.pool.lease(ctx)
	if err != nil {
		return fmt.Errorf("coral: do: %w", err)
	}
	defer s.owned.pool.giveBack(i)
	return f(i)
}

// Close frees the session. Calls in progress end as they would have; new ones get
// [ErrClosed]. Closing twice, or a nil Session, does nothing.
func (s *Session) Close() error {
	if s == nil {
		return nil
	}
	s.cleanup.Stop()
	s.owned.close()
	return nil
}

// pool hands out interpreters, one to a caller.
type pool struct {
	idle   chan *tflite.Interpreter
	mu     sync.Mutex
	closed chan struct{}
	open   int    // interpreters that are not closed yet
	after  func() // called with the last of them, may be nil
	// unheard gets the errors of calls that nobody waits for any more.
	unheard func(error)
}

func newPool(interpreters []*tflite.Interpreter) *pool {
	p := &pool{
		idle: make(chan *tflite.Interpreter, len(interpreters)), closed: make(chan struct{}),
		open: len(interpreters), unheard: func(error) {},
	}
	for _, i := range interpreters {
		p.idle <- i
	}
	return p
}

// lease waits for an idle interpreter.
func (p *pool) lease(ctx context.Context) (*tflite.Interpreter, error) {
	if err := errs.Ended(ctx); err != nil {
		return nil, err
	}
	select {
	case <-p.closed:
		return nil, ErrClosed
	default:
	}
	select {
	case i := <-p.idle:
		return i, nil
	case <-p.closed:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, errs.Ended(ctx)
	}
}

// giveBack ends a lease. The interpreter of a closed pool is closed with it.
func (p *pool) giveBack(i *tflite.Interpreter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isClosed() {
		p.shut(i)
		return
	}
	p.idle <- i
}

// shut closes an interpreter of a closed pool. The pool is locked.
func (p *pool) shut(i *tflite.Interpreter) {
	i.Close()
	p.open--
	if p.open == 0 && p.after != nil {
		p.after()
	}
}

// close is idempotent.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isClosed() {
		return
	}
	close(p.closed)
	for {
		select {
		case i := <-p.idle:
			p.shut(i)
		default:
			return
		}
	}
}

func (p *pool) isClosed() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}
