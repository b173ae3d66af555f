package model

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
)

// Inline returns the bytes of the model with all constants inside the FlatBuffer.
// Converters write those of large models behind it, where the C API of TensorFlow Lite
// does not look. If nothing is there, it returns the bytes that were parsed.
//
// The result says the same as the original, whose bytes are not changed. A damaged
// archive of associated files is left out. The error wraps [ErrMemory] if the result
// would be larger than [MaxBytes], and [ErrBadModel] if m was not made by [Parse].
func (m *Model) Inline() ([]byte, error) {
	if m == nil || m.file == nil || m.described {
		return nil, fmt.Errorf("%w: the model has no bytes: make it with Parse", ErrBadModel)
	}
	if len(m.outside) == 0 {
		return m.file, nil
	}
	in := newInliner(m)
	if in.size > MaxBytes {
		return nil, fmt.Errorf("%w: the model takes %d bytes with its constants inside, the limit of the format is %d: quantise its weights, or split it",
			ErrMemory, in.size, MaxBytes)
	}
	return in.inline(m.outside), nil
}

// outsider is a table with a content outside of the FlatBuffer. Where other tables have
// the offset of a vector, it has the position and the length of the content.
type outsider struct {
	table            table
	offset           int // The slot for the offset of a vector.
	position, length int // The slots for the two numbers.
	at, n            int // The two numbers.
}

// outside returns a content outside of the FlatBuffer, nil if there is none, and notes
// the table for [Model.Inline]. Position 1 is a placeholder that converters leave.
func (t table) outside(offset, position, length int) []byte {
	at, n := t.uint64(position), t.uint64(length)
	size := uint64(len(t.d.buf))
	switch {
	case t.d.err != nil || at <= 1:
		return nil
	case n == 0:
		at = 0
	case at > size || n > size-at:
		t.d.fail("%d bytes at offset %d reach past the end of the %d bytes there are: truncated or damaged", n, at, size)
		return nil
	}
	if !t.d.charge(int(n)+sizeOf[outsider](), 1) {
		return nil
	}
	o := outsider{table: t, offset: offset, position: position, length: length, at: int(at), n: int(n)}
	t.d.outside = append(t.d.outside, o)
	return o.content()
}

func (o outsider) content() []byte { return o.table.d.buf[o.at : o.at+o.n : o.at+o.n] }

// inliner writes a model anew: the FlatBuffer at its old place, then the contents as
// vectors, and at last the archive of associated files.
//
// In each table, four of the eight bytes of the position become the offset of the
// vector, which is ahead of it, as FlatBuffers demand. What says so is a new
// description of the table (vtable). Nothing else moves or has to be understood.
type inliner struct {
	out     []byte
	size    int64 // The most that out is going to have.
	archive *zip.Reader
	// Where contents are in out, by place in the file, and descriptions by themselves.
	vectors map[[2]int]int
	vtables map[string]int
}

func newInliner(m *Model) *inliner {
	in := &inliner{out: m.file, vectors: make(map[[2]int]int), vtables: make(map[string]int)}
	for _, o := range m.outside {
		// Contents behind all that was read, as converters write them, need not be twice
		// in the new file.
		if o.n > 0 && o.at >= m.end && o.at < len(in.out) {
			in.out = m.file[:o.at]
		}
	}
	in.size = int64(len(in.out))
	planned := make(map[[2]int]bool)
	for _, o := range m.outside {
		in.size += int64(o.table.vsize + 2)
		if key := [2]int{o.at, o.n}; !planned[key] {
			planned[key] = true
			in.size += int64(constantAlignment + 4 + o.n)
		}
	}
	if archive, size := m.archive(); size <= int64(len(m.file)) {
		in.archive = archive
		in.size += size
	}
	return in
}

// archive returns the associated files, nil if there are none or they are damaged, and
// how much they take.
func (m *Model) archive() (archive *zip.Reader, size int64) {
	archive, err := zip.NewReader(bytes.NewReader(m.file), int64(len(m.file)))
	if err != nil {
		return nil, 0
	}
	for _, f := range archive.File {
		size += int64(min(f.CompressedSize64, MaxBytes))
	}
	return archive, size
}

// constantAlignment is what the schema demands of the contents of buffers.
const constantAlignment = 16

func (in *inliner) inline(outside []outsider) []byte {
	in.out = append(make([]byte, 0, in.size), in.out...)
	done := make(map[int]bool, len(outside))
	for _, o := range outside {
		if !done[o.table.pos] { // Two may be one table.
			done[o.table.pos] = true
			in.describe(o)
			in.refer(o)
		}
	}
	if packed, err := pack(in.archive, len(in.out)); err == nil {
		in.out = append(in.out, packed...)
	}
	return in.out
}

// describe gives the table of o a description with an offset in place of the position.
func (in *inliner) describe(o outsider) {
	t := o.table
	vtable := bytes.Clone(t.d.buf[t.vtable : t.vtable+t.vsize])
	slots := vtable[4:]
	copy(slots[2*o.offset:][:2], slots[2*o.position:])
	for _, slot := range []int{o.position, o.length} {
		if 2*slot < len(slots) {
			clear(slots[2*slot:][:2])
		}
	}
	at, written := in.vtables[string(vtable)]
	if !written {
		at = in.align(2, 0)
		in.out = append(in.out, vtable...)
		in.vtables[string(vtable)] = at
	}
	binary.LittleEndian.PutUint32(in.out[t.pos:], uint32(int32(t.pos-at)))
}

// refer writes the content of o as a vector, if no other table has the same, and its
// offset into the table.
func (in *inliner) refer(o outsider) {
	key := [2]int{o.at, o.n}
	vector, written := in.vectors[key]
	if !written {
		vector = in.align(constantAlignment, 4)
		in.out = binary.LittleEndian.AppendUint32(in.out, uint32(o.n))
		in.out = append(in.out, o.content()...)
		in.vectors[key] = vector
	}
	field := o.table.field(o.position, 8)
	binary.LittleEndian.PutUint64(in.out[field:], uint64(vector-field)) // The upper half is unused.
}

// align appends zeros until what is to stand skip bytes further on is aligned, and
// returns the end.
func (in *inliner) align(to, skip int) int {
	for (len(in.out)+skip)%to != 0 {
		in.out = append(in.out, 0)
	}
	return len(in.out)
}

// pack returns the archive, nil if there is none, for a place behind so many bytes. The files
// in it are copied as they are.
func pack(archive *zip.Reader, behind int) ([]byte, error) {
	if archive == nil {
		return nil, nil
	}
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	w.SetOffset(int64(behind))
	for _, f := range archive.File {
		if err := w.Copy(f); err != nil {
			return nil, err
		}
	}
	if err := w.SetComment(archive.Comment); err != nil {
		return nil, err
	}
	err := w.Close()
	return packed.Bytes(), err
}
