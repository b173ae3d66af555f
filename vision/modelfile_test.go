package vision_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"os"
	"slices"
	"testing"

	flatbuffers "github.com/google/flatbuffers/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/tflite"
)

// This file writes small models, as schema.fbs of TensorFlow Lite lays them out.

// port is an input or output of a model.
type port struct {
	typ       tflite.Type
	shape     []int32
	signature []int32 // nil: as shape
	scale     float32 // 0: not quantised
	zero      int64
}

// operators are those used here; an operator is named by its place in this list.
var operators = []struct {
	code, version int32
	options       byte // the type of its options
}{
	opMean:    {40, 2, 27},
	opReshape: {22, 1, 17},
}

const (
	opMean = iota
	opReshape
)

// modelBuilder puts a model together; its tables are written innermost first.
type modelBuilder struct {
	*flatbuffers.Builder
	tensors, buffers []flatbuffers.UOffsetT
}

func newModelBuilder() *modelBuilder {
	b := &modelBuilder{Builder: flatbuffers.NewBuilder(1024)}
	b.buffer(nil) // number 0 means "no data"
	return b
}

// identityModel gives its input back, quantisation and all: what a test writes to the
// input is not computed with.
func identityModel(p port) []byte {
	b := newModelBuilder()
	picture := b.tensor("picture", p, 0)
	return b.finish([]int32{picture}, []int32{picture})
}

// meanModel has one score for each channel, its mean over the picture.
func meanModel(in, out port) []byte {
	b := newModelBuilder()
	picture := b.tensor("picture", in, 0)
	axes := b.tensor("axes", port{typ: tflite.TypeInt32, shape: []int32{2}}, b.buffer([]int32{1, 2}))
	scores := b.tensor("scores", out, 0)
	return b.finish([]int32{picture}, []int32{scores}, b.operator(opMean, []int32{picture, axes}, []int32{scores}))
}

// portsModel has any inputs and outputs, all of one shape for each side, and cannot do
// more than be opened: output k is input 0 in another shape.
func portsModel(inputs, outputs []port) []byte {
	b := newModelBuilder()
	var ins, outs []int32
	for _, p := range inputs {
		ins = append(ins, b.tensor("in", p, 0))
	}
	var ops []flatbuffers.UOffsetT
	for _, p := range outputs {
		shape := b.tensor("shape", port{typ: tflite.TypeInt32, shape: []int32{int32(len(p.shape))}}, b.buffer(p.shape))
		outs = append(outs, b.tensor("out", p, 0))
		ops = append(ops, b.operator(opReshape, []int32{ins[0], shape}, outs[len(outs)-1:]))
	}
	return b.finish(ins, outs, ops...)
}

func (b *modelBuilder) ints(values []int32) flatbuffers.UOffsetT {
	b.StartVector(4, len(values), 4)
	for _, v := range slices.Backward(values) {
		b.PrependInt32(v)
	}
	return b.EndVector(len(values))
}

func (b *modelBuilder) offsets(values []flatbuffers.UOffsetT) flatbuffers.UOffsetT {
	b.StartVector(4, len(values), 4)
	for _, v := range slices.Backward(values) {
		b.PrependUOffsetT(v)
	}
	return b.EndVector(len(values))
}

// buffer adds constant data and returns its number.
func (b *modelBuilder) buffer(data []int32) uint32 {
	var bytes []byte
	for _, v := range data {
		bytes = binary.LittleEndian.AppendUint32(bytes, uint32(v))
	}
	b.StartVector(1, len(bytes), 16)
	for _, v := range slices.Backward(bytes) {
		b.PrependByte(v)
	}
	vector := b.EndVector(len(bytes))
	b.StartObject(1)
	b.PrependUOffsetTSlot(0, vector, 0)
	b.buffers = append(b.buffers, b.EndObject())
	return uint32(len(b.buffers) - 1)
}

// tensor adds one and returns its number.
func (b *modelBuilder) tensor(name string, p port, buffer uint32) int32 {
	nameAt, shape := b.CreateString(name), b.ints(p.shape)
	var signature, quantization flatbuffers.UOffsetT
	if p.signature != nil {
		signature = b.ints(p.signature)
	}
	if p.scale != 0 {
		quantization = b.quantization(p)
	}
	b.StartObject(8)
	b.PrependUOffsetTSlot(0, shape, 0)
	b.PrependInt8Slot(1, int8(p.typ), 0)
	b.PrependUint32Slot(2, buffer, 0)
	b.PrependUOffsetTSlot(3, nameAt, 0)
	b.PrependUOffsetTSlot(4, quantization, 0)
	b.PrependUOffsetTSlot(7, signature, 0)
	b.tensors = append(b.tensors, b.EndObject())
	return int32(len(b.tensors) - 1)
}

func (b *modelBuilder) quantization(p port) flatbuffers.UOffsetT {
	b.StartVector(4, 1, 4)
	b.PrependFloat32(p.scale)
	scale := b.EndVector(1)
	b.StartVector(8, 1, 8)
	b.PrependInt64(p.zero)
	zero := b.EndVector(1)
	b.StartObject(7)
	b.PrependUOffsetTSlot(2, scale, 0)
	b.PrependUOffsetTSlot(3, zero, 0)
	return b.EndObject()
}

// operator makes one with its default options.
func (b *modelBuilder) operator(op uint32, inputs, outputs []int32) flatbuffers.UOffsetT {
	in, out := b.ints(inputs), b.ints(outputs)
	b.StartObject(0)
	options := b.EndObject()
	b.StartObject(5)
	b.PrependUint32Slot(0, op, 0)
	b.PrependUOffsetTSlot(1, in, 0)
	b.PrependUOffsetTSlot(2, out, 0)
	b.PrependByteSlot(3, operators[op].options, 0)
	b.PrependUOffsetTSlot(4, options, 0)
	return b.EndObject()
}

// codes lists the operators for the model.
func (b *modelBuilder) codes() flatbuffers.UOffsetT {
	var codes []flatbuffers.UOffsetT
	for _, op := range operators {
		b.StartObject(4)
		b.PrependInt8Slot(0, int8(op.code), 0)
		b.PrependInt32Slot(2, op.version, 1)
		b.PrependInt32Slot(3, op.code, 0)
		codes = append(codes, b.EndObject())
	}
	return b.offsets(codes)
}

func (b *modelBuilder) finish(inputs, outputs []int32, ops ...flatbuffers.UOffsetT) []byte {
	codes := b.codes()
	tensors, in, out, nodes := b.offsets(b.tensors), b.ints(inputs), b.ints(outputs), b.offsets(ops)
	b.StartObject(5)
	b.PrependUOffsetTSlot(0, tensors, 0)
	b.PrependUOffsetTSlot(1, in, 0)
	b.PrependUOffsetTSlot(2, out, 0)
	b.PrependUOffsetTSlot(3, nodes, 0)
	graph := b.offsets([]flatbuffers.UOffsetT{b.EndObject()})
	buffers := b.offsets(b.buffers)
	b.StartObject(8)
	b.PrependUint32Slot(0, 3, 0)
	b.PrependUOffsetTSlot(1, codes, 0)
	b.PrependUOffsetTSlot(2, graph, 0)
	b.PrependUOffsetTSlot(4, buffers, 0)
	b.FinishWithFileIdentifier(b.EndObject(), []byte("TFL3"))
	return b.FinishedBytes()
}

// colours is the model of the examples: how red, green and blue a picture is.
func colours() []byte {
	return meanModel(
		port{typ: tflite.TypeUint8, shape: []int32{1, 8, 8, 3}, scale: 1. / 255},
		port{typ: tflite.TypeUint8, shape: []int32{1, 3}, scale: 1. / 255},
	)
}

var update = flag.Bool("update", false, "write testdata/colours.tflite")

// TestColours keeps the file of the examples in step with its source above.
func TestColours(t *testing.T) {
	const path = "testdata/colours.tflite"
	if *update {
		require.NoError(t, os.WriteFile(path, colours(), 0o600))
	}
	assert.True(t, bytes.Equal(colours(), readFile(t, path)), "%s is out of date: go test -run TestColours -update", path)
}

// open makes a session of a model in memory.
func open(t testing.TB, model []byte, opts ...coral.Option) *coral.Session {
	t.Helper()
	path := t.TempDir() + "/model.tflite"
	require.NoError(t, os.WriteFile(path, model, 0o600))
	s, err := coral.Open(path, append(opts, coral.WithPolicy(coral.CPUOnly))...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// inputOf makes an interpreter of a model in memory, and returns its input.
func inputOf(t testing.TB, model []byte) *tflite.Tensor {
	t.Helper()
	m, err := tflite.NewModel(model)
	require.NoError(t, err)
	defer m.Close()
	i, err := tflite.NewInterpreter(m)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, i.Close()) })
	require.NoError(t, i.AllocateTensors())
	tensor, err := i.Input(0)
	require.NoError(t, err)
	return tensor
}
