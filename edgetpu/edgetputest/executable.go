package edgetputest

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"

	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/gocoral/coral/model"
)

// customCode is the name of the operator for the Edge TPU.
const customCode = "edgetpu-custom-op"

// mark is what the parameters of a look-alike begin with; after it comes the program.
// sim/twin.c looks for it.
const mark = "gocoral-sim-cut\n"

// edgeTPUCode writes the operator code; the slots are those of OperatorCode in the
// schema of TensorFlow Lite.
func (w writer) edgeTPUCode() flatbuffers.UOffsetT {
	name := w.CreateString(customCode)
	return w.table(w.int8(0, opCustom), w.ref(1, name), w.int32(2, 1), w.int32(3, opCustom))
}

// customOp writes an operator with that code.
func (w writer) customOp(op *customOp, code int) flatbuffers.UOffsetT {
	inputs, outputs, options := w.ints(op.inputs), w.ints(op.outputs), w.bytes(op.options)
	return w.table(w.int32(0, code), w.ref(1, inputs), w.ref(2, outputs), w.ref(5, options))
}

// options writes what Google's compiler puts into the operator: a FlexBuffers map with
// a package of two executables, one that brings the parameters and one that uses
// them. The slots are those of executable.fbs of libedgetpu.
func (c *compilation) options(o *original, inputs, outputs []int, program []byte) []byte {
	token := cmp.Or(c.token, hash(program))
	execute := executable{name: "model", kind: model.ExecutionOnly, token: token, inputs: o.pick(inputs), outputs: o.pick(outputs)}
	cache := executable{name: "Unknown", kind: model.ParameterCaching, token: token, parameters: append([]byte(mark), program...)}

	w := newWriter(nil)
	multi := w.vector([]flatbuffers.UOffsetT{w.CreateByteString(execute.bytes()), w.CreateByteString(cache.bytes())})
	w.Finish(w.table(w.ref(0, multi)))
	executables := w.FinishedBytes()

	w = newWriter(nil)
	vector := w.bytes(executables)
	compiler, identifier := w.CreateString("edgetputest (simulation)"), w.CreateString(c.identifier)
	w.FinishWithFileIdentifier(w.table(
		w.int32(0, c.minRuntime), w.ref(1, vector), w.ref(4, compiler), w.ref(7, identifier),
	), []byte("DWN1"))
	return flexMap(w.FinishedBytes())
}

// hash is FNV-1a, which sim/twin.c computes too.
func hash(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}

func (o *original) pick(indices []int) []model.Tensor {
	tensors := make([]model.Tensor, len(indices))
	for i, t := range indices {
		tensors[i] = o.Tensors[t]
	}
	return tensors
}

// executable is one program of a package.
type executable struct {
	name            string
	kind            model.ExecutableType
	token           uint64
	parameters      []byte
	inputs, outputs []model.Tensor
}

func (x executable) bytes() []byte {
	w := newWriter(nil)
	inputs, outputs := w.layers(x.inputs), w.layers(x.outputs)
	name, chip := w.CreateString(x.name), w.CreateString("simulation")
	instructions := w.vector([]flatbuffers.UOffsetT{w.table(w.ref(0, w.bytes([]byte("for the simulation only"))))})
	hints := w.table(w.bool(1, true))
	parameters := w.bytes(x.parameters)
	w.Finish(w.table(
		w.ref(1, name), w.int32(3, 1), w.ref(5, instructions), w.ref(6, parameters), w.ref(7, hints),
		w.ref(8, inputs), w.ref(9, outputs), w.ref(10, chip), w.int16(13, int16(x.kind)), w.uint64(14, x.token),
	))
	return w.FinishedBytes()
}

// layers writes the tensors as the accelerator sees them: one batch of height, width
// and depth.
func (w writer) layers(tensors []model.Tensor) flatbuffers.UOffsetT {
	offsets := make([]flatbuffers.UOffsetT, len(tensors))
	for i, t := range tensors {
		size, _ := t.ByteSize() // fixed, since the operator is mappable
		y, x, z := dimensions(t.Shape)
		name := w.CreateString(t.Name)
		numerics := w.table(w.int32(0, t.Quantization.ZeroPoint), w.float32(1, t.Quantization.Scale))
		offsets[i] = w.table(
			w.ref(0, name), w.int32(1, int(size)), w.int32(2, y), w.int32(3, x), w.int32(4, z),
			w.ref(5, numerics), w.int16(6, dataType(t.Type)),
		)
	}
	return w.vector(offsets)
}

// dimensions leaves out the batch, and puts what is more than three into the first.
func dimensions(shape []int) (y, x, z int) {
	sizes := []int{1, 1, 1}
	for i := range shape {
		if i == len(shape)-1 || i > 0 {
			k := max(0, 3-(len(shape)-i))
			sizes[k] *= shape[i]
		}
	}
	return sizes[0], sizes[1], sizes[2]
}

// dataType is the number in enum DataType of executable.fbs.
func dataType(t model.TensorType) int16 {
	switch t {
	case model.Int8:
		return 8
	case model.Int16:
		return 9
	}
	return 0
}

// flexMap writes the FlexBuffers map {"1": 1, "4": content}: the version of the format
// and the package. All numbers have four bytes, and the content is aligned.
func flexMap(content []byte) []byte {
	const (
		width              = 4
		logWidth           = 2
		typeInt, typeKey   = 1, 4
		typeString, typMap = 5, 9
	)
	var b []byte
	number := func(n int) { b = binary.LittleEndian.AppendUint32(b, uint32(n)) }
	back := func(to int) { number(len(b) - to) }
	pad := func(to int) {
		for len(b)%to != 0 {
			b = append(b, 0)
		}
	}
	b = append(b, "1\x004\x00"...) // the keys, at 0 and 2
	pad(width)
	for (len(b)+width)%alignment != 0 {
		number(0)
	}
	number(len(content))
	text := len(b)
	b = append(append(b, content...), 0)
	pad(width)
	number(2)
	keys := len(b)
	back(0)
	back(2)
	back(keys)
	number(width)
	number(2)
	values := len(b)
	number(1)
	back(text)
	b = append(b, typeInt<<2|logWidth, typeString<<2|logWidth)
	pad(width)
	back(values)
	return append(b, typMap<<2|logWidth, width)
}
