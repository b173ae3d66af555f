package model

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// WithoutLast returns the bytes of the model without its last operator, if that is a custom
// one of that name. What went into the operator is then what the model puts out, in the same
// order. It is for models that end with an operator which TensorFlow Lite does not have, and
// whose work can be done in Go: Coral's PoseNet ends with "PosenetDecoderOp".
//
// Nothing else changes, and the original neither. Another last operator gives [ErrNotFound];
// a model of several subgraphs or with signatures, and an operator with more inputs than
// the model has outputs, errors.ErrUnsupported; a model that was not made by [Parse]
// [ErrBadModel].
func (m *Model) WithoutLast(operator string) ([]byte, error) {
	if m == nil || m.file == nil || m.described {
		return nil, fmt.Errorf("%w: the model has no bytes: make it with Parse", ErrBadModel)
	}
	if len(m.Subgraphs) == 0 || !m.Subgraphs[0].endsWith(operator) {
		return nil, fmt.Errorf("the model's last operator is not %q: %w", operator, ErrNotFound)
	}
	if len(m.Subgraphs) > 1 || len(m.Signatures) > 0 {
		return nil, fmt.Errorf("without %s: the model has %d subgraphs and %d signatures, it needs 1 and 0: %w", operator, len(m.Subgraphs), len(m.Signatures), errors.ErrUnsupported)
	}
	s := m.Subgraphs[0]
	last := s.Operators[len(s.Operators)-1]
	if len(last.Inputs) > len(s.Outputs) {
		return nil, fmt.Errorf("without %s: it has %d inputs, and the model %d outputs: %w", operator, len(last.Inputs), len(s.Outputs), errors.ErrUnsupported)
	}
	return cut(bytes.Clone(m.file), last.Inputs)
}

// endsWith reports whether a custom operator of that name is the last one.
func (s Subgraph) endsWith(operator string) bool {
	n := len(s.Operators)
	return n > 0 && operator != "" && s.Operators[n-1].CustomCode == operator
}

// cut shortens the vectors of operators and outputs where they are, in a file that was parsed
// before. The bytes behind their new ends are those that nothing refers to.
func cut(file []byte, outputs []int) ([]byte, error) {
	d := newDecoder(file)
	var graph table
	tables(d.root(), 2, "subgraph", func(t table) struct{} {
		graph = t
		return struct{}{}
	})
	operators, n, ok := graph.vector(3, 4, 0)
	first, _, found := graph.vector(2, 4, 0)
	if !ok || !found || d.err != nil {
		return nil, fmt.Errorf("%w: it has changed since it was parsed", ErrBadModel)
	}
	const lengthBefore = 4
	binary.LittleEndian.PutUint32(file[operators-lengthBefore:], uint32(n-1))
	binary.LittleEndian.PutUint32(file[first-lengthBefore:], uint32(len(outputs)))
	for k, tensor := range outputs {
		binary.LittleEndian.PutUint32(file[first+4*k:], uint32(tensor))
	}
	return file, nil
}
