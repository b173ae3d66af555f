package tflite

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"

	"github.com/gocoral/coral/internal/capi"
)

// A string tensor's content is, little-endian: a count n of 32 bits, n+1 offsets
// of 32 bits from the start of the buffer, and the strings' bytes one after the
// other (tensorflow/lite/string_util.h).

// ReadStrings returns a copy of a string tensor's content, in row-major order. A
// tensor of another type gives [ErrType].
func (t *Tensor) ReadStrings() ([]string, error) {
	const op = "read strings"
	if err := t.acquire(op); err != nil {
		return nil, err
	}
	defer t.release()
	v, err := t.memory(TypeString)
	if err != nil {
		return nil, &Error{Op: op, Err: err}
	}
	if v.Bytes == 0 {
		return nil, nil
	}
	s, err := unpackStrings(unsafe.Slice((*byte)(v.Data), v.Bytes))
	if err != nil {
		return nil, &Error{Op: op, Err: fmt.Errorf("%s: %w", t.label(), err)}
	}
	return s, nil
}

// SetStrings replaces a string tensor's content: one string per element of its
// shape ([ErrSize]). Only inputs can be set; a tensor of another type gives
// [ErrType], a constant of the model [ErrReadOnly].
func (t *Tensor) SetStrings(src []string) error {
	const op = "set strings"
	if err := t.acquire(op); err != nil {
		return err
	}
	defer t.release()
	if err := t.setStrings(src); err != nil {
		return &Error{Op: op, Err: err}
	}
	return nil
}

func (t *Tensor) setStrings(src []string) error {
	if t.Type() != TypeString {
		return fmt.Errorf("%s holds %v, not strings: %w", t.label(), t.Type(), ErrType)
	}
	if err := t.writable(t.view()); err != nil {
		return err
	}
	if err := t.checkLength("source", len(src), t.Elements()); err != nil {
		return err
	}
	packed, err := packStrings(src)
	if err != nil {
		return err
	}
	if !capi.SetPackedStrings(t.pointer(), packed) {
		return fmt.Errorf("%s takes no strings: %w", t.label(), ErrUnsupported)
	}
	t.refresh()
	return nil
}

func packStrings(src []string) ([]byte, error) {
	header := 4 * (len(src) + 2)
	total := header
	for _, s := range src {
		total += len(s)
	}
	if total > math.MaxInt32 {
		return nil, fmt.Errorf("%d bytes of strings, a tensor holds at most %d: %w", total, math.MaxInt32, ErrSize)
	}
	b := make([]byte, 0, total)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(src)))
	offset := header
	for _, s := range src {
		b = binary.LittleEndian.AppendUint32(b, uint32(offset))
		offset += len(s)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(offset))
	for _, s := range src {
		b = append(b, s...)
	}
	return b, nil
}

// unpackStrings trusts none of the numbers: a model can put any bytes here.
func unpackStrings(b []byte) ([]string, error) {
	damaged := fmt.Errorf("string content of %d bytes is damaged: %w", len(b), ErrBadModel)
	if len(b) < 4 {
		return nil, damaged
	}
	n := int64(binary.LittleEndian.Uint32(b))
	if n > int64(len(b))/4 || 4*(n+2) > int64(len(b)) {
		return nil, damaged
	}
	out := make([]string, n)
	for k := range out {
		start := binary.LittleEndian.Uint32(b[4*(k+1):])
		end := binary.LittleEndian.Uint32(b[4*(k+2):])
		if start > end || int64(end) > int64(len(b)) {
			return nil, damaged
		}
		out[k] = string(b[start:end])
	}
	return out, nil
}
