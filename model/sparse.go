package model

import (
	"errors"
	"fmt"

	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/gocoral/coral/internal/schema"
)

// sparsity is the compressed form of a constant (SparsityParameters of the schema). Its
// elements are a tree with a level for each dimension: those of the tensor, some cut into
// blocks, and then those within a block.
type sparsity struct {
	order  []int // The dimension of each level.
	blocks []int // The dimensions that are cut into blocks.
	levels []sparseLevel
}

// sparseLevel is one level of the tree: either every node has size children, or node i
// has children segments[i] to segments[i+1], whose indices in the dimension are listed.
type sparseLevel struct {
	listed            bool
	size              int
	segments, indices []int
}

func decodeSparsity(t table) *sparsity {
	if t.d == nil {
		return nil
	}
	return &sparsity{order: t.ints(0), blocks: t.ints(1), levels: tables(t, 2, "dimension", decodeSparseLevel)}
}

func decodeSparseLevel(t table) sparseLevel {
	return sparseLevel{
		listed:   t.int8(0) != 0,
		size:     int(t.int32(1, 0)),
		segments: decodeSparseIndices(t, 2),
		indices:  decodeSparseIndices(t, 4),
	}
}

// decodeSparseIndices reads the union whose type is at slot and whose value behind it.
func decodeSparseIndices(t table, slot int) []int {
	values := t.table(slot + 1)
	switch t.int8(slot) {
	case 1:
		return values.ints(0)
	case 2:
		return vector(values, 0, 2, func(b []byte) int { return int(flatbuffers.GetUint16(b)) })
	case 3:
		return vector(values, 0, 1, func(b []byte) int { return int(b[0]) })
	}
	return nil
}

// verifySparse checks that the content of a sparse constant has all elements that its
// description names, inside of its shape. The runtimes believe it.
func (t *Tensor) verifySparse() error {
	s := t.sparsity
	if s == nil || s.order == nil || s.levels == nil || len(t.Data) == 0 {
		return nil // The runtimes refuse it, or there is nothing to read.
	}
	sizes, err := s.sizes(t.Shape)
	if err != nil {
		return fmt.Errorf("is sparse, but %w", err)
	}
	nodes := 1
	for i, level := range s.levels {
		if nodes, err = level.count(nodes, sizes[s.order[i]], 8*len(t.Data)); err != nil {
			return fmt.Errorf("is sparse, but level %d %w", i, err)
		}
	}
	if size := (nodes*t.Type.Bits() + 7) / 8; size > len(t.Data) {
		return fmt.Errorf("is sparse with %d elements of type %v, which take %d bytes, its content has %d", nodes, t.Type, size, len(t.Data))
	}
	return nil
}

// sizes returns the size of each dimension: of the tensor's, in blocks where those are
// cut, and of the block's.
func (s *sparsity) sizes(shape []int) ([]int, error) {
	rank := len(shape)
	if n := rank + len(s.blocks); len(s.order) != n || len(s.levels) != n {
		return nil, fmt.Errorf("has %d levels in place of %d", len(s.levels), n)
	}
	sizes := append(make([]int, 0, len(s.order)), shape...)
	sizes = sizes[:len(s.order)]
	seen := make([]bool, len(s.order))
	for i, dim := range s.order {
		if dim < 0 || dim >= len(seen) || seen[dim] || (dim < rank) != (i < rank) {
			return nil, fmt.Errorf("its levels have dimensions %v", s.order)
		}
		seen[dim] = true
		if dim < rank {
			continue
		}
		size, cut := s.levels[i].size, s.blocks[dim-rank]
		if s.levels[i].listed || size < 1 || cut < 0 || cut >= rank || sizes[cut]%size != 0 {
			return nil, fmt.Errorf("dimension %d cannot be cut into blocks of %d", cut, size)
		}
		sizes[dim] = size
		sizes[cut] /= size
	}
	return sizes, nil
}

var errTooManyElements = errors.New("has more elements than the content")

// count returns how many children nodes have on this level, of a dimension of the given
// size. There can be no more than limit.
func (l sparseLevel) count(nodes, size, limit int) (int, error) {
	if !l.listed {
		switch {
		case l.size != size:
			return 0, fmt.Errorf("has size %d, the dimension %d", l.size, size)
		case size > 0 && nodes > limit/size:
			return 0, errTooManyElements
		}
		return nodes * size, nil
	}
	if len(l.segments) <= nodes {
		return 0, fmt.Errorf("has %d segments for %d nodes", len(l.segments), nodes)
	}
	before := 0
	for _, end := range l.segments[:nodes+1] {
		if end < before || end > len(l.indices) {
			return 0, fmt.Errorf("has a segment that ends at %d, after %d, of %d", end, before, len(l.indices))
		}
		before = end
	}
	for _, index := range l.indices {
		if index < 0 || index >= size {
			return 0, fmt.Errorf("has index %d in a dimension of %d", index, size)
		}
	}
	if before > limit {
		return 0, errTooManyElements
	}
	return before, nil
}

// readsSparse reports whether an operator understands sparse constants. All others read
// them as if they were whole.
func (op *Operator) readsSparse() bool {
	switch op.BuiltinCode {
	case schema.OpFullyConnected, schema.OpDensify, schema.OpCustom:
		return true
	}
	return false
}

// isShort reports whether the content of a sparse constant has fewer bytes than a whole
// one.
func (t *Tensor) isShort() bool {
	size, ok := t.ByteSize()
	return t.Sparse && ok && len(t.Data) > 0 && int64(len(t.Data)) < size
}
