package model

import (
	"fmt"
	"slices"

	flatbuffers "github.com/google/flatbuffers/go"
)

// Ports returns a model with the inputs and outputs of m's primary subgraph, and between
// them nothing but one custom operator of the given name. It holds what somebody needs who
// has m run elsewhere, and none of what could harm them.
//
// Tensors of no fixed size, strings among them, and tensors that are input and output at
// once wrap [ErrBadModel].
func (m *Model) Ports(operator string) ([]byte, error) {
	p := &portWriter{Builder: flatbuffers.NewBuilder(1024)}
	inputs, outputs := m.Inputs(), m.Outputs()
	all := slices.Concat(inputs, outputs)
	tensors := make([]flatbuffers.UOffsetT, len(all))
	for k, t := range all {
		if n, ok := t.ByteSize(); !ok || n == 0 || slices.Contains(t.Shape, -1) {
			return nil, fmt.Errorf("%w: tensor %q has no fixed size", ErrBadModel, t.Name)
		}
		if slices.ContainsFunc(all[:k], func(other Tensor) bool { return other.Index == t.Index }) {
			return nil, fmt.Errorf("%w: tensor %q is used twice as input or output", ErrBadModel, t.Name)
		}
		tensors[k] = p.tensor(t)
	}
	ins, outs := p.counting(0, len(inputs)), p.counting(len(inputs), len(all))
	op := p.table(func() { // Operator
		p.PrependUint32Slot(0, 0, 0)
		p.PrependUOffsetTSlot(1, ins, 0)
		p.PrependUOffsetTSlot(2, outs, 0)
	})
	ins, outs = p.counting(0, len(inputs)), p.counting(len(inputs), len(all))
	vector, ops := p.CreateVectorOfTables(tensors), p.CreateVectorOfTables([]flatbuffers.UOffsetT{op})
	graph := p.table(func() { // SubGraph
		p.PrependUOffsetTSlot(0, vector, 0)
		p.PrependUOffsetTSlot(1, ins, 0)
		p.PrependUOffsetTSlot(2, outs, 0)
		p.PrependUOffsetTSlot(3, ops, 0)
	})
	name := p.CreateString(operator)
	code := p.table(func() { // OperatorCode
		p.PrependInt8Slot(0, opCustom, 0)
		p.PrependUOffsetTSlot(1, name, 0)
		p.PrependInt32Slot(2, 1, 0)
		p.PrependInt32Slot(3, opCustom, 0)
	})
	empty := p.table(func() {}) // Buffer
	codes := p.CreateVectorOfTables([]flatbuffers.UOffsetT{code})
	graphs := p.CreateVectorOfTables([]flatbuffers.UOffsetT{graph})
	buffers := p.CreateVectorOfTables([]flatbuffers.UOffsetT{empty})
	root := p.table(func() { // Model
		p.PrependUint32Slot(0, 3, 0)
		p.PrependUOffsetTSlot(1, codes, 0)
		p.PrependUOffsetTSlot(2, graphs, 0)
		p.PrependUOffsetTSlot(4, buffers, 0)
	})
	p.FinishWithFileIdentifier(root, []byte("TFL3"))
	return p.FinishedBytes(), nil
}

// portWriter writes the tables of the schema by slot numbers.
type portWriter struct{ *flatbuffers.Builder }

// maxSlots is more than any table written here has.
const maxSlots = 8

func (p *portWriter) table(fields func()) flatbuffers.UOffsetT {
	p.StartObject(maxSlots)
	fields()
	return p.EndObject()
}

func (p *portWriter) tensor(t Tensor) flatbuffers.UOffsetT {
	shape, name := p.ints(t.Shape), p.CreateString(t.Name)
	quantization := p.quantization(t.Quantization)
	return p.table(func() {
		p.PrependUOffsetTSlot(0, shape, 0)
		p.PrependInt8Slot(1, int8(t.Type), 0)
		p.PrependUOffsetTSlot(3, name, 0)
		p.PrependUOffsetTSlot(4, quantization, 0)
	})
}

// quantization is 0, the absent table, for a tensor without.
func (p *portWriter) quantization(q Quantization) flatbuffers.UOffsetT {
	if !q.Quantized() {
		return 0
	}
	scales, zeros := q.Scales, q.ZeroPoints
	if len(scales) == 0 {
		scales, zeros = []float32{q.Scale}, []int{q.ZeroPoint}
	}
	p.StartVector(4, len(scales), 4)
	for _, s := range slices.Backward(scales) {
		p.PrependFloat32(s)
	}
	scale := p.EndVector(len(scales))
	p.StartVector(8, len(zeros), 8)
	for _, z := range slices.Backward(zeros) {
		p.PrependInt64(int64(z))
	}
	zero := p.EndVector(len(zeros))
	return p.table(func() {
		p.PrependUOffsetTSlot(2, scale, 0)
		p.PrependUOffsetTSlot(3, zero, 0)
		p.PrependInt32Slot(6, int32(q.Dimension), 0)
	})
}

func (p *portWriter) ints(values []int) flatbuffers.UOffsetT {
	p.StartVector(4, len(values), 4)
	for _, v := range slices.Backward(values) {
		p.PrependInt32(int32(v))
	}
	return p.EndVector(len(values))
}

// counting is the vector of from, from+1, … to-1.
func (p *portWriter) counting(from, to int) flatbuffers.UOffsetT {
	values := make([]int, 0, to-from)
	for k := from; k < to; k++ {
		values = append(values, k)
	}
	return p.ints(values)
}
