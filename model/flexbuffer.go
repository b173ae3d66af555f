package model

import (
	"bytes"
	"fmt"
	"math"

	flatbuffers "github.com/google/flatbuffers/go"
)

// The types of FlexBuffers values that are read here.
const (
	flexInt    = 1
	flexUint   = 2
	flexFloat  = 3
	flexString = 5
	flexMap    = 9
	flexBlob   = 25
)

// flexBlobOf returns the string or blob that a FlexBuffers map has under key,
// and nil without an error if it has none.
//
// FlexBuffers point backwards: the file ends with the root, its type and its
// width, and each offset is subtracted from its own position. The type of a
// value holds the kind in its upper six bits and in the lower two the width (1,
// 2, 4 or 8 bytes) of what it refers to.
func flexBlobOf(buf []byte, key string) ([]byte, error) {
	f := flexReader{buf: buf}
	v := f.value(key)
	if f.err != nil || v.pos < 0 {
		return nil, f.err
	}
	if k := v.kind >> 2; k != flexString && k != flexBlob {
		return nil, fmt.Errorf("flexbuffer has type %d under key %q in place of a string", k, key)
	}
	blob := f.follow(v.pos, v.width)
	width := 1 << (v.kind & 3)
	return f.slice(blob, f.uint(blob-width, width)), f.err
}

// flexNumberOf returns the number that a FlexBuffers map has under key.
func flexNumberOf(buf []byte, key string) (n float64, ok bool) {
	f := flexReader{buf: buf}
	v := f.value(key)
	if f.err != nil || v.pos < 0 {
		return 0, false
	}
	bits := f.bits(v.pos, v.width)
	switch kind := v.kind >> 2; {
	case kind == flexInt:
		unused := 64 - 8*v.width
		n = float64(int64(bits<<unused) >> unused)
	case kind == flexUint:
		n = float64(bits)
	case kind == flexFloat && v.width == 4:
		n = float64(math.Float32frombits(uint32(bits)))
	case kind == flexFloat && v.width == 8:
		n = math.Float64frombits(bits)
	default:
		return 0, false
	}
	return n, f.err == nil
}

// flexValue is where a map has a value, and how: its type, and the width of the map's
// elements. The position is -1 if it is not there.
type flexValue struct {
	pos   int
	kind  byte
	width int
}

// value finds a key in the map that is the root.
func (f *flexReader) value(key string) flexValue {
	end := len(f.buf)
	if end < 3 {
		f.err = fmt.Errorf("flexbuffer of %d bytes is too short", end)
		return flexValue{pos: -1}
	}
	rootWidth, rootType := int(f.buf[end-1]), f.buf[end-2]
	if rootType>>2 != flexMap {
		f.err = fmt.Errorf("flexbuffer has type %d at its root in place of a map", rootType>>2)
		return flexValue{pos: -1}
	}
	v := flexValue{width: 1 << (rootType & 3)}
	v.pos, v.kind = f.lookup(f.follow(end-2-rootWidth, rootWidth), v.width, key)
	return v
}

// flexReader reads a FlexBuffer with bounds checks and keeps the first error.
type flexReader struct {
	buf []byte
	err error
}

func (f *flexReader) fail(pos int) {
	if f.err == nil {
		f.err = fmt.Errorf("flexbuffer refers to offset %d, outside its %d bytes: truncated or damaged", pos, len(f.buf))
	}
}

// bits reads an unsigned integer of 1, 2, 4 or 8 bytes.
func (f *flexReader) bits(pos, width int) uint64 {
	if f.err != nil || pos < 0 || pos > len(f.buf)-width {
		f.fail(pos)
		return 0
	}
	switch b := f.buf[pos:]; width {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(flatbuffers.GetUint16(b))
	case 4:
		return uint64(flatbuffers.GetUint32(b))
	case 8:
		return flatbuffers.GetUint64(b)
	}
	f.fail(pos)
	return 0
}

// uint reads a size or an offset. Those beyond the buffer are cut to a value that is still
// beyond it, and still an int.
func (f *flexReader) uint(pos, width int) int {
	return int(min(f.bits(pos, width), uint64(len(f.buf))+1))
}

// follow resolves the backward offset stored at pos.
func (f *flexReader) follow(pos, width int) int {
	target := pos - f.uint(pos, width)
	if target < 0 {
		f.fail(target)
	}
	return target
}

func (f *flexReader) slice(pos, n int) []byte {
	if f.err != nil || pos < 0 || pos > len(f.buf) || n > len(f.buf)-pos {
		f.fail(pos)
		return nil
	}
	return f.buf[pos : pos+n : pos+n]
}

// lookup finds a key in the map at m, whose elements are width bytes wide, and
// returns position and type of its value; the position is -1 if it is not there.
// Before a map are the offset of its keys, their width, and its length; behind
// it are the types of its values.
func (f *flexReader) lookup(m, width int, key string) (pos int, kind byte) {
	n := f.uint(m-width, width)
	keys := f.follow(m-3*width, width)
	keyWidth := f.uint(m-2*width, width)
	if f.err == nil && n > (len(f.buf)-m)/(width+1) {
		f.fail(len(f.buf))
	}
	if f.err != nil {
		return -1, 0
	}
	types := f.buf[m+n*width:]
	want := append([]byte(key), 0)
	for i := range n {
		k := f.follow(keys+i*keyWidth, keyWidth)
		if f.err != nil {
			return -1, 0
		}
		if bytes.HasPrefix(f.buf[k:], want) {
			return m + i*width, types[i]
		}
	}
	return -1, 0
}
