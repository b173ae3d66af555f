package model

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gocoral/coral/internal/modelfile"
	"github.com/gocoral/coral/internal/schema"
)

// Parse decodes the bytes of a .tflite file. It never panics, and takes no more
// memory than a small multiple of len(b). The Model refers to b.
//
// The error wraps [ErrBadModel] and says what is wrong. A model that parses can
// be described; whether it can safely be run is for [Model.Verify] to say.
func Parse(b []byte) (*Model, error) {
	if err := modelfile.Identify(b); err != nil {
		return nil, err
	}
	d := newDecoder(b)
	m := decodeModel(d.root())
	if d.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadModel, d.err)
	}
	m.file, m.outside, m.end = b, d.outside, d.end
	return m, nil
}

// The decode functions name the fields by their slot in schema.fbs of
// TensorFlow Lite, version 3d.

func decodeModel(root table) *Model {
	codes := tables(root, 1, "operator code", decodeOpcode)
	buffers := tables(root, 4, "buffer", decodeBuffer)
	m := &Model{
		Version:     int(root.uint32(0)),
		Description: root.string(3),
		Buffers:     len(buffers),
		Subgraphs: tables(root, 2, "subgraph", func(t table) Subgraph {
			return decodeSubgraph(t, codes, buffers)
		}),
		Metadata: tables(root, 6, "metadata", func(t table) Metadata {
			return decodeMetadata(t, buffers)
		}),
		Signatures: tables(root, 7, "signature", decodeSignature),
	}
	switch {
	case codes == nil:
		m.missing = "operator codes"
	case m.Subgraphs == nil:
		m.missing = "subgraphs"
	case buffers == nil:
		m.missing = "buffers"
	}
	for _, meta := range m.Metadata {
		if meta.Name == "min_runtime_version" {
			version, _, _ := strings.Cut(string(meta.Data), "\x00")
			m.MinRuntimeVersion = version
		}
	}
	m.markUnknownRanks()
	m.dropSignatures()
	return m
}

// markUnknownRanks finds the tensors that may have any shape although theirs is empty.
//
// HasRank came late: files of older converters have it nowhere, and their scalars look
// like tensors of unknown rank. There, what an operator writes may have any shape, while
// inputs and variables get from the runtime what the file says. In a file that has it
// somewhere, it can be believed everywhere. Constants need no doubt.
func (m *Model) markUnknownRanks() {
	ranked := false
	for _, s := range m.Subgraphs {
		ranked = ranked || slices.ContainsFunc(s.Tensors, func(t Tensor) bool { return t.HasRank })
	}
	for _, s := range m.Subgraphs {
		written := make([]bool, len(s.Tensors))
		for _, op := range s.Operators {
			for _, i := range op.Outputs {
				if s.has(i) {
					written[i] = true
				}
			}
		}
		for i := range s.Tensors {
			t := &s.Tensors[i]
			t.UnknownRank = len(t.Shape) == 0 && !t.HasRank && !t.IsConstant() && (ranked || written[i])
		}
	}
}

type opcode struct {
	code, version int
	name, custom  string
}

// decodeOpcode reads what an operator is. Codes up to 127 are in the old field,
// of one byte, and mostly in the new one too; greater ones are in the new field
// and the old one holds 127. So the greater of the two is right.
func decodeOpcode(t table) opcode {
	op := opcode{
		code:    max(int(t.int8(0)), int(t.int32(3, 0))),
		custom:  t.string(1),
		version: int(t.int32(2, 1)),
	}
	op.name = builtinName(op.code)
	if op.code == schema.OpCustom {
		op.name = op.custom
	}
	return op
}

// decodeBuffer returns the content of a buffer, inside the FlatBuffer or outside of it.
func decodeBuffer(t table) []byte {
	if data := t.bytes(0); len(data) > 0 {
		return data
	}
	return t.outside(0, 1, 2)
}

func decodeSubgraph(t table, codes []opcode, buffers [][]byte) Subgraph {
	s := Subgraph{
		Name: t.string(4),
		Tensors: tables(t, 0, "tensor", func(t table) Tensor {
			return decodeTensor(t, buffers)
		}),
		Inputs:  t.ints(1),
		Outputs: t.ints(2),
		Operators: tables(t, 3, "operator", func(t table) Operator {
			return decodeOperator(t, codes)
		}),
	}
	for i := range s.Tensors {
		s.Tensors[i].Index = i
	}
	return s
}

func decodeTensor(t table, buffers [][]byte) Tensor {
	tensor := Tensor{
		Shape:          t.ints(0),
		Type:           TensorType(t.int8(1)),
		Name:           t.string(3),
		Quantization:   decodeQuantization(t.table(4)),
		IsVariable:     t.bool(5),
		Sparse:         t.field(6, 4) != 0,
		sparsity:       decodeSparsity(t.table(6)),
		ShapeSignature: t.ints(7),
		HasRank:        t.bool(8),
		External:       index(t.uint32(10)),
	}
	if buffer := t.uint32(2); buffer != 0 {
		if uint64(buffer) >= uint64(len(buffers)) {
			t.d.fail("%q has its content in buffer %d of %d: damaged", tensor.Name, buffer, len(buffers))
			return tensor
		}
		tensor.Buffer = int(buffer)
		tensor.Data = buffers[buffer]
	}
	return tensor
}

func decodeQuantization(t table) Quantization {
	q := Quantization{
		Scales:     t.floats(2),
		ZeroPoints: t.longs(3),
		Dimension:  int(t.int32(6, 0)),
	}
	if len(q.Scales) > 0 {
		q.Scale = q.Scales[0]
	}
	if len(q.ZeroPoints) > 0 {
		q.ZeroPoint = q.ZeroPoints[0]
	}
	return q
}

func decodeOperator(t table, codes []opcode) Operator {
	index := t.uint32(0)
	if t.d.err == nil && uint64(index) >= uint64(len(codes)) {
		t.d.fail("has code %d of %d: damaged", index, len(codes))
	}
	if t.d.err != nil {
		return Operator{}
	}
	code := codes[index]
	op := Operator{
		Name:          code.name,
		BuiltinCode:   code.code,
		CustomCode:    code.custom,
		Version:       code.version,
		Inputs:        t.ints(1),
		Outputs:       t.ints(2),
		CustomOptions: t.bytes(5),
		Intermediates: t.ints(8),
		Subgraphs:     decodeCallees(t, code.code),
	}
	if len(op.CustomOptions) == 0 && code.code == schema.OpCustom {
		op.CustomOptions = t.outside(5, 9, 10)
	}
	return op
}

// decodeMetadata forgives a buffer that does not exist: nothing is run with it.
func decodeMetadata(t table, buffers [][]byte) Metadata {
	meta := Metadata{Name: t.string(0)}
	if buffer := t.uint32(1); uint64(buffer) < uint64(len(buffers)) {
		meta.Data = buffers[buffer]
	}
	return meta
}

func decodeSignature(t table) Signature {
	return Signature{
		Inputs:   tables(t, 0, "input", decodeSignatureTensor),
		Outputs:  tables(t, 1, "output", decodeSignatureTensor),
		Key:      t.string(2),
		Subgraph: index(t.uint32(4)),
	}
}

func decodeSignatureTensor(t table) SignatureTensor {
	return SignatureTensor{Name: t.string(0), Tensor: index(t.uint32(1))}
}

// index converts an index of the file, which is out of range everywhere if it
// does not even fit in an int.
func index(i uint32) int { return int(min(i, math.MaxInt32)) }
