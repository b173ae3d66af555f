package tflite

import (
	"fmt"
	"slices"
	"sync/atomic"
	"unsafe"

	"github.com/gocoral/coral/internal/capi"
)

type side bool

const (
	input  side = false
	output side = true
)

func (s side) String() string {
	if s == output {
		return "output"
	}
	return "input"
}

// Tensor is a handle to an input or output. Its description (name, type, shape) is
// a copy that can be read at any time by anyone; its content is reached through
// [Use], [Read], [Set] and their kin, which hold the interpreter for the time of
// the call.
//
// A handle is good until the interpreter's next Resize or Close. After that every
// access gives [ErrStale].
type Tensor struct {
	owner      *Interpreter
	signature  *Signature // nil for the primary graph
	side       side
	index      int
	generation uint64
	dynamic    bool // an output that the runtime allocates while it runs
	filled     bool // and that it has allocated
	info       atomic.Pointer[TensorInfo]
}

// TensorInfo describes a tensor.
type TensorInfo struct {
	// Name of the tensor in the graph or, for one of a [Signature], in it.
	Name string `json:"name"`
	Type Type   `json:"type"`
	// Shape is the current shape; empty for a scalar.
	Shape []int `json:"shape"`
	// ShapeSignature has -1 where the model leaves a dimension open.
	ShapeSignature []int `json:"shape_signature,omitempty"`
	// ByteSize is the size of the content in bytes.
	ByteSize int `json:"byte_size"`
	// Dynamic: the runtime gives this output its size while it runs. Shape and ByteSize
	// are those of the last inference.
	Dynamic      bool         `json:"dynamic,omitempty"`
	Quantization Quantization `json:"quantization"`

	// scalesUnknown: there is no scale for all elements, and scales per channel are not told.
	scalesUnknown bool
}

// Elements is the number of elements, the product of Shape: 1 for a scalar.
func (t TensorInfo) Elements() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// newTensors makes the handles for the current generation. The interpreter is held.
func (i *Interpreter) newTensors(sd side) []*Tensor {
	out := make([]*Tensor, i.primary().count(sd))
	for k := range out {
		out[k] = &Tensor{owner: i, side: sd, index: k, generation: i.generation}
		out[k].refresh()
	}
	return out
}

// label is how errors name the tensor: input 0 "image".
func (t *Tensor) label() string {
	if t == nil {
		return "tensor"
	}
	return tensorLabel(t.side, t.index, t.Name())
}

// pointer looks the tensor up, each time anew: the runtime keeps tensors in a
// vector that may move when an operator adds temporary ones.
func (t *Tensor) pointer() capi.Tensor {
	switch {
	case t.signature != nil:
		return capi.RunnerTensor(t.signature.runner, bool(t.side), t.signature.names(t.side)[t.index])
	case t.side == output:
		return capi.OutputTensor(t.owner.res.interpreter, t.index)
	}
	return capi.InputTensor(t.owner.res.interpreter, t.index)
}

// view is pointer and TensorView in one call where that can be.
func (t *Tensor) view() capi.View {
	switch {
	case t.signature != nil:
		return capi.TensorView(t.pointer())
	case t.side == output:
		return capi.OutputView(t.owner.res.interpreter, t.index)
	}
	return capi.InputView(t.owner.res.interpreter, t.index)
}

// refresh takes the description from the runtime.
func (t *Tensor) refresh() {
	c, v := capi.TensorInfo(t.pointer()), t.view()
	info := &TensorInfo{
		Name:           c.Name,
		Type:           typeFromC(v.Type),
		Shape:          c.Shape,
		ShapeSignature: c.Signature,
		ByteSize:       v.Bytes,
		Quantization: Quantization{
			Scale: c.Scale, ZeroPoint: c.ZeroPoint,
			Scales: c.Scales, ZeroPoints: c.ZeroPoints, Dimension: c.Dimension,
		},
		scalesUnknown: c.Unknown && c.Scale == 0,
	}
	if t.signature != nil {
		info.Name = t.signature.names(t.side)[t.index]
	}
	t.dynamic = t.side == output && (v.Allocation == capi.Dynamic || v.Data == nil)
	info.Dynamic = t.dynamic
	t.info.Store(info)
}

// prepare makes a freshly allocated input fit to be used before it is set: it holds
// whatever the memory held before, and a string tensor not even that.
func (t *Tensor) prepare() error {
	if t.Type() == TypeString {
		// The runtime reads the count of strings from the content, whatever the
		// shape says.
		return t.setStrings(make([]string, t.Elements()))
	}
	v := t.view()
	switch {
	case v.Data == nil && v.Bytes > 0:
		// 2.20 reports success for a tensor it got no memory for.
		return fmt.Errorf("%s of %d bytes: %w", t.label(), v.Bytes, ErrMemory)
	case t.writable(v) == nil:
		clear(unsafe.Slice((*byte)(v.Data), v.Bytes))
	}
	return nil
}

// acquire takes the interpreter and makes sure that the handle is current.
func (t *Tensor) acquire(op string) error {
	if t == nil || t.owner == nil {
		return failf(op, "tensor is nil: %w", ErrStale)
	}
	if !t.owner.mu.TryLock() {
		return &Error{Op: op, Err: fmt.Errorf("%s: %w", t.label(), ErrBusy)}
	}
	if t.owner.res == nil {
		t.owner.mu.Unlock()
		return failf(op, "%s: %w, its interpreter was closed: %w", t.label(), ErrStale, ErrClosed)
	}
	if t.generation != t.owner.generation {
		t.owner.mu.Unlock()
		return failf(op, "%s: %w, ask the interpreter for it again after Resize", t.label(), ErrStale)
	}
	return nil
}

func (t *Tensor) release() { t.owner.mu.Unlock() }

// memory is acquire's second half: the content, checked against the description.
// want is NoType where the caller takes any type.
func (t *Tensor) memory(want Type) (capi.View, error) {
	v, info := t.view(), t.info.Load()
	if want != NoType && want != info.Type && (want != TypeUint8 || info.Type != TypeBool) {
		return v, fmt.Errorf("%s holds %v, not %v: %w", t.label(), info.Type, want, ErrType)
	}
	if v.Data == nil && (v.Bytes > 0 || t.dynamic && !t.filled) {
		return v, fmt.Errorf("%s has no content before the first Invoke: %w", t.label(), ErrStale)
	}
	return v, nil
}

// writable refuses tensors whose memory is the model's own.
func (t *Tensor) writable(v capi.View) error {
	if v.Allocation == capi.MmapRO {
		return fmt.Errorf("%s is a constant of the model: %w", t.label(), ErrReadOnly)
	}
	return nil
}

// elements views n elements of T at the content.
func elements[T Element](t *Tensor, v capi.View) ([]T, error) {
	size := int(unsafe.Sizeof(*new(T)))
	if uintptr(v.Data)%uintptr(size) != 0 && size <= 8 {
		return nil, fmt.Errorf("%s is not aligned for its type: %w", t.label(), ErrUnsupported)
	}
	if v.Bytes%size != 0 {
		return nil, fmt.Errorf("%s has %d bytes, no multiple of %d: %w", t.label(), v.Bytes, size, ErrSize)
	}
	return unsafe.Slice((*T)(v.Data), v.Bytes/size), nil
}

// Info returns the whole description.
func (t *Tensor) Info() TensorInfo {
	info := *t.peek()
	info.Shape = slices.Clone(info.Shape)
	info.ShapeSignature = slices.Clone(info.ShapeSignature)
	return info
}

// Name returns the tensor's name.
func (t *Tensor) Name() string { return t.peek().Name }

// Type returns the element type.
func (t *Tensor) Type() Type { return t.peek().Type }

// Shape returns a copy of the current shape. That of an output whose size the
// graph computes follows each Invoke.
func (t *Tensor) Shape() []int { return slices.Clone(t.peek().Shape) }

// ShapeSignature returns a copy of the shape in the model file, with -1 for open
// dimensions, nil where the runtime tells none.
func (t *Tensor) ShapeSignature() []int { return slices.Clone(t.peek().ShapeSignature) }

// Elements is the number of elements.
func (t *Tensor) Elements() int { return t.peek().Elements() }

// ByteSize is the size of the content in bytes.
func (t *Tensor) ByteSize() int { return t.peek().ByteSize }

// Quantization returns the quantisation parameters, zero for a tensor without. Those per
// channel are not told where the runtime's structures are not known ([RuntimeInfo]).
func (t *Tensor) Quantization() Quantization { return t.peek().Quantization }

var noInfo = &TensorInfo{Type: NoType}

// peek is the description without a copy.
func (t *Tensor) peek() *TensorInfo {
	if t == nil || t.owner == nil {
		return noInfo
	}
	return t.info.Load()
}
