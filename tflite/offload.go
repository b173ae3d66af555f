package tflite

import (
	"context"
	"fmt"
	"unsafe"

	"github.com/gocoral/coral/internal/capi"
)

// Offload is one Invoke of an interpreter made with [WithOffload]. Its memory is good
// during the call.
type Offload struct {
	i       *Interpreter
	inputs  [][]byte
	outputs [][]byte
}

// Inputs returns the content of each input.
func (o *Offload) Inputs() [][]byte { return o.inputs }

// Outputs returns the memory of each output, to be filled as a whole.
func (o *Offload) Outputs() [][]byte { return o.outputs }

// Local runs the graph here, as Invoke would have without [WithOffload].
func (o *Offload) Local(ctx context.Context) error {
	const op = "invoke"
	return o.i.finish(ctx, op, o.i.run(ctx, primary{o.i.res.interpreter}), o.i.outputs)
}

// WithOffload has f do the work of every Invoke of the primary graph, on another
// device or machine: it reads the inputs and fills the outputs, or falls back to
// [Offload.Local]. The interpreter is held meanwhile. What f returns is what Invoke
// returns.
//
// The outputs must have memory and a size before the graph has run, and a model whose
// outputs do not gets [ErrUnsupported] from Invoke.
func WithOffload(f func(context.Context, *Offload) error) Option {
	return func(o *options) error {
		o.offload = f
		return nil
	}
}

// newOffload collects the memory, which the runtime may have moved since last time.
func (i *Interpreter) newOffload() (*Offload, error) {
	o := &i.offloaded
	o.i = i
	o.inputs, o.outputs = o.inputs[:0], o.outputs[:0]
	var err error
	for _, t := range i.inputs {
		if o.inputs, err = appendMemory(o.inputs, t); err != nil {
			return nil, err
		}
	}
	for _, t := range i.outputs {
		if o.outputs, err = appendMemory(o.outputs, t); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func appendMemory(all [][]byte, t *Tensor) ([][]byte, error) {
	v := t.view()
	switch {
	case t.dynamic, t.Type() == TypeString, v.Data == nil && v.Bytes > 0:
		return nil, fmt.Errorf("%s %q has no fixed memory to exchange: %w", t.side, t.Name(), ErrUnsupported)
	case v.Allocation == capi.MmapRO:
		return nil, fmt.Errorf("%s %q is a constant of the model: %w", t.side, t.Name(), ErrReadOnly)
	}
	return append(all, unsafe.Slice((*byte)(v.Data), v.Bytes)), nil
}

// invokeElsewhere is Invoke for an interpreter with an offload.
func (i *Interpreter) invokeElsewhere(ctx context.Context, op string) error {
	o, err := i.newOffload()
	if err != nil {
		return &Error{Op: op, Err: err}
	}
	return i.offload(ctx, o)
}

// ResetVariables is [Interpreter.ResetVariables] from within the call.
func (o *Offload) ResetVariables() error {
	if s := capi.InterpreterReset(o.i.res.interpreter); s != capi.OK {
		return failed("reset variables", s, o.i.res.reporter, nil)
	}
	return nil
}
