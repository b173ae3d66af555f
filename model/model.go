package model

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/schema"
)

// The sentinels that errors of this package wrap.
var (
	// ErrBadModel: the bytes are not a usable TensorFlow Lite model.
	ErrBadModel = errs.ErrBadModel
	// ErrTwinMismatch: CPU model and Edge TPU model differ in their interface.
	ErrTwinMismatch = errs.ErrTwinMismatch
	// ErrMemory: the model, or what it asks for, is larger than a limit allows.
	ErrMemory = errs.ErrMemory
	// ErrRange: a limit below 0.
	ErrRange = errs.ErrRange
	// ErrNotFound: the model has no signature of that name.
	ErrNotFound = errs.ErrNotFound
)

// Model is the decoded content of a .tflite file. It is plain data: it may be
// read by any number of goroutines, and its tensor contents are slices of the
// bytes given to [Parse], which must not change while the Model is in use.
type Model struct {
	// Version of the schema; the runtimes accept 3.
	Version int
	// Description is free text, mostly the name of the converter.
	Description string
	// Subgraphs of the model. The first is the primary one, which an interpreter
	// runs; others are bodies of control flow, initialisation or signatures.
	Subgraphs []Subgraph
	// Signatures are the named entry points, in the order of the file.
	Signatures []Signature
	// UnusableSignatures says of the signatures that do not fit their subgraph, by key,
	// why they are not among Signatures.
	UnusableSignatures map[string]error
	// Metadata are the named blobs of the file, in its order.
	Metadata []Metadata
	// Buffers is the number of buffers in the file.
	Buffers int
	// MinRuntimeVersion is the oldest TensorFlow Lite version that has all the
	// operators of the model, such as "2.3.0", according to the converter. It is
	// empty if the converter did not say.
	MinRuntimeVersion string
	// Warnings say, in a line each, what of the file cannot be used, though the rest can:
	// signatures that do not fit their subgraph.
	Warnings []string

	file    []byte     // Everything, with the archive of associated files at its end.
	outside []outsider // What lies outside of the FlatBuffer.
	// described: this is a copy made by Describe, and file is the archive alone.
	described bool
	end       int    // Of what was read of the FlatBuffer.
	missing   string // A vector without which the runtimes crash, "" if none.
}

// Subgraph is one graph of a model.
type Subgraph struct {
	Name string
	// Tensors of the subgraph. Everything else refers to them by index.
	Tensors []Tensor
	// Inputs and Outputs are indices into Tensors.
	Inputs, Outputs []int
	// Operators in the order in which they run.
	Operators []Operator
}

// Tensor describes one tensor, and holds its content if that is constant.
type Tensor struct {
	// Index in the Tensors of its subgraph.
	Index int
	Name  string
	Type  TensorType
	// Shape holds the dimensions, 1 standing for those not yet known. It is empty for
	// scalars, and where UnknownRank is set.
	Shape []int
	// ShapeSignature is the shape with -1 for the dimensions that may be resized,
	// and nil if there are none.
	ShapeSignature []int
	// HasRank tells a scalar (true) from a tensor of unknown rank, if the
	// converter knew the difference; most files leave it false throughout.
	HasRank bool
	// UnknownRank marks tensors of which the file has no shape, so that only running the
	// model tells it: those with an empty Shape that is not certainly a scalar's, such as
	// the outputs of TFLite_Detection_PostProcess. [Parse] sets it; whoever fills in Shape
	// and HasRank later need not reset it.
	UnknownRank  bool
	Quantization Quantization
	// IsVariable marks state that is kept from one inference to the next.
	IsVariable bool
	// Buffer is the index of the buffer in the file with the content; 0 is none.
	Buffer int
	// Data is the content of a constant in little-endian order, part of the bytes
	// given to [Parse]; nil for other tensors.
	Data []byte
	// Sparse marks constants in compressed form, whose Data is shorter or longer
	// than Type and Shape suggest.
	Sparse bool
	// External is not 0 if the content is in another file (schema version 3d).
	External int

	sparsity *sparsity
}

// ByteSize returns the size of the tensor's content in bytes, according to the file.
// It is not ok if the elements have no fixed size (strings, resources), if the rank is
// unknown, or if the shape has a negative dimension or more bytes than an int64 can
// count.
func (t Tensor) ByteSize() (n int64, ok bool) {
	size := uint64(t.Type.Bits())
	if size == 0 || t.UnknownRank && !t.HasRank {
		return 0, false
	}
	for _, dim := range t.Shape {
		hi, lo := bits.Mul64(size, uint64(dim))
		if dim < 0 || hi != 0 || lo > 1<<63-8 {
			return 0, false
		}
		size = lo
	}
	return int64((size + 7) / 8), true
}

// IsConstant reports whether the content of the tensor comes with the model.
func (t Tensor) IsConstant() bool { return len(t.Data) > 0 || t.External != 0 }

// Operator is one step of a subgraph.
type Operator struct {
	// Name is the name of the builtin operator, such as "CONV_2D", or the
	// CustomCode of a custom one.
	Name string
	// BuiltinCode is the number in enum BuiltinOperator of the schema.
	BuiltinCode int
	// CustomCode is the name under which a custom operator is registered.
	CustomCode string
	// Version of the operator that the model needs.
	Version int
	// Inputs are tensor indices, with -1 for an optional input left out.
	Inputs []int
	// Outputs and Intermediates are tensor indices.
	Outputs, Intermediates []int
	// Subgraphs are the indices of those that an operator of control flow runs:
	// the branches of an IF, condition and body of a WHILE, and so on.
	Subgraphs []int
	// CustomOptions are the parameters of a custom operator, part of the bytes
	// given to [Parse].
	CustomOptions []byte
}

// Metadata is a named blob, such as "min_runtime_version" or "TFLITE_METADATA".
// Data is part of the bytes given to [Parse].
type Metadata struct {
	Name string
	Data []byte
}

// OperatorCount says how often a model uses an operator.
type OperatorCount struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Inputs returns the inputs of the primary subgraph, in order.
func (m *Model) Inputs() []Tensor {
	if m == nil || len(m.Subgraphs) == 0 {
		return nil
	}
	return m.Subgraphs[0].pick(m.Subgraphs[0].Inputs)
}

// Outputs returns the outputs of the primary subgraph, in order.
func (m *Model) Outputs() []Tensor {
	if m == nil || len(m.Subgraphs) == 0 {
		return nil
	}
	return m.Subgraphs[0].pick(m.Subgraphs[0].Outputs)
}

// pick returns the tensors of the given indices. An index out of range, which
// [Model.Verify] reports, gives a tensor that has nothing but that index.
func (s *Subgraph) pick(indices []int) []Tensor {
	picked := make([]Tensor, len(indices))
	for i, index := range indices {
		if s.has(index) {
			picked[i] = s.Tensors[index]
		} else {
			picked[i] = Tensor{Index: index, Type: NoType}
		}
	}
	return picked
}

func (s *Subgraph) has(index int) bool { return index >= 0 && index < len(s.Tensors) }

// Operators counts the operators of all subgraphs, sorted by name.
func (m *Model) Operators() []OperatorCount { return m.count(func(Operator) bool { return true }) }

func (m *Model) count(which func(Operator) bool) []OperatorCount {
	counts := make(map[string]int)
	for op := range m.operators {
		if which(op) {
			counts[op.Name]++
		}
	}
	list := make([]OperatorCount, 0, len(counts))
	for name, n := range counts {
		list = append(list, OperatorCount{name, n})
	}
	slices.SortFunc(list, func(a, b OperatorCount) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// operators ranges over the operators of all subgraphs.
func (m *Model) operators(yield func(Operator) bool) {
	if m == nil {
		return
	}
	for _, s := range m.Subgraphs {
		for _, op := range s.Operators {
			if !yield(op) {
				return
			}
		}
	}
}

// HasVariables reports whether the model is stateful: whether the result of an
// inference may depend on the inferences before it. That is so if it has variable
// tensors (as the state of an LSTM), variables reached by handle (resource variables),
// or a part that runs only once, in any subgraph.
func (m *Model) HasVariables() bool {
	if m == nil {
		return false
	}
	for _, s := range m.Subgraphs {
		if slices.ContainsFunc(s.Tensors, func(t Tensor) bool { return t.IsVariable }) {
			return true
		}
	}
	for op := range m.operators {
		switch op.BuiltinCode {
		case schema.OpVarHandle, schema.OpReadVariable, schema.OpAssignVariable, schema.OpCallOnce:
			return true
		}
	}
	return false
}
