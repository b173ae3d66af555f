package edgetputest

import (
	"slices"

	flatbuffers "github.com/google/flatbuffers/go"
)

// writer writes FlatBuffers by slot numbers, in front of the bytes of another one.
type writer struct {
	*flatbuffers.Builder
	base flatbuffers.UOffsetT // of byte 0 of the other one
}

// alignment is what TensorFlow Lite wants of weights.
const alignment = 16

// newWriter begins with the bytes of an existing FlatBuffer, which may be empty. They
// become the content of a vector that nothing refers to.
func newWriter(existing []byte) writer {
	w := writer{Builder: flatbuffers.NewBuilder(len(existing) + 4096)}
	if len(existing) > 0 {
		w.base = w.bytes(existing) - flatbuffers.SizeUOffsetT
	}
	return w
}

// reference is the offset of what is at pos in the existing FlatBuffer.
func (w writer) reference(pos int) flatbuffers.UOffsetT { return w.base - flatbuffers.UOffsetT(pos) }

func (w writer) references(positions []int) []flatbuffers.UOffsetT {
	offsets := make([]flatbuffers.UOffsetT, len(positions))
	for i, pos := range positions {
		offsets[i] = w.reference(pos)
	}
	return offsets
}

// bytes writes a vector of bytes whose first one is aligned.
func (w writer) bytes(b []byte) flatbuffers.UOffsetT {
	w.StartVector(1, len(b), alignment)
	w.Pad(len(b))
	copy(w.Bytes[w.Head():], b)
	return w.EndVector(len(b))
}

func (w writer) vector(offsets []flatbuffers.UOffsetT) flatbuffers.UOffsetT {
	return w.CreateVectorOfTables(offsets)
}

func (w writer) ints(values []int) flatbuffers.UOffsetT {
	w.StartVector(4, len(values), 4)
	for _, v := range slices.Backward(values) {
		w.PrependInt32(int32(v))
	}
	return w.EndVector(len(values))
}

// field sets one field of a table.
type field func()

// table writes a table; what its fields refer to is there already.
func (w writer) table(fields ...field) flatbuffers.UOffsetT {
	w.StartObject(20)
	for _, set := range fields {
		set()
	}
	return w.EndObject()
}

func (w writer) ref(slot int, to flatbuffers.UOffsetT) field {
	return func() { w.PrependUOffsetTSlot(slot, to, 0) }
}

func (w writer) bool(slot int, v bool) field {
	return func() { w.PrependBoolSlot(slot, v, false) }
}

func (w writer) int8(slot int, v int8) field {
	return func() { w.PrependInt8Slot(slot, v, 0) }
}

func (w writer) int16(slot int, v int16) field {
	return func() { w.PrependInt16Slot(slot, v, 0) }
}

func (w writer) int32(slot, v int) field {
	return func() { w.PrependInt32Slot(slot, int32(v), 0) }
}

func (w writer) uint64(slot int, v uint64) field {
	return func() { w.PrependUint64Slot(slot, v, 0) }
}

func (w writer) float32(slot int, v float32) field {
	return func() { w.PrependFloat32Slot(slot, v, 0) }
}
