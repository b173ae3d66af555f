package tflitewriter

import (
	"cmp"
	"slices"

	"github.com/gocoral/coral/internal/schema"
	"github.com/gocoral/coral/model"
)

// Options writes the options of an operator that package model does not read, such as
// the stride of a convolution: the number of their type in the schema's union
// BuiltinOptions, and the table. 0 and 0 are none.
type Options func(b Builder, op model.Operator) (union int8, table Offset)

// Model writes a .tflite file. Content of tensors and metadata gets buffers of its own;
// a tensor without content has the buffer that it names. A vector that is nil stays
// absent, which the schema allows for all of them. Operators have no options but those
// that package model reads, and those that options, unless it is nil, writes.
func Model(m *model.Model, options Options) []byte {
	w := &modelWriter{Builder: NewBuilder(nil), options: options, buffers: [][]byte{nil}}
	subgraphs := Each(w.Builder, m.Subgraphs, w.subgraph)
	metadata := Each(w.Builder, m.Metadata, w.metadata)
	signatures := Each(w.Builder, m.Signatures, w.signature)
	description := w.String(m.Description)
	codes := Each(w.Builder, w.codes, w.code)
	buffers := Each(w.Builder, w.buffers, func(data []byte) Offset {
		vector := w.Bytes(data)
		return w.Table(w.Ref(0, vector))
	})
	return w.Finish(w.Table(
		w.Int32(0, m.Version), w.Ref(1, codes), w.Ref(2, subgraphs), w.Ref(3, description),
		w.Ref(4, buffers), w.Ref(6, metadata), w.Ref(7, signatures),
	), "TFL3")
}

type modelWriter struct {
	Builder
	options Options
	buffers [][]byte
	codes   []model.Operator // one for each code
}

func (w *modelWriter) subgraph(s model.Subgraph) Offset {
	tensors := Each(w.Builder, s.Tensors, w.tensor)
	operators := Each(w.Builder, s.Operators, w.operator)
	inputs, outputs, name := w.Ints(s.Inputs), w.Ints(s.Outputs), w.String(s.Name)
	return w.Table(w.Ref(0, tensors), w.Ref(1, inputs), w.Ref(2, outputs), w.Ref(3, operators), w.Ref(4, name))
}

// buffer adds a buffer and returns its index. Buffer 0 is that of no content.
func (w *modelWriter) buffer(data []byte) int {
	if data == nil {
		return 0
	}
	w.buffers = append(w.buffers, data)
	return len(w.buffers) - 1
}

func (w *modelWriter) tensor(t model.Tensor) Offset {
	shape, signature, name := w.Ints(t.Shape), w.Ints(t.ShapeSignature), w.String(t.Name)
	quantization := w.quantization(t.Quantization)
	var sparsity Offset
	if t.Sparse {
		sparsity = w.Table()
	}
	buffer := cmp.Or(w.buffer(t.Data), t.Buffer)
	return w.Table(
		w.Ref(0, shape), w.Int8(1, int8(t.Type)), w.Int32(2, buffer), w.Ref(3, name), w.Ref(4, quantization),
		w.Bool(5, t.IsVariable), w.Ref(6, sparsity), w.Ref(7, signature), w.Bool(8, t.HasRank), w.Int32(10, t.External),
	)
}

func (w *modelWriter) quantization(q model.Quantization) Offset {
	if q.Scales == nil && q.ZeroPoints == nil {
		return 0
	}
	scales, zeroPoints := w.Floats(q.Scales), w.Longs(q.ZeroPoints)
	return w.Table(w.Ref(2, scales), w.Ref(3, zeroPoints), w.Int32(6, q.Dimension))
}

func (w *modelWriter) operator(op model.Operator) Offset {
	same := func(o model.Operator) bool {
		return o.BuiltinCode == op.BuiltinCode && o.CustomCode == op.CustomCode && o.Version == op.Version
	}
	code := slices.IndexFunc(w.codes, same)
	if code < 0 {
		code = len(w.codes)
		w.codes = append(w.codes, op)
	}
	inputs, outputs, intermediates := w.Ints(op.Inputs), w.Ints(op.Outputs), w.Ints(op.Intermediates)
	custom := w.Bytes(op.CustomOptions)
	union, options, options2 := w.operatorOptions(op)
	return w.Table(
		w.Int32(0, code), w.Ref(1, inputs), w.Ref(2, outputs), w.Int8(3, union), w.Ref(4, options), w.Ref(5, custom),
		w.Ref(8, intermediates), w.Ref(12, options2),
	)
}

// operatorOptions writes the branches of an IF or a STABLEHLO_CASE, which are in
// different unions, and what else there is to write.
func (w *modelWriter) operatorOptions(op model.Operator) (union int8, options, options2 Offset) {
	switch {
	case op.BuiltinCode == schema.OpIf:
		return 0, w.Table(w.Int32(0, op.Subgraphs[0]), w.Int32(1, op.Subgraphs[1])), 0
	case op.BuiltinCode == schema.OpStablehloCase:
		branches := w.Ints(op.Subgraphs)
		return 0, 0, w.Table(w.Ref(0, branches))
	case w.options != nil:
		union, options = w.options(w.Builder, op)
	}
	return union, options, 0
}

// code writes an operator code as the converters do: the old one-byte field holds what
// it can, and 127 for greater codes.
func (w *modelWriter) code(op model.Operator) Offset {
	custom := w.String(op.CustomCode)
	return w.Table(
		w.Int8(0, int8(min(op.BuiltinCode, 127))), w.Ref(1, custom),
		w.Int32Or(2, op.Version, 1), w.Int32(3, op.BuiltinCode),
	)
}

func (w *modelWriter) metadata(m model.Metadata) Offset {
	name, buffer := w.String(m.Name), w.buffer(m.Data)
	return w.Table(w.Ref(0, name), w.Int32(1, buffer))
}

func (w *modelWriter) signature(s model.Signature) Offset {
	inputs := Each(w.Builder, s.Inputs, w.signatureTensor)
	outputs := Each(w.Builder, s.Outputs, w.signatureTensor)
	key := w.String(s.Key)
	return w.Table(w.Ref(0, inputs), w.Ref(1, outputs), w.Ref(2, key), w.Int32(4, s.Subgraph))
}

func (w *modelWriter) signatureTensor(t model.SignatureTensor) Offset {
	name := w.String(t.Name)
	return w.Table(w.Ref(0, name), w.Int32(1, t.Tensor))
}
