package tflite

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/gocoral/coral/internal/capi"
)

// Use calls f with the tensor's own memory, without a copy. The slice has one
// entry per element in row-major order and must not be kept: after f has returned
// the runtime may move or free it. f has the interpreter to itself, so calls to the
// same interpreter from inside f give [ErrBusy]. Its error is returned as it is.
//
// T must be the tensor's element type, uint8 for booleans ([ErrType]); packed int4
// has no such view, see [Read]. For a constant of the model f gets a copy.
func Use[T Element](t *Tensor, f func([]T) error) error {
	const op = "use"
	if f == nil {
		return failf(op, "function is nil: %w", ErrType)
	}
	if err := t.acquire(op); err != nil {
		return err
	}
	defer t.release()
	v, err := t.memory(typeOf[T]())
	if err != nil {
		return &Error{Op: op, Err: err}
	}
	if v.Allocation == capi.MmapRO {
		return f(copyOf[T](v))
	}
	s, err := elements[T](t, v)
	if err != nil {
		return &Error{Op: op, Err: err}
	}
	return f(s)
}

// Read copies the tensor's content into dst, which must have exactly one entry per
// element ([ErrSize]). T must be the element type ([ErrType]); booleans are read as
// uint8, and int4 is unpacked to int8. Read allocates nothing.
func Read[T Element](t *Tensor, dst []T) error {
	const op = "read"
	if err := t.acquire(op); err != nil {
		return err
	}
	defer t.release()
	if err := read(t, dst); err != nil {
		return &Error{Op: op, Err: err}
	}
	return nil
}

func read[T Element](t *Tensor, dst []T) error {
	if packed, ok := any(dst).([]int8); ok && t.Type() == TypeInt4 {
		return t.readInt4(packed)
	}
	v, err := t.memory(typeOf[T]())
	if err != nil {
		return err
	}
	if err := t.checkLength("destination", len(dst), v.Bytes/int(unsafe.Sizeof(*new(T)))); err != nil {
		return err
	}
	copy(asBytes(dst), unsafe.Slice((*byte)(v.Data), v.Bytes))
	return nil
}

// Set copies src, exactly one entry per element ([ErrSize]), into the tensor. T
// must be the element type ([ErrType]); booleans are set from uint8, every value
// but 0 being true, and int4 from int8 between -8 and 7 ([ErrRange]). Constants of the model
// give [ErrReadOnly]. Set allocates nothing.
func Set[T Element](t *Tensor, src []T) error {
	const op = "set"
	if err := t.acquire(op); err != nil {
		return err
	}
	defer t.release()
	if err := set(t, src); err != nil {
		return &Error{Op: op, Err: err}
	}
	return nil
}

func set[T Element](t *Tensor, src []T) error {
	if packed, ok := any(src).([]int8); ok && t.Type() == TypeInt4 {
		return t.setInt4(packed)
	}
	v, err := t.memory(typeOf[T]())
	if err != nil {
		return err
	}
	if err := t.writable(v); err != nil {
		return err
	}
	if err := t.checkLength("source", len(src), v.Bytes/int(unsafe.Sizeof(*new(T)))); err != nil {
		return err
	}
	dst := unsafe.Slice((*byte)(v.Data), v.Bytes)
	copy(dst, asBytes(src))
	if t.Type() == TypeBool {
		for k, b := range dst {
			if b > 1 {
				dst[k] = 1
			}
		}
	}
	return nil
}

// Data returns the tensor's own memory for use beyond a call, as bufio.Scanner's
// Bytes does: the slice is good until the next Invoke, Resize, AllocateTensors,
// ResetVariables or Close, and nobody checks. An interpreter that has handed one out must be closed:
// dropped without Close, it is reported to its logger and its memory is kept.
//
// Use, Read and Set have none of these conditions. Errors are those of Use, and
// [ErrReadOnly] for a constant of the model.
func Data[T Element](t *Tensor) ([]T, error) {
	const op = "data"
	if err := t.acquire(op); err != nil {
		return nil, err
	}
	defer t.release()
	v, err := t.memory(typeOf[T]())
	if err == nil {
		err = t.writable(v)
	}
	if err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	s, err := elements[T](t, v)
	if err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	t.owner.res.exposed.Store(true)
	return s, nil
}

func (t *Tensor) checkLength(what string, got, want int) error {
	if got != want {
		return fmt.Errorf("%s has %d elements, %s of shape %v has %d: %w", what, got, t.label(), t.peek().Shape, want, ErrSize)
	}
	return nil
}

func asBytes[T Element](s []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(*new(T))))
}

// copyOf needs no alignment of its source.
func copyOf[T Element](v capi.View) []T {
	s := make([]T, v.Bytes/int(unsafe.Sizeof(*new(T))))
	copy(asBytes(s), unsafe.Slice((*byte)(v.Data), v.Bytes))
	return s
}

// The runtime packs two int4 into a byte, the first in the lower half.

func (t *Tensor) readInt4(dst []int8) error {
	v, err := t.int4Memory("destination", len(dst))
	if err != nil {
		return err
	}
	packed := unsafe.Slice((*byte)(v.Data), v.Bytes)
	for k := range dst {
		dst[k] = int8(packed[k/2]<<(4*(1-k%2))) >> 4
	}
	return nil
}

func (t *Tensor) setInt4(src []int8) error {
	v, err := t.int4Memory("source", len(src))
	if err == nil {
		err = t.writable(v)
	}
	if err != nil {
		return err
	}
	if k := slices.IndexFunc(src, func(x int8) bool { return x < -8 || x > 7 }); k >= 0 {
		return fmt.Errorf("element %d is %d, int4 of %s goes from -8 to 7: %w", k, src[k], t.label(), ErrRange)
	}
	packed := unsafe.Slice((*byte)(v.Data), v.Bytes)
	clear(packed)
	for k, x := range src {
		packed[k/2] |= byte(x) & 0xf << (4 * (k % 2))
	}
	return nil
}

// int4Memory takes the element count from the shape, since the last byte may be
// half used, and makes sure that the bytes agree.
func (t *Tensor) int4Memory(what string, n int) (capi.View, error) {
	v, err := t.memory(NoType)
	if err != nil {
		return v, err
	}
	want := t.Elements()
	if v.Bytes < (want+1)/2 {
		return v, fmt.Errorf("%s of shape %v has only %d bytes: %w", t.label(), t.peek().Shape, v.Bytes, ErrUnsupported)
	}
	return v, t.checkLength(what, n, want)
}

// SetBytes copies the content as it is in memory, [Tensor.ByteSize] bytes ([ErrSize])
// in the machine's byte order. Strings give [ErrType]. It allocates nothing.
func (t *Tensor) SetBytes(src []byte) error {
	return t.copyBytes("set bytes", "source", src, true)
}

// ReadBytes is the reverse of [Tensor.SetBytes].
func (t *Tensor) ReadBytes(dst []byte) error {
	return t.copyBytes("read bytes", "destination", dst, false)
}

func (t *Tensor) copyBytes(op, what string, b []byte, write bool) error {
	if err := t.acquire(op); err != nil {
		return err
	}
	defer t.release()
	v, err := t.memory(NoType)
	switch {
	case err != nil:
	case t.Type() == TypeString:
		err = fmt.Errorf("%s holds strings, use ReadStrings and SetStrings: %w", t.label(), ErrType)
	case len(b) != v.Bytes:
		err = fmt.Errorf("%s has %d bytes, %s has %d: %w", what, len(b), t.label(), v.Bytes, ErrSize)
	case write:
		err = t.writable(v)
	}
	if err != nil {
		return &Error{Op: op, Err: err}
	}
	memory := unsafe.Slice((*byte)(v.Data), v.Bytes)
	if write {
		copy(memory, b)
	} else {
		copy(b, memory)
	}
	return nil
}
