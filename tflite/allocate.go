package tflite

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gocoral/coral/internal/capi"
)

// AllocateTensors allocates after a Resize. Calling it is never necessary, since
// everything that needs tensors does the same, but it shows early whether the
// graph accepts the new shapes: [ErrSize] when it does not.
func (i *Interpreter) AllocateTensors() error {
	const op = "allocate tensors"
	if err := i.acquire(op); err != nil {
		return err
	}
	defer i.release()
	return i.allocate(op)
}

// allocate makes the tensors of the primary graph.
func (i *Interpreter) allocate(op string) error {
	if i.allocated {
		return nil
	}
	if err := i.allocateGraph(op, nil); err != nil {
		return err
	}
	inputs, outputs := i.newTensors(input), i.newTensors(output)
	if err := i.prepare(op, inputs); err != nil {
		return err
	}
	i.inputs, i.outputs, i.allocated = inputs, outputs, true
	return nil
}

// allocate makes the tensors of the signature's graph.
func (s *Signature) allocate(op string) error {
	if s.allocated {
		return nil
	}
	if err := s.owner.allocateGraph(op, s); err != nil {
		return err
	}
	inputs, outputs := s.newTensors(input), s.newTensors(output)
	if err := s.owner.prepare(op, inputs); err != nil {
		return err
	}
	s.inputs, s.outputs, s.allocated = inputs, outputs, true
	return nil
}

// prepare sees to inputs that no graph in use has yet.
func (i *Interpreter) prepare(op string, inputs []*Tensor) error {
	for _, t := range inputs {
		if i.inUse(t.pointer()) {
			continue // it may have been set there
		}
		if err := t.prepare(); err != nil {
			return &Error{Op: op, Err: err}
		}
	}
	capi.ReporterTake(i.res.reporter) // remarks of a successful call
	return nil
}

// inUse reports whether the tensor is one of a graph that is allocated: a signature may
// be over the primary graph, or over that of another signature.
func (i *Interpreter) inUse(c capi.Tensor) bool {
	has := func(ts []*Tensor) bool {
		return slices.ContainsFunc(ts, func(t *Tensor) bool { return t.pointer() == c })
	}
	if i.allocated && (has(i.inputs) || has(i.outputs)) {
		return true
	}
	for _, s := range i.signatures {
		if s.allocated && (has(s.inputs) || has(s.outputs)) {
			return true
		}
	}
	return false
}

// allocateGraph has the runtime allocate the primary graph, or that of s.
func (i *Interpreter) allocateGraph(op string, s *Signature) error {
	if i.isAllocated(i.graph(s)) {
		return nil // again would move what was set there
	}
	if err := i.chooseKernels(op, s); err != nil {
		return i.refused(err, s)
	}
	status := i.graph(s).allocate()
	if status == capi.OK {
		return nil
	}
	err := i.res.declined(failed(op, status, i.res.reporter, nil))
	if i.res.xnnpack == nil || i.options.xnnpack == XNNPACKOn {
		return i.refused(err, s)
	}
	if err := i.rebuild(op, noXNNPACK); err != nil {
		return err
	}
	if status := i.graph(s).allocate(); status != capi.OK {
		return i.refused(failed(op, status, i.res.reporter, nil), s)
	}
	i.layout = noXNNPACK
	i.options.logger.Warn(withoutXNNPACK, "error", err)
	return nil
}

func (i *Interpreter) isAllocated(g graph) bool {
	for _, sd := range []side{input, output} {
		if g.count(sd) > 0 && i.inUse(g.tensor(sd, 0)) {
			return true
		}
	}
	return false
}

// chooseKernels has shapes tried that may be other than the converter saw, and sees to it
// that XNNPACK gets no graph that it would end the process with: it does not check
// what it is given, and a convolution larger than its picture passes the allocation and
// reads through a null pointer when it runs. Where a tensor has no elements, the
// built-in kernels do the work.
func (i *Interpreter) chooseKernels(op string, s *Signature) error {
	wanted, brought := i.layout != noXNNPACK, i.res.xnnpack == nil && i.res.onlyXNNPACK()
	foreign := len(i.options.delegates) > 0 && !brought
	danger := i.resized() || i.res.model.openSize && (wanted || brought)
	if foreign || !danger {
		return nil
	}
	empty, err := i.tryShapes(op, s)
	switch {
	case err != nil:
		return err
	case empty && (brought || i.options.xnnpack == XNNPACKOn):
		return failf(op, "with %s the graph has tensors without elements, which XNNPACK does not survive: %w", shapes(i.graph(s)), ErrSize)
	case empty && i.res.xnnpack != nil:
		return i.rebuild(op, noXNNPACK)
	case !empty && i.layout != i.res.layout && !i.anyAllocated():
		return i.rebuild(op, i.layout)
	}
	return nil
}

// tryShapes has the built-in kernels allocate the graph of s with the shapes that its
// inputs have, in an interpreter of its own. One that lacks memory says so there; one
// that had memory before, and gets no more, ends the process (2.17.1).
func (i *Interpreter) tryShapes(op string, s *Signature) (empty bool, err error) {
	plain := *i.options
	plain.delegates = nil
	r, err := makeResources(op, i.res.model, &plain, noXNNPACK)
	if err != nil {
		return false, err
	}
	defer r.free()
	g := graph(primary{r.interpreter})
	if s != nil {
		if g, err = r.signatureGraph(op, s); err != nil {
			return false, err
		}
	}
	if err := copyShapes(op, g, i.graph(s), r.reporter); err != nil {
		return false, err
	}
	if status := g.allocate(); status != capi.OK {
		return false, failed(op, status, r.reporter, nil)
	}
	if err := checkMemory(g); err != nil {
		return false, &Error{Op: op, Err: err}
	}
	if r.inspector == nil {
		return false, nil
	}
	last := r.model.last
	return capi.InspectorEmpty(r.inspector, primary{r.interpreter}.tensor(last.side, last.index), last.number), nil
}

// checkMemory looks for inputs that a successful allocation got no memory for. Outputs have
// none before they are computed, if the graph has to run for their size.
func checkMemory(g graph) error {
	for k := range g.count(input) {
		v := capi.TensorView(g.tensor(input, k))
		if v.Data == nil && v.Bytes > 0 && v.Allocation != capi.Dynamic {
			return fmt.Errorf("%s of %d bytes: %w", tensorLabel(input, k, g.name(input, k)), v.Bytes, ErrMemory)
		}
	}
	return nil
}

func (i *Interpreter) anyAllocated() bool {
	for _, s := range i.signatures {
		if s.allocated {
			return true
		}
	}
	return i.allocated
}

func (i *Interpreter) resized() bool {
	for _, s := range i.signatures {
		if len(s.shaped) > 0 {
			return true
		}
	}
	return len(i.shaped) > 0
}

// refused says of a failed allocation what shape is to blame, if one is.
func (i *Interpreter) refused(err error, s *Signature) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Err != nil {
		return err
	}
	g := i.graph(s)
	if k := i.openInput(); k >= 0 && s == nil {
		e.Err = fmt.Errorf("%s has open size %v, give it a shape with WithInputShape or Resize: %w",
			tensorLabel(input, k, g.name(input, k)), i.res.model.inputs[k], ErrSize)
	} else if i.resized() {
		e.Err = fmt.Errorf("the graph does not accept %s: %w", shapes(g), ErrSize)
	}
	return e
}

// openInput is the first input with an open dimension that was given no shape, -1 where
// there is none.
func (i *Interpreter) openInput() int {
	for k, shape := range i.res.model.inputs {
		if slices.Contains(shape, -1) && !i.shaped[k] {
			return k
		}
	}
	return -1
}
