package tflitewriter

import flatbuffers "github.com/google/flatbuffers/go"

// Behind rewrites a .tflite file as converters write models that are, or may become,
// larger than 2 GB: with the content of its buffers behind the FlatBuffer. Options of
// custom operators stay inside.
func Behind(file []byte) []byte {
	contents := bufferContents(file)
	size := 0
	for {
		b := rewriteBuffers(file, contents, size)
		if len(b) == size {
			return append(b, behind(contents, size)...)
		}
		size = len(b) // Once again, now that the positions are known.
	}
}

// The fields of the root table, by slot.
const (
	slotVersion = 0
	slotBuffers = 4
	rootSlots   = 8
)

func rootOf(file []byte) flatbuffers.Table {
	return flatbuffers.Table{Bytes: file, Pos: flatbuffers.GetUOffsetT(file)}
}

// field is the position of a field, 0 if the table does not have it.
func field(t flatbuffers.Table, slot int) flatbuffers.UOffsetT {
	if off := t.Offset(flatbuffers.VOffsetT(4 + 2*slot)); off != 0 {
		return t.Pos + flatbuffers.UOffsetT(off)
	}
	return 0
}

// bufferContents returns the content of each buffer, nil for those without.
func bufferContents(file []byte) [][]byte {
	root := rootOf(file)
	offset := flatbuffers.UOffsetT(root.Offset(4 + 2*slotBuffers))
	contents := make([][]byte, root.VectorLen(offset))
	for i := range contents {
		element := root.Vector(offset) + flatbuffers.UOffsetT(4*i)
		buffer := flatbuffers.Table{Bytes: file, Pos: root.Indirect(element)}
		if data := field(buffer, 0); data != 0 {
			contents[i] = buffer.ByteVector(data)
		}
	}
	return contents
}

// rewriteBuffers writes the model of file with buffers that give the places of their
// contents behind size bytes.
func rewriteBuffers(file []byte, contents [][]byte, size int) []byte {
	b := NewBuilder(file)
	at := size
	buffers := Each(b, contents, func(content []byte) Offset {
		if content == nil {
			return b.Table()
		}
		at = aligned(at)
		defer func() { at += len(content) }()
		return b.Table(b.Uint64(1, uint64(max(at, Alignment))), b.Uint64(2, uint64(len(content))))
	})
	root := rootOf(file)
	fields := []Field{b.Int32(slotVersion, 3), b.Ref(slotBuffers, buffers)}
	for slot := range rootSlots {
		if at := field(root, slot); at != 0 && slot != slotVersion && slot != slotBuffers {
			fields = append(fields, b.Ref(slot, b.Reference(int(root.Indirect(at)))))
		}
	}
	return b.Finish(b.Table(fields...), "TFL3")
}

// behind is what comes after size bytes.
func behind(contents [][]byte, size int) []byte {
	var out []byte
	for _, content := range contents {
		if content != nil {
			out = append(out, make([]byte, aligned(size+len(out))-size-len(out))...)
			out = append(out, content...)
		}
	}
	return out
}

func aligned(n int) int { return (n + Alignment - 1) / Alignment * Alignment }
