package tflite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/internal/capi"
)

// Interpreter runs one model. Its tensors are allocated when it is made, and
// again when they are next needed after a [Interpreter.Resize].
//
// One call at a time: a call that finds another one in progress, on this
// interpreter, one of its tensors or signatures, returns [ErrBusy] at once. For
// many goroutines use one interpreter each, or a coral.Session.
type Interpreter struct {
	mu  sync.Mutex
	res *resources // nil once closed

	backend  Backend
	nInputs  int
	nOutputs int
	maxBytes int

	// generation counts how often tensors were retired. A handle remembers the
	// one it belongs to.
	generation uint64
	allocated  bool
	inputs     []*Tensor
	outputs    []*Tensor
	signatures map[string]*Signature

	offload   func(context.Context, *Offload) error // nil: the graph runs here
	offloaded Offload
	observe   func(time.Duration, error) // may be nil

	cleanup runtime.Cleanup
}

// NewInterpreter builds an interpreter for m and allocates its tensors. The model
// may be closed at once; the interpreter keeps what it needs.
//
// Errors wrap [ErrDelegateDeclined] when a delegate given by [WithDelegates]
// fails, [ErrUnresolvedOp] when the model has an operator that nothing provides,
// [ErrClosed] for a closed model.
func NewInterpreter(m *Model, opts ...Option) (*Interpreter, error) {
	const op = "new interpreter"
	if !capi.Available {
		return nil, &Error{Op: op, Err: ErrCgoRequired}
	}
	o, err := newOptions(opts)
	if err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	layout, useXNNPACK := xnnpackLayout(), o.xnnpack != XNNPACKOff && !hasXNNPACK(o.delegates)
	if useXNNPACK && !capi.HasXNNPACK() {
		if o.xnnpack == XNNPACKOn {
			return nil, failf(op, "XNNPACK: %w", ErrUnsupported)
		}
		useXNNPACK = false
	}
	if useXNNPACK {
		i, err := build(m, o, layout)
		if err == nil || o.xnnpack == XNNPACKOn {
			return i, err
		}
		// XNNPACK fails as a whole on some models where the built-in kernels
		// do not (2.9.0 on most uint8 ones). Whatever the reason, the second
		// attempt tells.
		i, plainErr := build(m, o, noXNNPACK)
		if plainErr == nil {
			o.logger.Warn("XNNPACK could not prepare the model, going on with the built-in kernels", "error", err)
		}
		return i, plainErr
	}
	return build(m, o, noXNNPACK)
}

// hasXNNPACK reports whether the caller brought an XNNPACK delegate along.
func hasXNNPACK(ds []delegate.Delegate) bool {
	return slices.ContainsFunc(ds, func(d delegate.Delegate) bool { return delegateName(d) == xnnpackName })
}

// build makes an interpreter with the given XNNPACK layout, or without XNNPACK.
func build(m *Model, o *options, layout int) (*Interpreter, error) {
	const op = "new interpreter"
	data, err := m.retain()
	if err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	res := &resources{model: data, logger: o.logger, reporter: capi.ReporterNew(), inspector: capi.InspectorNew()}
	names, err := res.create(op, o, layout)
	if err != nil {
		res.free()
		return nil, err
	}
	i := &Interpreter{
		res:      res,
		nInputs:  capi.InputCount(res.interpreter),
		nOutputs: capi.OutputCount(res.interpreter),
		maxBytes: o.maxBytes,
		offload:  o.offload,
		observe:  o.observe,
	}
	if err := i.allocate(op); err != nil {
		res.free()
		return nil, declined(err, len(names) > 0)
	}
	i.backend = newBackend(names, res.inspector)
	i.cleanup = runtime.AddCleanup(i, (*resources).freeUnclosed, res)
	return i, nil
}

// create makes the C interpreter and returns the names of its delegates.
func (r *resources) create(op string, o *options, layout int) ([]string, error) {
	if r.reporter == nil || r.inspector == nil {
		return nil, failf(op, "out of memory")
	}
	c := capi.OptionsCreate(o.threads, r.reporter)
	if c == nil {
		return nil, failf(op, "out of memory")
	}
	defer capi.OptionsDelete(c)
	capi.OptionsEnableCancellation(c)

	for _, custom := range o.customOps {
		block := capi.OptionsAddCustomOp(c, custom.Name, custom.MinVersion, custom.MaxVersion,
			custom.Init, custom.Free, custom.Prepare, custom.Invoke)
		if block == nil {
			return nil, failf(op, "out of memory")
		}
		r.customOps = append(r.customOps, block)
	}
	names, err := r.addDelegates(op, c, o, layout)
	if err != nil {
		return nil, err
	}
	r.interpreter = capi.InterpreterCreate(r.model.model, c)
	if r.interpreter == nil {
		return nil, declined(failed(op, capi.Error, r.reporter, nil), len(names) > 0)
	}
	return names, nil
}

// declined blames the delegates for a failure that has no better reason.
func declined(err error, delegates bool) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Err == nil && delegates {
		e.Err = ErrDelegateDeclined
	}
	return err
}

func (r *resources) addDelegates(op string, c capi.Options, o *options, layout int) ([]string, error) {
	var names []string
	add := func(name string, d capi.Delegate) {
		capi.OptionsAddDelegate(c, d)
		capi.InspectorWatch(r.inspector, d)
		names = append(names, name)
	}
	for _, d := range o.delegates {
		if b, ok := d.(delegate.Borrower); ok {
			if err := b.Borrow(); err != nil {
				return nil, &Error{Op: op, Err: err}
			}
			r.borrowed = append(r.borrowed, b)
		}
		add(delegateName(d), capi.Delegate(d.Ptr()))
	}
	if layout != noXNNPACK {
		r.xnnpack = capi.XNNPACKCreate(layout, o.threads, xnnpackQuantized)
		if r.xnnpack == nil {
			return nil, failf(op, "XNNPACK: %w", ErrDelegateDeclined)
		}
		add(xnnpackName, r.xnnpack)
	}
	capi.OptionsAddDelegate(c, capi.InspectorDelegate(r.inspector))
	return names, nil
}

// Close frees the interpreter; its tensors and signatures are stale from then on.
// It refuses with [ErrBusy] while another call runs. Closing twice, or a nil
// Interpreter, does nothing.
func (i *Interpreter) Close() error {
	if i == nil {
		return nil
	}
	if !i.mu.TryLock() {
		return &Error{Op: "close", Err: ErrBusy}
	}
	defer i.mu.Unlock()
	if i.res != nil {
		i.cleanup.Stop()
		i.retire()
		i.res.free()
		i.res = nil
	}
	return nil
}

// acquire takes the interpreter for one call; release gives it back.
func (i *Interpreter) acquire(op string) error {
	if i == nil {
		return failf(op, "interpreter is nil: %w", ErrClosed)
	}
	if !i.mu.TryLock() {
		return &Error{Op: op, Err: ErrBusy}
	}
	if i.res == nil {
		i.mu.Unlock()
		return &Error{Op: op, Err: ErrClosed}
	}
	return nil
}

func (i *Interpreter) release() { i.mu.Unlock() }

// retire makes every tensor handle stale.
func (i *Interpreter) retire() {
	i.generation++
	i.allocated = false
	for _, s := range i.signatures {
		s.allocated = false
	}
}

// InputCount is the number of inputs of the model's primary graph.
func (i *Interpreter) InputCount() int {
	if i == nil {
		return 0
	}
	return i.nInputs
}

// OutputCount is the number of outputs of the model's primary graph.
func (i *Interpreter) OutputCount() int {
	if i == nil {
		return 0
	}
	return i.nOutputs
}

// Input returns the input with the given index, from 0. The handle is good until
// the next Resize or Close.
func (i *Interpreter) Input(index int) (*Tensor, error) {
	return i.tensor("input", index, input)
}

// Output returns the output with the given index, from 0. The handle is good until
// the next Resize or Close.
func (i *Interpreter) Output(index int) (*Tensor, error) {
	return i.tensor("output", index, output)
}

// InputByName returns the input whose tensor has the given name. Names inside a
// signature are another matter, see [Interpreter.Signature].
func (i *Interpreter) InputByName(name string) (*Tensor, error) {
	return i.tensorByName("input", name, input)
}

// OutputByName returns the output whose tensor has the given name.
func (i *Interpreter) OutputByName(name string) (*Tensor, error) {
	return i.tensorByName("output", name, output)
}

func (i *Interpreter) tensor(op string, index int, s side) (*Tensor, error) {
	tensors, err := i.tensors(op, s)
	if err != nil {
		return nil, err
	}
	if index < 0 || index >= len(tensors) {
		return nil, failf(op, "index %d, the model has %d: %w", index, len(tensors), ErrSize)
	}
	return tensors[index], nil
}

func (i *Interpreter) tensorByName(op, name string, s side) (*Tensor, error) {
	tensors, err := i.tensors(op, s)
	if err != nil {
		return nil, err
	}
	var known []string
	for _, t := range tensors {
		if t.Name() == name {
			return t, nil
		}
		known = append(known, t.Name())
	}
	return nil, failf(op, "no tensor is called %q, there is %s: %w", name, strings.Join(known, ", "), ErrSize)
}

func (i *Interpreter) tensors(op string, s side) ([]*Tensor, error) {
	if err := i.acquire(op); err != nil {
		return nil, err
	}
	defer i.release()
	if err := i.allocate(op); err != nil {
		return nil, err
	}
	if s == output {
		return i.outputs, nil
	}
	return i.inputs, nil
}

// Resize gives an input a new shape. All tensor handles become stale; memory is
// allocated when it is next needed, so that several inputs can be resized first.
//
// The rank must stay, no dimension may be negative, and the tensor must stay below
// [WithMaxTensorBytes]: otherwise the error wraps [ErrSize] and nothing changes.
// Whether the graph accepts the shape shows at the allocation.
func (i *Interpreter) Resize(index int, shape ...int) error {
	const op = "resize"
	if err := i.acquire(op); err != nil {
		return err
	}
	defer i.release()
	if index < 0 || index >= i.nInputs {
		return failf(op, "input %d, the model has %d: %w", index, i.nInputs, ErrSize)
	}
	now := capi.TensorInfo(capi.InputTensor(i.res.interpreter, index))
	view := capi.InputView(i.res.interpreter, index)
	if err := checkShape(shape, now, typeFromC(view.Type), i.maxBytes); err != nil {
		return &Error{Op: op, Err: err}
	}
	i.retire()
	if s := capi.InterpreterResize(i.res.interpreter, index, shape); s != capi.OK {
		return failed(op, s, i.res.reporter, nil)
	}
	return nil
}

// checkShape refuses shapes that cannot be meant or must not be tried.
func checkShape(shape []int, now capi.Info, t Type, maxBytes int) error {
	if rank := max(len(now.Shape), len(now.Signature)); rank > 0 && len(shape) != rank {
		return fmt.Errorf("shape %v has %d dimensions, input %q has %d: %w", shape, len(shape), now.Name, rank, ErrSize)
	}
	bits := uint64(max(t.Bits(), 8))
	for _, d := range shape {
		if d < 0 || d > math.MaxInt32 {
			return fmt.Errorf("shape %v for input %q: dimension %d: %w", shape, now.Name, d, ErrSize)
		}
		bits *= uint64(d)
		if bits > uint64(maxBytes)*8 {
			return fmt.Errorf("shape %v for input %q takes more than %d bytes (WithMaxTensorBytes): %w", shape, now.Name, maxBytes, ErrSize)
		}
	}
	return nil
}

// AllocateTensors allocates after a Resize. Calling it is never necessary, since
// everything that needs tensors does the same, but it shows early whether the
// graph accepts the new shapes.
func (i *Interpreter) AllocateTensors() error {
	const op = "allocate tensors"
	if err := i.acquire(op); err != nil {
		return err
	}
	defer i.release()
	return i.allocate(op)
}

func (i *Interpreter) allocate(op string) error {
	if i.allocated {
		return nil
	}
	if s := capi.InterpreterAllocate(i.res.interpreter); s != capi.OK {
		return failed(op, s, i.res.reporter, nil)
	}
	inputs, outputs := make([]*Tensor, i.nInputs), make([]*Tensor, i.nOutputs)
	for k := range inputs {
		inputs[k] = i.newTensor(input, k)
	}
	for k := range outputs {
		outputs[k] = i.newTensor(output, k)
	}
	for _, t := range inputs {
		if err := t.prepare(); err != nil {
			return &Error{Op: op, Err: err}
		}
	}
	capi.ReporterTake(i.res.reporter) // remarks of a successful call
	i.inputs, i.outputs, i.allocated = inputs, outputs, true
	return nil
}

// ResetVariables sets the variable tensors of the primary graph, the state of an
// LSTM for example, to zero.
func (i *Interpreter) ResetVariables() error {
	const op = "reset variables"
	if err := i.acquire(op); err != nil {
		return err
	}
	defer i.release()
	if err := i.allocate(op); err != nil {
		return err
	}
	if s := capi.InterpreterReset(i.res.interpreter); s != capi.OK {
		return failed(op, s, i.res.reporter, nil)
	}
	return nil
}

// Backend tells what runs the model's operators.
func (i *Interpreter) Backend() Backend {
	if i == nil {
		return Backend{}
	}
	return i.backend
}
