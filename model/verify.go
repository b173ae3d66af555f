package model

import (
	"cmp"
	"errors"
	"fmt"
)

// Limits bound the memory that a model may ask for. They concern only tensors
// that a runtime has to allocate: constants are in the file already. A limit of 0 is
// that of [DefaultLimits].
type Limits struct {
	// TensorBytes is the most that one tensor may take.
	TensorBytes int64
	// TotalBytes is the most that all tensors of a subgraph may take which are in
	// use at the same time.
	TotalBytes int64
}

// DefaultLimits are those of [Model.Verify], ample for models that run on a
// single-board computer: 256 MiB for a tensor, 1 GiB for all in use at once.
var DefaultLimits = Limits{TensorBytes: 256 << 20, TotalBytes: 1 << 30}

// orDefault puts the default in place of limits that are 0.
func (l Limits) orDefault() Limits {
	return Limits{
		TensorBytes: cmp.Or(l.TensorBytes, DefaultLimits.TensorBytes),
		TotalBytes:  cmp.Or(l.TotalBytes, DefaultLimits.TotalBytes),
	}
}

// Verify reports whether TensorFlow Lite can be given the model without risking
// the process. The runtime checks that the file is a valid FlatBuffer, but then
// trusts the graph in it: a graph that reads what nothing wrote, or that asks for
// absurd memory, ends in a crash that no recover can catch. So Verify checks
// that
//
//   - the schema version is 3 and no required vector is absent;
//   - tensors have a known type, no negative dimension, a size within
//     [DefaultLimits], and as much content as type and shape say if constant, which
//     is in the file itself;
//   - indices of tensors are in range, and -1 only for optional operator inputs;
//   - operators read only constants, inputs, variables and what an earlier
//     operator wrote, and each tensor is written once and is not a constant;
//   - inputs are not constants, and outputs have content at the end;
//   - no subgraph runs itself, directly or through others.
//
// The error names the operator or tensor at fault. It wraps [ErrMemory] if the model
// asks for more than the limits allow, which [Model.VerifyWithin] can raise, and else
// [ErrBadModel]. A tensor of unknown rank or size passes: its memory is asked for only
// when the model runs. What
// the parameters of each operator may be is not checked, and neither are weights:
// only a checksum tells whether those were altered.
func (m *Model) Verify() error { return m.VerifyWithin(DefaultLimits) }

// VerifyWithin is [Model.Verify] with limits of the caller's choice, for models
// that need more memory or boards that have less. A negative limit wraps [ErrRange].
func (m *Model) VerifyWithin(limits Limits) error {
	if limits.TensorBytes < 0 || limits.TotalBytes < 0 {
		return fmt.Errorf("limits of %d bytes for a tensor and %d for all: %w: none may be below 0", limits.TensorBytes, limits.TotalBytes, ErrRange)
	}
	err := m.verify(limits.orDefault())
	if err == nil || errors.Is(err, ErrMemory) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrBadModel, err)
}

func (m *Model) verify(limits Limits) error {
	switch {
	case m == nil:
		return fmt.Errorf("there is no model")
	case m.missing != "":
		return fmt.Errorf("the model has no %s", m.missing)
	case m.Version != 3:
		return fmt.Errorf("schema version is %d, the runtimes read only 3", m.Version)
	case len(m.Subgraphs) == 0:
		return fmt.Errorf("the model has no subgraphs")
	}
	for i := range m.Subgraphs {
		if err := m.Subgraphs[i].verify(limits); err != nil {
			return fmt.Errorf("subgraph %d: %w", i, err)
		}
	}
	return m.verifyCalls()
}

// maxCallDepth is how deep subgraphs may run each other. The runtimes descend
// recursively, and networks nest their loops a few levels deep.
const maxCallDepth = 100

// verifyCalls checks that running any subgraph ends within that depth.
func (m *Model) verifyCalls() error {
	heights := make(callHeights, len(m.Subgraphs))
	for i := range m.Subgraphs {
		if err := m.measureCalls(i, 1, heights); err != nil {
			return err
		}
	}
	return nil
}

// callHeights holds how many levels of subgraphs running each one takes: 0 if
// that is not known yet, and -1 while it is being found out.
type callHeights []int

// measureCalls finds the height of subgraph s, which is itself at the given level.
func (m *Model) measureCalls(s, level int, heights callHeights) error {
	if heights[s] > 0 {
		return nil
	}
	heights[s] = -1
	height := 1
	for i, op := range m.Subgraphs[s].Operators {
		for _, callee := range op.Subgraphs {
			if err := heights.check(callee, level+1); err != nil {
				return fmt.Errorf("subgraph %d: operator %d (%s) runs %w", s, i, op.Name, err)
			}
			if err := m.measureCalls(callee, level+1, heights); err != nil {
				return err
			}
			height = max(height, 1+heights[callee])
		}
	}
	heights[s] = height
	return nil
}

// check reports whether subgraph s may run at the given level.
func (h callHeights) check(s, level int) error {
	switch {
	case s < 0 || s >= len(h):
		return fmt.Errorf("subgraph %d of %d", s, len(h))
	case h[s] == -1:
		return fmt.Errorf("subgraph %d, of which it is a part", s)
	case level+max(h[s], 1)-1 > maxCallDepth:
		return fmt.Errorf("subgraph %d, more than %d levels deep", s, maxCallDepth)
	}
	return nil
}

func (s *Subgraph) verify(limits Limits) error {
	switch {
	case s.Tensors == nil:
		return fmt.Errorf("has no tensors")
	case s.Inputs == nil:
		return fmt.Errorf("has no list of inputs")
	case s.Outputs == nil:
		return fmt.Errorf("has no list of outputs")
	case s.Operators == nil:
		return fmt.Errorf("has no operators")
	}
	for i := range s.Tensors {
		if err := s.Tensors[i].verify(limits); err != nil {
			return fmt.Errorf("%s %w", s.tensor(i), err)
		}
	}
	if err := s.verifyFlow(); err != nil {
		return err
	}
	if peak := s.peak(); peak > limits.TotalBytes {
		return fmt.Errorf("needs %d bytes at once, the limit is %d: %w", peak, limits.TotalBytes, ErrMemory)
	}
	return nil
}

// tensor names a tensor in errors.
func (s *Subgraph) tensor(i int) string { return fmt.Sprintf("tensor %d (%q)", i, s.Tensors[i].Name) }

func (t *Tensor) verify(limits Limits) error {
	if t.Type < 0 || int(t.Type) >= len(typeNames) {
		return fmt.Errorf("has unknown type %d", t.Type)
	}
	if t.External != 0 {
		return fmt.Errorf("has its content in another file, which the runtimes do not read")
	}
	if t.IsVariable && t.IsConstant() {
		return fmt.Errorf("is both variable and constant")
	}
	for _, dim := range t.Shape {
		if dim < 0 {
			return fmt.Errorf("has a negative dimension in shape %v", t.Shape)
		}
	}
	limit := min(limits.TensorBytes, limits.TotalBytes)
	switch {
	case t.Type == String && t.IsConstant():
		return t.verifyStrings()
	case t.Type == String:
		return t.verifyStringCount(limit)
	case t.Type.Bits() == 0, t.UnknownRank && !t.HasRank:
		return nil // Handles have no size, and of the others nothing is known.
	}
	size, ok := t.ByteSize()
	switch {
	case !ok:
		return fmt.Errorf("of shape %v is too large to count its bytes", t.Shape)
	case !t.IsConstant() && size > limit:
		return fmt.Errorf("of shape %v and type %v needs %d bytes, the limit is %d: %w",
			t.Shape, t.Type, size, limit, ErrMemory)
	case t.Sparse:
		return t.verifySparse()
	case len(t.Data) > 0 && int64(len(t.Data)) != size && !t.unpacked(size):
		return fmt.Errorf("of shape %v and type %v needs %d bytes, its content has %d", t.Shape, t.Type, size, len(t.Data))
	}
	return nil
}

// unpacked reports whether content that should take size bytes has a byte for each
// element of less than a byte, as some converters wrote it.
func (t *Tensor) unpacked(size int64) bool { return t.Type.Bits() < 8 && int64(len(t.Data)) > size }

// origin tells where the content of a tensor comes from.
type origin byte

const (
	nowhere origin = iota
	fromFile
	fromCaller
	fromBefore // A variable, from the inference before.
	fromOperator
)

// verifyFlow follows the data through the operators in the order they run.
func (s *Subgraph) verifyFlow() error {
	origins, err := s.initialOrigins()
	if err != nil {
		return err
	}
	for i := range s.Operators {
		if err := s.verifyOperator(&s.Operators[i], origins); err != nil {
			return fmt.Errorf("operator %d (%s) %w", i, s.Operators[i].Name, err)
		}
	}
	for i, t := range s.Outputs {
		switch {
		case !s.has(t):
			return fmt.Errorf("output %d is tensor %d of %d", i, t, len(s.Tensors))
		case origins[t] == nowhere && !s.Tensors[t].isEmpty():
			return fmt.Errorf("output %d is %s, which nothing writes", i, s.tensor(t))
		case s.Tensors[t].isShort():
			return fmt.Errorf("output %d is %s, which is sparse", i, s.tensor(t))
		}
	}
	return nil
}

// initialOrigins returns where the content of each tensor comes from before the
// first operator runs.
func (s *Subgraph) initialOrigins() ([]origin, error) {
	origins := make([]origin, len(s.Tensors))
	for i := range s.Tensors {
		switch t := &s.Tensors[i]; {
		case t.IsConstant():
			origins[i] = fromFile
		case t.IsVariable:
			origins[i] = fromBefore
		}
	}
	for i, t := range s.Inputs {
		switch {
		case !s.has(t):
			return nil, fmt.Errorf("input %d is tensor %d of %d", i, t, len(s.Tensors))
		case origins[t] == fromFile:
			return nil, fmt.Errorf("input %d is %s, a constant that cannot be written", i, s.tensor(t))
		}
		origins[t] = fromCaller
	}
	return origins, nil
}

// verifyOperator checks what an operator reads against origins, and enters there
// what it writes.
func (s *Subgraph) verifyOperator(op *Operator, origins []origin) error {
	for i, t := range op.Inputs {
		switch {
		case t == -1:
			continue
		case !s.has(t):
			return fmt.Errorf("has tensor %d of %d as input %d", t, len(s.Tensors), i)
		case origins[t] == nowhere && !s.Tensors[t].isEmpty():
			return fmt.Errorf("reads %s, which nothing wrote before", s.tensor(t))
		case s.Tensors[t].isShort() && !op.readsSparse():
			return fmt.Errorf("reads %s, which is sparse", s.tensor(t))
		}
	}
	for i, t := range op.Outputs {
		switch {
		case !s.has(t):
			return fmt.Errorf("has tensor %d of %d as output %d", t, len(s.Tensors), i)
		case origins[t] == fromFile:
			return fmt.Errorf("writes %s, a constant", s.tensor(t))
		case origins[t] == fromOperator, origins[t] == fromCaller:
			return fmt.Errorf("writes %s, which has its content already", s.tensor(t))
		}
		origins[t] = fromOperator
	}
	for i, t := range op.Intermediates {
		if !s.has(t) {
			return fmt.Errorf("has tensor %d of %d as intermediate %d", t, len(s.Tensors), i)
		}
	}
	return nil
}

// isEmpty reports whether the tensor has no elements at all, so that there is
// nothing to read.
func (t *Tensor) isEmpty() bool {
	size, ok := t.ByteSize()
	return ok && size == 0
}

// peak returns the most bytes that tensors in use at the same time take, a lower
// bound of what the runtime allocates.
func (s *Subgraph) peak() int64 {
	end := len(s.Operators)
	change := make([]int64, end+2) // Bytes more in use at an operator than before it.
	first, last := s.lifetimes()
	for i := range s.Tensors {
		if size, ok := s.Tensors[i].ByteSize(); ok && !s.Tensors[i].IsConstant() && first[i] <= last[i] {
			change[first[i]] += size
			change[last[i]+1] -= size
		}
	}
	var used, peak int64
	for _, bytes := range change {
		used += bytes
		peak = max(peak, used)
	}
	return peak
}

// lifetimes returns the first and the last operator that uses each tensor.
// Inputs are in use from the start, outputs to the end, variables all the time.
func (s *Subgraph) lifetimes() (first, last []int) {
	end := len(s.Operators)
	first, last = make([]int, len(s.Tensors)), make([]int, len(s.Tensors))
	for i := range s.Tensors {
		first[i], last[i] = end+1, -1
		if s.Tensors[i].IsVariable {
			first[i], last[i] = 0, end
		}
	}
	use := func(tensors []int, from, to int) {
		for _, t := range tensors {
			if s.has(t) {
				first[t], last[t] = min(first[t], from), max(last[t], to)
			}
		}
	}
	use(s.Inputs, 0, 0)
	use(s.Outputs, end, end)
	for i := range s.Operators {
		use(s.Operators[i].Inputs, i, i)
		use(s.Operators[i].Outputs, i, i)
	}
	return first, last
}
