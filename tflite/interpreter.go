package tflite

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/gocoral/coral/internal/capi"
)

// Interpreter runs one model. Its tensors are allocated when it is made, and
// again when they are next needed after a [Interpreter.Resize].
//
// One call at a time: a call that finds another one in progress, on this
// interpreter, one of its tensors or signatures, returns [ErrBusy] at once. For
// many goroutines use one interpreter each, or a coral.Session.
type Interpreter struct {
	mu      sync.Mutex
	res     *resources // nil once closed, replaced by rebuild
	options *config
	layout  int // of XNNPACK, noXNNPACK where it is not wanted

	backend  atomic.Pointer[Backend] // Backend takes no lock
	nInputs  int
	nOutputs int

	// generation counts how often tensors were retired. A handle remembers the
	// one it belongs to.
	generation uint64
	allocated  bool
	shaped     map[int]bool // inputs whose shape was set
	inputs     []*Tensor
	outputs    []*Tensor
	signatures map[string]*Signature

	offloading *Offload     // the call in progress
	replaced   []*resources // by rebuild during that call

	cleanup runtime.Cleanup
}

// NewInterpreter builds an interpreter for m and allocates its tensors. The model
// may be closed at once; the interpreter keeps what it needs.
//
// A model with open dimensions that cannot be allocated at the size which the file
// gives them, mostly 1, is opened all the same: its tensors are there once
// [WithInputShape] or [Interpreter.Resize] has given it a shape that it accepts.
//
// Errors wrap [ErrDelegateDeclined] when a delegate given by [WithDelegates]
// fails, [ErrUnresolvedOp] when the model has an operator that nothing provides,
// [ErrUnsupported] when it has one that this runtime computes wrongly, [ErrSize] when
// the graph refuses a shape of [WithInputShape], [ErrMemory] when memory runs out,
// [ErrPlatform] when the processor lacks what the runtime needs, [ErrClosed] for a
// closed model.
func NewInterpreter(m *Model, opts ...Option) (*Interpreter, error) {
	const op = "new interpreter"
	if err := usable(); err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	o, err := newConfig(opts)
	if err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	data, err := m.retain()
	if err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	defer data.release()
	return newInterpreter(op, data, o)
}

// newInterpreter tries XNNPACK first. It fails as a whole on some models where the
// built-in kernels do not (2.9.0 on most uint8 ones); whatever the reason, the second
// attempt tells.
func newInterpreter(op string, data *modelData, o *config) (*Interpreter, error) {
	layout, err := o.xnnpackLayout(op)
	if err != nil {
		return nil, err
	}
	res, err := newResources(op, data, o, layout)
	if err != nil && layout != noXNNPACK && o.xnnpack != XNNPACKOn {
		var plainErr error
		if res, plainErr = newResources(op, data, o, noXNNPACK); plainErr != nil {
			return nil, plainErr
		}
		o.logger.Warn(withoutXNNPACK, "error", err)
		err = nil
	}
	if err != nil {
		return nil, err
	}
	i := &Interpreter{
		res:      res,
		options:  o,
		layout:   res.layout,
		nInputs:  capi.InputCount(res.interpreter),
		nOutputs: capi.OutputCount(res.interpreter),
		shaped:   map[int]bool{},
	}
	i.backend.Store(&res.backend)
	i.cleanup = runtime.AddCleanup(i, (*resources).freeUnclosed, i.res)
	if err := i.start(op); err != nil {
		i.cleanup.Stop()
		i.res.free()
		return nil, err
	}
	return i, nil
}

// start gives the inputs the shapes of the options and allocates.
func (i *Interpreter) start(op string) error {
	for _, s := range i.options.shapes {
		if err := i.resize(op, s.index, s.shape); err != nil {
			return err
		}
	}
	err := i.allocate(op)
	if errors.Is(err, ErrSize) && i.openInput() >= 0 {
		return nil // the shape is still to come
	}
	return err
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
		return nil, failf(op, "%v %d of a model that has %d: %w", s, index, len(tensors), ErrRange)
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
	return nil, failf(op, "no %v is called %q, there is %s: %w", s, name, orNone(known), ErrNotFound)
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

// Backend tells what runs the model's operators.
func (i *Interpreter) Backend() Backend {
	if i == nil {
		return Backend{}
	}
	if b := i.backend.Load(); b != nil {
		return *b
	}
	return Backend{}
}
