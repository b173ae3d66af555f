package tflite

import (
	"fmt"
	"math"

	"github.com/gocoral/coral/internal/capi"
)

// Resize gives an input a new shape. All tensor handles become stale, and the inputs
// are zero again; memory is allocated when it is next needed, so that several inputs
// can be resized first.
//
// The rank must stay, no dimension may be negative, and the tensor must stay below
// [WithMaxTensorBytes]: otherwise the error wraps [ErrSize] and nothing changes.
// Whether the graph accepts the shape shows at the allocation, which otherwise fails
// with ErrSize. An index that the model does not have gives [ErrRange].
func (i *Interpreter) Resize(index int, shape ...int) error {
	const op = "resize"
	if err := i.acquire(op); err != nil {
		return err
	}
	defer i.release()
	return i.resize(op, index, shape)
}

func (i *Interpreter) resize(op string, index int, shape []int) error {
	if index < 0 || index >= i.nInputs {
		return failf(op, "input %d of a model that has %d: %w", index, i.nInputs, ErrRange)
	}
	g := i.primary()
	if err := checkShape(shape, g.tensor(input, index), tensorLabel(input, index, g.name(input, index)), i.maxBytes()); err != nil {
		return &Error{Op: op, Err: err}
	}
	i.retire()
	if s := g.resize(index, shape); s != capi.OK {
		return failed(op, s, i.res.reporter, nil)
	}
	i.shaped[index] = true
	return nil
}

// Resize gives an input a new shape, under the rules of [Interpreter.Resize]. A name
// that the signature does not have gives [ErrNotFound].
func (s *Signature) Resize(name string, shape ...int) error {
	const op = "resize"
	if err := s.acquire(op); err != nil {
		return err
	}
	defer s.owner.release()
	k, err := s.index(op, input, name)
	if err != nil {
		return err
	}
	g := s.graph()
	t := g.tensor(input, k)
	if t == nil {
		return failf(op, "signature %q: the runtime has no %s: %w", s.key, tensorLabel(input, k, name), ErrBadModel)
	}
	if err := checkShape(shape, t, tensorLabel(input, k, name), s.owner.maxBytes()); err != nil {
		return &Error{Op: op, Err: err}
	}
	s.owner.retire()
	if status := g.resize(k, shape); status != capi.OK {
		return failed(op, status, s.owner.res.reporter, nil)
	}
	s.shaped[k] = true
	return nil
}

// maxBytes bounds an input after a Resize.
func (i *Interpreter) maxBytes() int64 {
	if i.options.maxBytes > 0 {
		return i.options.maxBytes
	}
	return i.res.model.limits.TensorBytes
}

// checkShape refuses shapes that cannot be meant or must not be tried.
func checkShape(shape []int, t capi.Tensor, label string, maxBytes int64) error {
	now, typ := capi.TensorInfo(t), typeFromC(capi.TensorView(t).Type)
	if rank := max(len(now.Shape), len(now.Signature)); rank > 0 && len(shape) != rank {
		return fmt.Errorf("shape %v has %d dimensions, %s has %d: %w", shape, len(shape), label, rank, ErrSize)
	}
	bits := uint64(max(typ.Bits(), 8))
	for _, d := range shape {
		if d < 0 || d > math.MaxInt32 {
			return fmt.Errorf("shape %v for %s: dimension %d: %w", shape, label, d, ErrSize)
		}
		bits *= uint64(d)
		if bits > uint64(maxBytes)*8 {
			return fmt.Errorf("shape %v for %s takes more than the limit of %d bytes, raise it with WithMaxTensorBytes: %w: %w",
				shape, label, maxBytes, ErrSize, ErrMemory)
		}
	}
	return nil
}
