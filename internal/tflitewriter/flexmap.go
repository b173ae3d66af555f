package tflitewriter

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// Entry is a key of a FlexBuffers map with its value: an int, a float32, a string, or
// bytes, which become a blob.
type Entry struct {
	Key   string
	Value any
}

// The types of FlexBuffers.
const (
	flexInt, flexFloat, flexKey   = 1, 3, 4
	flexString, flexMap, flexBlob = 5, 9, 25
)

// FlexMap writes a map in the form that custom operators have their options in. All its
// numbers are width bytes wide: 1, 2, 4 or 8, and 4 if there are floats. Strings and
// bytes have the [Alignment] of weights, since libedgetpu reads a FlatBuffer in place
// there. It panics on a value of another type.
func FlexMap(width int, entries ...Entry) []byte {
	f := flex{width: width}
	entries = slices.SortedFunc(slices.Values(entries), func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
	keys, values, types := make([]int, len(entries)), make([]any, len(entries)), make([]byte, len(entries))
	for i, e := range entries {
		keys[i] = len(f.b)
		f.b = append(append(f.b, e.Key...), 0)
	}
	for i, e := range entries {
		values[i], types[i] = f.value(e.Value)
	}
	f.pad(width)
	f.number(len(entries))
	keyVector := len(f.b)
	for _, at := range keys {
		f.back(at)
	}
	f.back(keyVector)
	f.number(width)
	f.number(len(entries))
	root := len(f.b)
	for _, v := range values {
		f.inline(v)
	}
	f.b = append(f.b, types...)
	f.pad(width)
	f.back(root)
	return append(f.b, f.packed(flexMap), byte(width))
}

type flex struct {
	b     []byte
	width int
}

// place is a value that stands elsewhere.
type place int

// value writes what does not fit into the map itself.
func (f *flex) value(v any) (inline any, packed byte) {
	switch v := v.(type) {
	case int:
		return v, f.packed(flexInt)
	case float32:
		return v, f.packed(flexFloat)
	case string:
		at := f.content([]byte(v))
		f.b = append(f.b, 0)
		return at, f.packed(flexString)
	case []byte:
		return f.content(v), f.packed(flexBlob)
	}
	panic(fmt.Sprintf("tflitewriter: a value of type %T in a FlexBuffers map", v))
}

// content writes bytes with their length before them.
func (f *flex) content(b []byte) place {
	f.pad(f.width)
	for (len(f.b)+f.width)%Alignment != 0 {
		f.number(0)
	}
	f.number(len(b))
	at := place(len(f.b))
	f.b = append(f.b, b...)
	return at
}

func (f *flex) inline(v any) {
	switch v := v.(type) {
	case int:
		f.number(v)
	case float32:
		f.number(int(math.Float32bits(v)))
	case place:
		f.back(int(v))
	}
}

// number writes an integer of the width.
func (f *flex) number(n int) {
	f.b = append(f.b, binary.LittleEndian.AppendUint64(nil, uint64(n))[:f.width]...)
}

// back refers to an earlier place.
func (f *flex) back(to int) { f.number(len(f.b) - to) }

func (f *flex) pad(to int) {
	if rest := len(f.b) % to; rest != 0 {
		f.b = append(f.b, bytes.Repeat([]byte{0}, to-rest)...)
	}
}

// packed is the type together with the width of its numbers.
func (f *flex) packed(kind byte) byte { return kind<<2 | byte(bits.TrailingZeros(uint(f.width))) }
