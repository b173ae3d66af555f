package tflitewriter

import (
	"slices"

	flatbuffers "github.com/google/flatbuffers/go"
)

// Offset is where something stands in the FlatBuffer that is written. 0 is nothing:
// a field that refers to it stays absent.
type Offset = flatbuffers.UOffsetT

// Alignment is what TensorFlow Lite wants of weights, in bytes.
const Alignment = 16

// Builder writes one FlatBuffer. What a table or a vector refers to has to be written
// before it.
type Builder struct {
	fb   *flatbuffers.Builder
	base Offset // of byte 0 of what NewBuilder was given
}

// NewBuilder begins with the bytes of an existing FlatBuffer, which may be empty. They
// become the content of a vector that nothing refers to, and [Builder.Reference] refers
// to what is in them.
func NewBuilder(existing []byte) Builder {
	b := Builder{fb: flatbuffers.NewBuilder(len(existing) + 4096)}
	if len(existing) > 0 {
		b.base = b.Bytes(existing) - flatbuffers.SizeUOffsetT
	}
	return b
}

// Reference is the offset of what is at pos in the existing FlatBuffer.
func (b Builder) Reference(pos int) Offset { return b.base - Offset(pos) }

// Finish makes root the root table, with the file identifier unless that is "", and
// returns the file.
func (b Builder) Finish(root Offset, identifier string) []byte {
	if identifier == "" {
		b.fb.Finish(root)
	} else {
		b.fb.FinishWithFileIdentifier(root, []byte(identifier))
	}
	return b.fb.FinishedBytes()
}

// String writes a string, and nothing for "".
func (b Builder) String(s string) Offset {
	if s == "" {
		return 0
	}
	return b.fb.CreateString(s)
}

// ByteString writes bytes as a string, which executable.fbs has for nested FlatBuffers.
func (b Builder) ByteString(s []byte) Offset { return b.fb.CreateByteString(s) }

// Bytes writes a vector of bytes whose first one has the [Alignment] of weights, and
// nothing for nil.
func (b Builder) Bytes(data []byte) Offset {
	if data == nil {
		return 0
	}
	b.fb.StartVector(1, len(data), Alignment)
	b.fb.Pad(len(data))
	copy(b.fb.Bytes[b.fb.Head():], data)
	return b.fb.EndVector(len(data))
}

// Ints writes a vector of 32-bit integers, and nothing for nil.
func (b Builder) Ints(values []int) Offset {
	return vector(b, 4, values, func(v int) { b.fb.PrependInt32(int32(v)) })
}

// Longs writes a vector of 64-bit integers, and nothing for nil.
func (b Builder) Longs(values []int) Offset {
	return vector(b, 8, values, func(v int) { b.fb.PrependInt64(int64(v)) })
}

// Floats writes a vector of 32-bit floats, and nothing for nil.
func (b Builder) Floats(values []float32) Offset {
	return vector(b, 4, values, b.fb.PrependFloat32)
}

// Tables writes a vector of tables or strings, and nothing for nil.
func (b Builder) Tables(offsets []Offset) Offset {
	return vector(b, 4, offsets, b.fb.PrependUOffsetT)
}

// Each writes a vector of tables or strings, one for each value, and nothing for nil.
func Each[T any](b Builder, values []T, write func(T) Offset) Offset {
	if values == nil {
		return 0
	}
	offsets := make([]Offset, len(values))
	for i, v := range values {
		offsets[i] = write(v)
	}
	return b.Tables(offsets)
}

func vector[T any](b Builder, size int, values []T, prepend func(T)) Offset {
	if values == nil {
		return 0
	}
	b.fb.StartVector(size, len(values), size)
	for _, v := range slices.Backward(values) {
		prepend(v)
	}
	return b.fb.EndVector(len(values))
}

// Field sets one field of a table.
type Field func()

// maxSlots is more than any table has that is written with this package.
const maxSlots = 20

// Table writes a table. Fields with their default value stay absent.
func (b Builder) Table(fields ...Field) Offset {
	b.fb.StartObject(maxSlots)
	for _, set := range fields {
		set()
	}
	return b.fb.EndObject()
}

// Ref is a field that refers to a table, vector or string; absent for 0.
func (b Builder) Ref(slot int, to Offset) Field {
	return func() { b.fb.PrependUOffsetTSlot(slot, to, 0) }
}

// Bool is a field whose default is false.
func (b Builder) Bool(slot int, v bool) Field {
	return func() { b.fb.PrependBoolSlot(slot, v, false) }
}

// Int8 is a field of one byte, signed or not, whose default is 0.
func (b Builder) Int8(slot int, v int8) Field {
	return func() { b.fb.PrependInt8Slot(slot, v, 0) }
}

// Int16 is a field of two bytes whose default is 0.
func (b Builder) Int16(slot int, v int16) Field {
	return func() { b.fb.PrependInt16Slot(slot, v, 0) }
}

// Int32 is a field of four bytes whose default is 0.
func (b Builder) Int32(slot, v int) Field { return b.Int32Or(slot, v, 0) }

// Int32Or is a field of four bytes with another default.
func (b Builder) Int32Or(slot, v, otherwise int) Field {
	return func() { b.fb.PrependInt32Slot(slot, int32(v), int32(otherwise)) }
}

// Uint64 is a field of eight bytes whose default is 0.
func (b Builder) Uint64(slot int, v uint64) Field {
	return func() { b.fb.PrependUint64Slot(slot, v, 0) }
}

// Float32 is a field whose default is 0.
func (b Builder) Float32(slot int, v float32) Field {
	return func() { b.fb.PrependFloat32Slot(slot, v, 0) }
}
