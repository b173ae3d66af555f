package edgetputest

import (
	"fmt"
	"math"

	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
)

// original is a model that new ones are made of. Its tables are not copied field by
// field, which would take the schema of some 200 operators: a new model has all bytes
// of the original inside, and refers to the tables there.
type original struct {
	bytes []byte
	*model.Subgraph

	// Where the tables are in bytes.
	codes, buffers, tensors, operators, others []int
	metadata                                   []int // of what describes the model as a whole
}

// The fields of the schema's tables that are needed here, by slot.
const (
	modelVersion     = 0
	modelCodes       = 1
	modelSubgraphs   = 2
	modelDescription = 3
	modelBuffers     = 4
	modelMetadata    = 6

	subgraphTensors   = 0
	subgraphInputs    = 1
	subgraphOutputs   = 2
	subgraphOperators = 3
	subgraphName      = 4

	bufferOffset   = 1
	operatorOffset = 9
)

// maxModel leaves room: what is made of a model is a few times as large, and FlatBuffers
// end at 2 GB.
const maxModel = 256 << 20

// parseOriginal verifies the model, so that what follows can trust it.
func parseOriginal(b []byte) (*original, error) {
	if len(b) > maxModel {
		return nil, fmt.Errorf("the model has %d bytes, the simulation takes up to %d: %w", len(b), maxModel, ErrSize)
	}
	m, err := model.Parse(b)
	if err == nil {
		err = m.Verify()
	}
	if err != nil {
		return nil, err
	}
	root := flatTable{flatbuffers.Table{Bytes: b, Pos: flatbuffers.GetUOffsetT(b)}}
	subgraphs := root.vector(modelSubgraphs)
	primary := root.at(subgraphs[0])
	o := &original{
		bytes:     b,
		Subgraph:  &m.Subgraphs[0],
		codes:     root.vector(modelCodes),
		buffers:   root.vector(modelBuffers),
		tensors:   primary.vector(subgraphTensors),
		operators: primary.vector(subgraphOperators),
		others:    subgraphs[1:],
	}
	for i, pos := range root.vector(modelMetadata) {
		if m.Metadata[i].Name != "min_runtime_version" { // which is of its operators
			o.metadata = append(o.metadata, pos)
		}
	}
	for _, pos := range o.buffers {
		if root.at(pos).uint64(bufferOffset) > 1 {
			return nil, fmt.Errorf("the model has weights outside its FlatBuffer, which cannot be cut: %w", ErrUnsupported)
		}
	}
	for _, pos := range o.operators {
		if root.at(pos).uint64(operatorOffset) > 1 {
			return nil, fmt.Errorf("the model has operators outside its FlatBuffer, which cannot be cut: %w", ErrUnsupported)
		}
	}
	return o, nil
}

// flatTable is a table of a FlatBuffer that was checked before.
type flatTable struct{ flatbuffers.Table }

func slot(n int) flatbuffers.VOffsetT { return flatbuffers.VOffsetT(4 + 2*n) }

func (t flatTable) at(pos int) flatTable {
	return flatTable{flatbuffers.Table{Bytes: t.Bytes, Pos: flatbuffers.UOffsetT(pos)}}
}

// uint64 reads a field that the parser need not have looked at.
func (t flatTable) uint64(field int) uint64 {
	offset := int(t.Offset(slot(field)))
	pos := int(t.Pos) + offset
	switch {
	case offset == 0:
		return 0
	case pos+8 > len(t.Bytes):
		return math.MaxUint64
	}
	return flatbuffers.GetUint64(t.Bytes[pos:])
}

// vector returns the positions of the tables in a vector.
func (t flatTable) vector(field int) []int {
	offset := flatbuffers.UOffsetT(t.Offset(slot(field)))
	if offset == 0 {
		return nil
	}
	first, positions := t.Vector(offset), make([]int, t.VectorLen(offset))
	for i := range positions {
		positions[i] = int(t.Indirect(first + flatbuffers.UOffsetT(4*i)))
	}
	return positions
}

// part is a new model made of an original's operators and tensors, whose indices
// remain.
type part struct {
	inputs, outputs []int
	steps           []step
	metadata        bool // keep what describes the model as a whole
}

// step is an operator of the original, or one for the Edge TPU in place of several.
type step struct {
	operator int
	custom   *customOp
}

type customOp struct {
	inputs, outputs []int
	options         []byte
}

// operators makes steps of a range of the original's operators.
func operators(from, to int) []step {
	var steps []step
	for i := from; i < to; i++ {
		steps = append(steps, step{operator: i})
	}
	return steps
}

// used tells which tensors a part needs.
func (o *original) used(p part) []bool {
	used := make([]bool, len(o.Tensors))
	mark := func(lists ...[]int) {
		for _, list := range lists {
			for _, t := range list {
				if t >= 0 {
					used[t] = true
				}
			}
		}
	}
	mark(p.inputs, p.outputs)
	for _, s := range p.steps {
		if s.custom != nil {
			mark(s.custom.inputs, s.custom.outputs)
		} else {
			op := o.Operators[s.operator]
			mark(op.Inputs, op.Outputs, op.Intermediates)
		}
	}
	return used
}

// write makes the new model. Offsets in FlatBuffers point forward, so the original
// goes to the end.
func (o *original) write(p part) []byte {
	w := tflitewriter.NewBuilder(o.bytes)
	old := func(positions []int) []tflitewriter.Offset {
		offsets := make([]tflitewriter.Offset, len(positions))
		for i, pos := range positions {
			offsets[i] = w.Reference(pos)
		}
		return offsets
	}
	stub := w.Table(w.Int8(1, int8(model.Int8))) // in place of tensors that are not needed

	tensors := old(o.tensors)
	for i, used := range o.used(p) {
		if !used {
			tensors[i] = stub
		}
	}
	codes := old(o.codes)
	var steps []tflitewriter.Offset
	for _, s := range p.steps {
		if s.custom == nil {
			steps = append(steps, w.Reference(o.operators[s.operator]))
			continue
		}
		steps = append(steps, s.custom.write(w, len(codes)))
	}
	codes = append(codes, edgeTPUCode(w))
	var metadata []tflitewriter.Offset
	if p.metadata {
		metadata = old(o.metadata)
	}

	subgraph := w.Table(
		w.Ref(subgraphTensors, w.Tables(tensors)),
		w.Ref(subgraphInputs, w.Ints(p.inputs)),
		w.Ref(subgraphOutputs, w.Ints(p.outputs)),
		w.Ref(subgraphOperators, w.Tables(steps)),
		w.Ref(subgraphName, w.String("main")),
	)
	subgraphs := append([]tflitewriter.Offset{subgraph}, old(o.others)...)
	return w.Finish(w.Table(
		w.Int32(modelVersion, 3),
		w.Ref(modelCodes, w.Tables(codes)),
		w.Ref(modelSubgraphs, w.Tables(subgraphs)),
		w.Ref(modelDescription, w.String("made by edgetputest for its simulated Edge TPU")),
		w.Ref(modelBuffers, w.Tables(old(o.buffers))),
		w.Ref(modelMetadata, w.Tables(metadata)),
	), "TFL3")
}
