package model_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/gocoral/coral/model"
)

// This file writes what the package reads: models, their metadata, and what the
// Edge TPU compiler puts into them. All of it is as small as the formats allow.

// builder writes FlatBuffers by slot numbers.
type builder struct{ *flatbuffers.Builder }

func newBuilder() builder { return builder{flatbuffers.NewBuilder(1024)} }

type offset = flatbuffers.UOffsetT

// table writes a table with the given fields, which were made before it.
func (b builder) table(fields ...func()) offset {
	b.StartObject(20)
	for _, set := range fields {
		set()
	}
	return b.EndObject()
}

// ref sets a field to what is at off, and leaves it absent if that is 0.
func (b builder) ref(slot int, off offset) func() {
	return func() { b.PrependUOffsetTSlot(slot, off, 0) }
}

func (b builder) bool(slot int, v bool) func() {
	return func() { b.PrependBoolSlot(slot, v, false) }
}

func (b builder) int8(slot int, v int8) func() {
	return func() { b.PrependInt8Slot(slot, v, 0) }
}

func (b builder) int16(slot int, v int16) func() {
	return func() { b.PrependInt16Slot(slot, v, 0) }
}

func (b builder) int32(slot, v int) func() {
	return func() { b.PrependInt32Slot(slot, int32(v), 0) }
}

func (b builder) uint64(slot int, v uint64) func() {
	return func() { b.PrependUint64Slot(slot, v, 0) }
}

func (b builder) string(s string) offset {
	if s == "" {
		return 0
	}
	return b.CreateString(s)
}

func (b builder) bytes(data []byte) offset {
	if data == nil {
		return 0
	}
	return b.CreateByteVector(data)
}

func (b builder) ints(values []int) offset {
	return vectorOf(b, 4, values, func(v int) { b.PrependInt32(int32(v)) })
}

func (b builder) longs(values []int) offset {
	return vectorOf(b, 8, values, func(v int) { b.PrependInt64(int64(v)) })
}

func (b builder) floats(values []float32) offset {
	return vectorOf(b, 4, values, b.PrependFloat32)
}

// vectorOf writes a vector, and nothing for a nil slice.
func vectorOf[T any](b builder, size int, values []T, prepend func(T)) offset {
	if values == nil {
		return 0
	}
	b.StartVector(size, len(values), size)
	for _, v := range slices.Backward(values) {
		prepend(v)
	}
	return b.EndVector(len(values))
}

// refs writes a vector of tables or strings, each by write.
func refs[T any](b builder, values []T, write func(T) offset) offset {
	if values == nil {
		return 0
	}
	offsets := make([]offset, len(values))
	for i, v := range values {
		offsets[i] = write(v)
	}
	return vectorOf(b, 4, offsets, b.PrependUOffsetT)
}

func (b builder) finish(root offset, identifier string) []byte {
	if identifier == "" {
		b.Finish(root)
	} else {
		b.FinishWithFileIdentifier(root, []byte(identifier))
	}
	return b.FinishedBytes()
}

// build writes a model. Content of tensors and metadata gets buffers of its own,
// and tensors without content have buffer 0. Absent vectors are nil.
func build(m *model.Model) []byte {
	w := &modelWriter{builder: newBuilder(), buffers: [][]byte{nil}}
	subgraphs := refs(w.builder, m.Subgraphs, w.subgraph)
	metadata := refs(w.builder, m.Metadata, w.metadata)
	signatures := refs(w.builder, m.Signatures, w.signature)
	description := w.string(m.Description)
	codes := refs(w.builder, w.codes, w.code)
	buffers := refs(w.builder, w.buffers, func(data []byte) offset {
		vector := w.bytes(data)
		return w.table(w.ref(0, vector))
	})
	return w.finish(w.table(
		w.int32(0, m.Version), w.ref(1, codes), w.ref(2, subgraphs), w.ref(3, description),
		w.ref(4, buffers), w.ref(6, metadata), w.ref(7, signatures),
	), "TFL3")
}

type modelWriter struct {
	builder
	buffers [][]byte
	codes   []model.Operator
}

func (w *modelWriter) subgraph(s model.Subgraph) offset {
	tensors := refs(w.builder, s.Tensors, w.tensor)
	operators := refs(w.builder, s.Operators, w.operator)
	inputs, outputs, name := w.ints(s.Inputs), w.ints(s.Outputs), w.string(s.Name)
	return w.table(w.ref(0, tensors), w.ref(1, inputs), w.ref(2, outputs), w.ref(3, operators), w.ref(4, name))
}

// buffer adds a buffer and returns its index.
func (w *modelWriter) buffer(data []byte) int {
	if data == nil {
		return 0
	}
	w.buffers = append(w.buffers, data)
	return len(w.buffers) - 1
}

func (w *modelWriter) tensor(t model.Tensor) offset {
	shape, signature, name := w.ints(t.Shape), w.ints(t.ShapeSignature), w.string(t.Name)
	quantization := w.quantization(t.Quantization)
	var sparsity offset
	if t.Sparse {
		sparsity = w.table()
	}
	buffer := cmp.Or(w.buffer(t.Data), t.Buffer)
	return w.table(
		w.ref(0, shape), w.int8(1, int8(t.Type)), w.int32(2, buffer), w.ref(3, name), w.ref(4, quantization),
		w.bool(5, t.IsVariable), w.ref(6, sparsity), w.ref(7, signature), w.bool(8, t.HasRank), w.int32(10, t.External),
	)
}

func (w *modelWriter) quantization(q model.Quantization) offset {
	if q.Scales == nil && q.ZeroPoints == nil {
		return 0
	}
	scales, zeroPoints := w.floats(q.Scales), w.longs(q.ZeroPoints)
	return w.table(w.ref(2, scales), w.ref(3, zeroPoints), w.int32(6, q.Dimension))
}

func (w *modelWriter) operator(op model.Operator) offset {
	same := func(o model.Operator) bool {
		return o.BuiltinCode == op.BuiltinCode && o.CustomCode == op.CustomCode && o.Version == op.Version
	}
	code := slices.IndexFunc(w.codes, same)
	if code < 0 {
		code = len(w.codes)
		w.codes = append(w.codes, op)
	}
	inputs, outputs, intermediates := w.ints(op.Inputs), w.ints(op.Outputs), w.ints(op.Intermediates)
	custom := w.bytes(op.CustomOptions)
	options, options2 := w.callees(op)
	return w.table(
		w.int32(0, code), w.ref(1, inputs), w.ref(2, outputs), w.ref(4, options), w.ref(5, custom),
		w.ref(8, intermediates), w.ref(12, options2),
	)
}

// callees writes the options of an IF or a STABLEHLO_CASE, which are in different
// unions.
func (w *modelWriter) callees(op model.Operator) (options, options2 offset) {
	switch op.BuiltinCode {
	case opIf:
		return w.table(w.int32(0, op.Subgraphs[0]), w.int32(1, op.Subgraphs[1])), 0
	case opStablehloCase:
		branches := w.ints(op.Subgraphs)
		return 0, w.table(w.ref(0, branches))
	}
	return 0, 0
}

// code writes an operator code as the converters do: the old one-byte field holds
// what it can, and 127 for greater codes.
func (w *modelWriter) code(op model.Operator) offset {
	custom := w.string(op.CustomCode)
	return w.table(
		w.int8(0, int8(min(op.BuiltinCode, 127))), w.ref(1, custom),
		func() { w.PrependInt32Slot(2, int32(op.Version), 1) }, w.int32(3, op.BuiltinCode),
	)
}

func (w *modelWriter) metadata(m model.Metadata) offset {
	name, buffer := w.string(m.Name), w.buffer(m.Data)
	return w.table(w.ref(0, name), w.int32(1, buffer))
}

func (w *modelWriter) signature(s model.Signature) offset {
	inputs := refs(w.builder, s.Inputs, w.signatureTensor)
	outputs := refs(w.builder, s.Outputs, w.signatureTensor)
	key := w.string(s.Key)
	return w.table(w.ref(0, inputs), w.ref(1, outputs), w.ref(2, key), w.int32(4, s.Subgraph))
}

func (w *modelWriter) signatureTensor(t model.SignatureTensor) offset {
	name := w.string(t.Name)
	return w.table(w.ref(0, name), w.int32(1, t.Tensor))
}

// buildInfo writes the content of TFLITE_METADATA.
func buildInfo(info model.Info) []byte {
	b := newBuilder()
	file := func(f model.FileInfo) offset {
		name, description, locale := b.string(f.Name), b.string(f.Description), b.string(f.Locale)
		return b.table(b.ref(0, name), b.ref(1, description), b.int8(2, int8(f.Type)), b.ref(3, locale))
	}
	tensor := func(t model.TensorInfo) offset {
		name, description, files := b.string(t.Name), b.string(t.Description), refs(b, t.Files, file)
		var units, stats offset
		if t.Mean != nil {
			mean, std := b.floats(t.Mean), b.floats(t.Std)
			options := b.table(b.ref(0, mean), b.ref(1, std))
			thresholding := b.table(b.int8(0, 3), b.ref(1, b.table()))
			units = refs(b, []offset{thresholding, b.table(b.int8(0, 1), b.ref(1, options))}, same)
		}
		if t.Min != nil {
			high, low := b.floats(t.Max), b.floats(t.Min)
			stats = b.table(b.ref(0, high), b.ref(1, low))
		}
		return b.table(b.ref(0, name), b.ref(1, description), b.ref(4, units), b.ref(5, stats), b.ref(6, files))
	}
	in, out := refs(b, info.Inputs, tensor), refs(b, info.Outputs, tensor)
	subgraphs := refs(b, []offset{b.table(b.ref(2, in), b.ref(3, out))}, same)
	name, description, version := b.string(info.Name), b.string(info.Description), b.string(info.Version)
	author, license, files := b.string(info.Author), b.string(info.License), refs(b, info.Files, file)
	return b.finish(b.table(
		b.ref(0, name), b.ref(1, description), b.ref(2, version), b.ref(3, subgraphs),
		b.ref(4, author), b.ref(5, license), b.ref(6, files),
	), "M001")
}

func same(off offset) offset { return off }

// pack appends a ZIP archive with one file to a model.
func pack(b []byte, name, content string) []byte {
	var out bytes.Buffer
	out.Write(b)
	w := zip.NewWriter(&out)
	w.SetOffset(int64(len(b)))
	f, err := w.Create(name)
	if err == nil {
		_, err = f.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return out.Bytes()
}

// buildEdgeTPU writes the options of the custom operator of the Edge TPU.
func buildEdgeTPU(e model.EdgeTPU) []byte {
	b := newBuilder()
	executables := refs(b, e.Executables, func(x model.Executable) offset {
		return b.CreateByteString(buildExecutable(x))
	})
	multi := b.finish(b.table(b.ref(0, executables)), "")

	b = newBuilder()
	vector, compiler, id := b.bytes(multi), b.string(e.CompilerVersion), b.string(e.ModelIdentifier)
	return flexMap(4, "4", b.finish(b.table(
		b.int32(0, e.MinRuntimeVersion), b.ref(1, vector), b.ref(4, compiler), b.ref(7, id),
	), "DWN1"))
}

func buildExecutable(x model.Executable) []byte {
	b := newBuilder()
	layer := func(l model.Layer) offset {
		name := b.string(l.Name)
		return b.table(
			b.ref(0, name), b.int32(1, l.Bytes), b.int32(2, l.Height), b.int32(3, l.Width), b.int32(4, l.Depth),
			func() { b.PrependInt32Slot(9, int32(l.Executions), 1) },
		)
	}
	in, out := refs(b, x.Inputs, layer), refs(b, x.Outputs, layer)
	name, chip := b.string(x.Name), b.string(x.Chip)
	parameters := b.bytes(make([]byte, x.ParameterBytes))
	bitstream := b.bytes(make([]byte, x.InstructionBytes))
	instructions := refs(b, []offset{b.table(b.ref(0, bitstream))}, same)
	hints := b.table(b.bool(1, x.DeterministicDMA))
	return b.finish(b.table(
		b.ref(1, name), b.int32(3, x.BatchSize), b.int32(4, x.ScratchBytes), b.ref(5, instructions),
		b.ref(6, parameters), b.ref(7, hints), b.ref(8, in), b.ref(9, out), b.ref(10, chip),
		b.int32(12, x.NarrowMemoryBytes), b.int16(13, int16(x.Type)), b.uint64(14, x.ParameterCachingToken),
		b.uint64(16, uint64(x.EstimatedCycles)),
	), "")
}

// flexMap writes a FlexBuffers map {"1": 0, key: blob}, all of whose numbers are
// width bytes wide.
func flexMap(width int, key string, blob []byte) []byte {
	var b []byte
	number := func(n int) {
		b = append(b, binary.LittleEndian.AppendUint64(nil, uint64(n))[:width]...)
	}
	back := func(target int) { number(len(b) - target) }
	log := byte(map[int]int{1: 0, 2: 1, 4: 2, 8: 3}[width])

	first := len(b)
	b = append(b, "1\x00"...)
	second := len(b)
	b = append(b, key+"\x00"...)
	number(len(blob))
	content := len(b)
	b = append(b, blob...)
	number(2)
	keys := len(b)
	back(first)
	back(second)
	back(keys)
	number(width)
	number(2)
	m := len(b)
	number(0)
	back(content)
	b = append(b, 1<<2|log, 25<<2|log)
	back(m)
	return append(b, 9<<2|log, byte(width))
}
