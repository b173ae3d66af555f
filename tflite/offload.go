package tflite

import (
	"context"
	"fmt"
	"sync"
	"unsafe"

	"github.com/gocoral/coral/internal/capi"
)

// Offload is one Invoke of an interpreter made with [WithOffload]. It and the memory it
// shows are good until the function that got it returns: after that, and for a zero
// Offload, there is no memory and calls give [ErrClosed].
//
// Experimental: it is there for package coral and may change.
type Offload struct {
	mu      sync.Mutex
	i       *Interpreter // nil once the call is over
	inputs  [][]byte
	outputs [][]byte
}

// Inputs returns the content of each input.
func (o *Offload) Inputs() [][]byte {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.inputs
}

// Outputs returns the memory of each output, to be filled as a whole.
func (o *Offload) Outputs() [][]byte {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.outputs
}

// acquire makes sure that the call goes on until release.
func (o *Offload) acquire(op string) error {
	if o == nil {
		return failf(op, "offload is nil: %w", ErrClosed)
	}
	if !o.mu.TryLock() {
		return &Error{Op: op, Err: ErrBusy}
	}
	if o.i == nil {
		o.mu.Unlock()
		return failf(op, "the offloaded call is over: %w", ErrClosed)
	}
	return nil
}

func (o *Offload) release() { o.mu.Unlock() }

// Local runs the graph here, as Invoke would have without [WithOffload]. A second
// goroutine that calls it meanwhile gets [ErrBusy].
func (o *Offload) Local(ctx context.Context) error {
	const op = "invoke"
	if err := o.acquire(op); err != nil {
		return err
	}
	defer o.release()
	return o.i.finish(ctx, op, o.i.run(ctx, o.i.primary()), o.i.outputs)
}

// ResetVariables is [Interpreter.ResetVariables] from within the call. It may move the
// memory: ask for Inputs and Outputs again.
func (o *Offload) ResetVariables() error {
	const op = "reset variables"
	if err := o.acquire(op); err != nil {
		return err
	}
	defer o.release()
	if err := o.i.reset(op); err != nil {
		return err
	}
	return o.collect(op)
}

// WithOffload has f do the work of every Invoke of the primary graph, on another
// device or machine: it reads the inputs and fills the outputs, or falls back to
// [Offload.Local]. The interpreter is held meanwhile. What f returns is what Invoke
// returns. A nil f takes an earlier one away.
//
// The outputs must have memory and a size before the graph has run, and a model whose
// outputs do not gets [ErrUnsupported] from Invoke.
//
// Experimental: it is there for package coral and may change.
func WithOffload(f func(context.Context, *Offload) error) Option {
	return func(c *config) error {
		c.offload = f
		return nil
	}
}

// invokeElsewhere is Invoke for an interpreter with an offload.
func (i *Interpreter) invokeElsewhere(ctx context.Context, op string) error {
	o := &Offload{i: i}
	if err := o.collect(op); err != nil {
		return err
	}
	i.offloading = o
	defer o.end()
	return i.options.offload(ctx, o)
}

// end waits for a call that another goroutine still has in progress.
func (o *Offload) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.i.offloading = nil
	for _, r := range o.i.replaced {
		r.free()
	}
	o.i.replaced = nil
	o.i, o.inputs, o.outputs = nil, nil, nil
}

// collect finds the memory, which the runtime may have moved since last time.
func (o *Offload) collect(op string) (err error) {
	if o.inputs, err = memoryOf(o.i.inputs); err == nil {
		o.outputs, err = memoryOf(o.i.outputs)
	}
	if err != nil {
		return &Error{Op: op, Err: err}
	}
	return nil
}

func memoryOf(tensors []*Tensor) ([][]byte, error) {
	all := make([][]byte, len(tensors))
	for k, t := range tensors {
		v := t.view()
		switch {
		case t.dynamic, t.Type() == TypeString, v.Data == nil && v.Bytes > 0:
			return nil, fmt.Errorf("%s has no fixed memory to exchange: %w", t.label(), ErrUnsupported)
		case v.Allocation == capi.MmapRO:
			return nil, fmt.Errorf("%s is a constant of the model: %w", t.label(), ErrReadOnly)
		}
		all[k] = unsafe.Slice((*byte)(v.Data), v.Bytes)
	}
	return all, nil
}
