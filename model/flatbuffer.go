package model

import (
	"errors"
	"fmt"
	"reflect"

	flatbuffers "github.com/google/flatbuffers/go"
)

// decoder reads one FlatBuffer without trusting a single byte of it: the Go
// runtime of FlatBuffers has no verifier and panics on a bad offset. The first
// fault is kept in err, and from then on every accessor answers with a zero
// value, so that the code that reads a model needs no error check per field.
//
// FlatBuffers may refer to the same bytes from many places, so a small hostile
// file can describe an enormous structure. budget is what bounds the memory and
// the time that decoding may take: eight bytes for each byte of the file, and a
// mebibyte for small ones.
type decoder struct {
	buf    []byte
	err    error
	budget int64
	// end is where the last of what was read ends, and outside what was found to lie
	// outside of the FlatBuffer.
	end     int
	outside []outsider
}

func newDecoder(buf []byte) *decoder {
	return &decoder{buf: buf, budget: 8*int64(len(buf)) + 1<<20}
}

// fail keeps the first fault.
func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

var errShared = errors.New("the same bytes are referred to far too often: the file is damaged or hostile")

// charge takes n items of size bytes from the budget.
func (d *decoder) charge(n, size int) bool {
	cost := int64(n) * int64(size)
	if cost > d.budget {
		d.fail("%w", errShared)
		return false
	}
	d.budget -= cost
	return d.err == nil
}

// within reports whether n items of size bytes fit at pos, and fails otherwise.
// They must be aligned to align bytes, as the verifier of the runtimes demands.
func (d *decoder) within(pos, n, size, align int) bool {
	switch {
	case d.err != nil:
		return false
	case pos < 0 || pos > len(d.buf) || n > (len(d.buf)-pos)/size:
		d.fail("%d bytes at offset %d reach past the end of the %d bytes there are: truncated or damaged",
			uint64(n)*uint64(size), pos, len(d.buf))
		return false
	case pos%align != 0:
		d.fail("value at offset %d is not aligned to %d bytes: damaged", pos, align)
		return false
	}
	d.end = max(d.end, pos+n*size)
	return true
}

// follow resolves the forward offset stored at pos, which is known to be inside.
func (d *decoder) follow(pos int) int {
	off := flatbuffers.GetUint32(d.buf[pos:])
	if off == 0 || uint64(pos)+uint64(off) >= uint64(len(d.buf)) {
		d.fail("offset %d at %d points outside the %d bytes there are: truncated or damaged", off, pos, len(d.buf))
		return 0
	}
	return pos + int(off)
}

// root returns the root table.
func (d *decoder) root() table {
	if !d.within(0, 1, 4, 1) {
		return table{d: d}
	}
	return d.table(d.follow(0))
}

// table checks the header and the vtable of the table at pos.
func (d *decoder) table(pos int) table {
	if !d.within(pos, 1, 4, 4) {
		return table{d: d}
	}
	vtable := int64(pos) - int64(flatbuffers.GetInt32(d.buf[pos:]))
	if vtable < 0 || vtable > int64(len(d.buf)) {
		d.fail("table at offset %d has its description outside the file: truncated or damaged", pos)
		return table{d: d}
	}
	v := int(vtable)
	if !d.within(v, 2, 2, 2) {
		return table{d: d}
	}
	t := table{d: d, pos: pos, vtable: v}
	t.vsize = int(flatbuffers.GetUint16(d.buf[v:]))
	t.size = int(flatbuffers.GetUint16(d.buf[v+2:]))
	if t.vsize < 4 || t.vsize%2 != 0 || t.size < 4 {
		d.fail("table at offset %d has an impossible description: damaged", pos)
		return table{d: d}
	}
	if !d.within(v, t.vsize, 1, 1) || !d.within(pos, t.size, 1, 1) {
		return table{d: d}
	}
	return t
}

// table is a checked table. The zero table stands for an absent one and has no
// fields; neither has a damaged one, but that knows its decoder.
type table struct {
	d      *decoder
	pos    int
	size   int
	vtable int
	vsize  int
}

// field returns the position of a field of the given size, or 0 (where the root
// offset of the file is, and so never a field) when the table does not have it.
func (t table) field(slot, size int) int {
	if t.d == nil || t.d.err != nil || 4+2*slot+2 > t.vsize {
		return 0
	}
	off := int(flatbuffers.GetUint16(t.d.buf[t.vtable+4+2*slot:]))
	switch {
	case off == 0:
		return 0
	case off < 4 || off+size > t.size:
		t.d.fail("table at offset %d has field %d outside itself: damaged", t.pos, slot)
		return 0
	case !t.d.within(t.pos+off, 1, size, size):
		return 0
	}
	return t.pos + off
}

func (t table) bool(slot int) bool {
	pos := t.field(slot, 1)
	return pos != 0 && t.d.buf[pos] != 0
}

func (t table) int8(slot int) int8 {
	if pos := t.field(slot, 1); pos != 0 {
		return flatbuffers.GetInt8(t.d.buf[pos:])
	}
	return 0
}

func (t table) int16(slot int) int16 {
	if pos := t.field(slot, 2); pos != 0 {
		return flatbuffers.GetInt16(t.d.buf[pos:])
	}
	return 0
}

func (t table) int32(slot int, absent int32) int32 {
	if pos := t.field(slot, 4); pos != 0 {
		return flatbuffers.GetInt32(t.d.buf[pos:])
	}
	return absent
}

func (t table) uint32(slot int) uint32 { return uint32(t.int32(slot, 0)) }

func (t table) int64(slot int) int64 { return int64(t.uint64(slot)) }

func (t table) uint64(slot int) uint64 {
	if pos := t.field(slot, 8); pos != 0 {
		return flatbuffers.GetUint64(t.d.buf[pos:])
	}
	return 0
}

// table returns the table that a field refers to.
func (t table) table(slot int) table {
	if pos := t.field(slot, 4); pos != 0 {
		return t.d.table(t.d.follow(pos))
	}
	return table{}
}

// vector checks the vector that a field refers to and returns the position of
// its first element. Its elements cost cost bytes of the budget each.
func (t table) vector(slot, size, cost int) (first, n int, ok bool) {
	pos := t.field(slot, 4)
	if pos == 0 {
		return 0, 0, false
	}
	return t.d.vector(t.d.follow(pos), size, cost)
}

func (d *decoder) vector(pos, size, cost int) (first, n int, ok bool) {
	if !d.within(pos, 1, 4, 4) {
		return 0, 0, false
	}
	count := flatbuffers.GetUint32(d.buf[pos:])
	first = pos + 4
	if uint64(count) > uint64(len(d.buf)) {
		d.fail("vector at offset %d claims %d elements, more than the %d bytes there are: truncated or damaged",
			pos, count, len(d.buf))
		return 0, 0, false
	}
	n = int(count)
	// The runtimes demand no alignment of the elements, and old converters did
	// not align those of 8 bytes.
	if !d.within(first, n, size, 1) || !d.charge(n, cost) {
		return 0, 0, false
	}
	return first, n, true
}

// bytes returns the content of a byte vector, which stays part of the file, and
// nil if it is absent.
func (t table) bytes(slot int) []byte {
	first, n, ok := t.vector(slot, 1, 1)
	if !ok {
		return nil
	}
	return t.d.buf[first : first+n : first+n]
}

// string returns a copy of a string, so that the names of a model do not keep
// its file alive.
func (t table) string(slot int) string { return string(t.bytes(slot)) }

// ints returns a vector of 32-bit integers, and nil only if it is absent.
func (t table) ints(slot int) []int {
	return vector(t, slot, 4, func(b []byte) int { return int(flatbuffers.GetInt32(b)) })
}

// longs returns a vector of 64-bit integers, and nil only if it is absent.
func (t table) longs(slot int) []int {
	return vector(t, slot, 8, func(b []byte) int { return int(flatbuffers.GetInt64(b)) })
}

// floats returns a vector of 32-bit floating point numbers.
func (t table) floats(slot int) []float32 { return vector(t, slot, 4, flatbuffers.GetFloat32) }

// vector decodes a vector of scalars of size bytes in the file.
func vector[T any](t table, slot, size int, get func([]byte) T) []T {
	first, n, ok := t.vector(slot, size, sizeOf[T]())
	if !ok {
		return nil
	}
	out := make([]T, n)
	for i := range out {
		out[i] = get(t.d.buf[first+i*size:])
	}
	return out
}

// tables decodes a vector of tables, and returns nil only if it is absent. what
// names an element in errors.
func tables[T any](t table, slot int, what string, decode func(table) T) []T {
	return references(t, slot, what, func(pos int) T { return decode(t.d.table(pos)) })
}

// blobs returns the contents of a vector of strings; they stay part of the file.
func (t table) blobs(slot int, what string) [][]byte {
	return references(t, slot, what, func(pos int) []byte {
		first, n, ok := t.d.vector(pos, 1, 1)
		if !ok {
			return nil
		}
		return t.d.buf[first : first+n : first+n]
	})
}

// references decodes a vector of offsets.
func references[T any](t table, slot int, what string, decode func(pos int) T) []T {
	first, n, ok := t.vector(slot, 4, 4+sizeOf[T]())
	if !ok {
		return nil
	}
	out := make([]T, n)
	for i := range out {
		out[i] = decode(t.d.follow(first + 4*i))
		if t.d.err != nil {
			t.d.err = fmt.Errorf("%s %d: %w", what, i, t.d.err)
			return nil
		}
	}
	return out
}

func sizeOf[T any]() int { return int(reflect.TypeFor[T]().Size()) }
