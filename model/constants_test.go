package model_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

// stringsOf is the content of a tensor of strings.
func stringsOf(values ...string) []byte {
	words := []uint32{uint32(len(values))}
	at := uint32(4 * (len(values) + 2))
	var text []byte
	for _, s := range values {
		words, at, text = append(words, at), at+uint32(len(s)), append(text, s...)
	}
	var b []byte
	for _, w := range append(words, at) {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return append(b, text...)
}

// TestVerifyStrings has constants of strings that say more than they have.
func TestVerifyStrings(t *testing.T) {
	with := func(at int, word uint32) []byte {
		b := stringsOf("cat", "dog")
		binary.LittleEndian.PutUint32(b[at:], word)
		return b
	}
	for name, c := range map[string]struct {
		data  []byte
		shape []int
		want  string
	}{
		"right":               {stringsOf("cat", "dog"), []int{2}, ""},
		"one":                 {stringsOf("cat"), nil, ""},
		"none":                {stringsOf(), []int{0, 1 << 30, 1 << 30}, ""},
		"more than needed":    {stringsOf("cat", "dog"), []int{1}, ""},
		"fewer":               {stringsOf("cat", "dog"), []int{3}, "of shape [3] has 2 strings"},
		"far fewer":           {stringsOf("cat"), []int{1 << 30, 1 << 30, 1 << 30}, "has 1 strings"},
		"short":               {[]byte{0, 0, 0, 0}, []int{0}, "a content of 4 bytes without their number"},
		"negative number":     {with(0, 1<<31), []int{1}, "without their number or positions"},
		"huge number":         {with(0, 1<<31-1), []int{1}, "without their number or positions"},
		"number too large":    {with(0, 4), []int{1}, "without their number or positions"},
		"first in the header": {with(4, 4), []int{1}, "string 0 at byte 4 of 22, after 16"},
		"backwards":           {with(8, 15), []int{1}, "string 1 at byte 15 of 22, after 16"},
		"past the end":        {with(12, 23), []int{1}, "string 2 at byte 23 of 22"},
	} {
		t.Run(name, func(t *testing.T) {
			m := classifier()
			m.Subgraphs[0].Tensors[1] = model.Tensor{Name: "names", Type: model.String, Shape: c.shape, Data: c.data}
			err := parse(t, m).Verify()
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, model.ErrBadModel)
			assert.ErrorContains(t, err, `tensor 1 ("names") `)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// sparseLevel is a level of a sparse constant, one of nodes with their children listed if
// it has segments, which are written with 4 bytes each if width is 4, or else with 1.
type sparseLevel struct {
	size              int
	segments, indices []int
	width             int
}

// sparseModel is a DENSIFY, or another operator, of a sparse constant of int8 elements.
func sparseModel(code int, shape, order, blocks []int, levels []sparseLevel, data []byte) []byte {
	b := newBuilder()
	list := func(values []int, width int) (union int8, at offset) {
		if width == 4 {
			return 1, b.Table(b.Ref(0, b.Ints(values)))
		}
		raw := make([]byte, len(values))
		for i, v := range values {
			raw[i] = byte(v)
		}
		return 3, b.Table(b.Ref(0, b.Bytes(raw)))
	}
	var dims []offset
	for _, l := range levels {
		if l.segments == nil {
			dims = append(dims, b.Table(b.Int32(1, l.size)))
			continue
		}
		kind, segments := list(l.segments, l.width)
		_, indices := list(l.indices, l.width)
		dims = append(dims, b.Table(b.Int8(0, 1), b.Int8(2, kind), b.Ref(3, segments), b.Int8(4, kind), b.Ref(5, indices)))
	}
	metadata, orders := b.Tables(dims), b.Ints(order)
	var cut offset
	if blocks != nil {
		cut = b.Ints(blocks)
	}
	sparsity := b.Table(b.Ref(0, orders), b.Ref(1, cut), b.Ref(2, metadata))
	shapes, output, content := b.Ints(shape), b.Ints(shape), b.Bytes(data)
	constant := b.Table(b.Ref(0, shapes), b.Int8(1, int8(model.Int8)), b.Int32(2, 1), b.Ref(6, sparsity))
	whole := b.Table(b.Ref(0, output), b.Int8(1, int8(model.Int8)))
	tensors := b.Tables([]offset{constant, whole})
	none, in, out := b.Ints([]int{}), b.Ints([]int{0}), b.Ints([]int{1})
	operators := b.Tables([]offset{b.Table(b.Ref(1, in), b.Ref(2, out))})
	subgraphs := b.Tables([]offset{b.Table(b.Ref(0, tensors), b.Ref(1, none), b.Ref(2, out), b.Ref(3, operators))})
	codes := b.Tables([]offset{b.Table(b.Int8(0, int8(code)))})
	buffers := b.Tables([]offset{b.Table(), b.Table(b.Ref(0, content))})
	return b.Finish(b.Table(b.Int32(0, 3), b.Ref(1, codes), b.Ref(2, subgraphs), b.Ref(4, buffers)), "TFL3")
}

const opDensify = 124

// TestVerifySparse has a matrix of 4 by 4 with blocks of 2 by 1, of which two are there,
// and what can be wrong with it.
func TestVerifySparse(t *testing.T) {
	type sparse struct {
		shape, order, blocks []int
		levels               []sparseLevel
		data                 []byte
	}
	for name, c := range map[string]struct {
		spoil func(s *sparse)
		want  string
	}{
		"right":             {func(*sparse) {}, ""},
		"bytes":             {func(s *sparse) { s.levels[1].width = 1 }, ""},
		"too little":        {func(s *sparse) { s.data = s.data[:3] }, "is sparse with 4 elements of type int8, which take 4 bytes, its content has 3"},
		"size of dimension": {func(s *sparse) { s.levels[0].size = 1000 }, "level 0 has size 1000, the dimension 2"},
		"negative size":     {func(s *sparse) { s.levels[0].size = -2 }, "level 0 has size -2"},
		"all dense": {func(s *sparse) {
			s.shape, s.order, s.blocks, s.levels = []int{1 << 20}, []int{0}, nil, []sparseLevel{{size: 1 << 20}}
		}, "level 0 has more elements than the content"},
		"few segments":    {func(s *sparse) { s.levels[1].segments = []int{0, 1} }, "level 1 has 2 segments for 2 nodes"},
		"far segment":     {func(s *sparse) { s.levels[1].segments[2] = 3 }, "a segment that ends at 3, after 1, of 2"},
		"falling segment": {func(s *sparse) { s.levels[1].segments[0] = 2 }, "a segment that ends at 1, after 2, of 2"},
		"far index":       {func(s *sparse) { s.levels[1].indices[1] = 4 }, "level 1 has index 4 in a dimension of 4"},
		"negative index":  {func(s *sparse) { s.levels[1].indices[1] = -1 }, "has index -1 in"},
		"order":           {func(s *sparse) { s.order[1] = 0 }, "its levels have dimensions [0 0 2]"},
		"order of blocks": {func(s *sparse) { s.order[1], s.order[2] = 2, 1 }, "its levels have dimensions [0 2 1]"},
		"levels":          {func(s *sparse) { s.order = s.order[:2] }, "levels in place of 3"},
		"block of none":   {func(s *sparse) { s.levels[2].size = 0 }, "dimension 0 cannot be cut into blocks of 0"},
		"block of three":  {func(s *sparse) { s.levels[2].size = 3 }, "dimension 0 cannot be cut into blocks of 3"},
		"block of beyond": {func(s *sparse) { s.blocks[0] = 2 }, "dimension 2 cannot be cut"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sparse{
				shape: []int{4, 4}, order: []int{0, 1, 2}, blocks: []int{0},
				levels: []sparseLevel{{size: 2}, {segments: []int{0, 1, 2}, indices: []int{3, 0}, width: 4}, {size: 2}},
				data:   []byte{1, 2, 3, 4},
			}
			c.spoil(&s)
			m, err := model.Parse(sparseModel(opDensify, s.shape, s.order, s.blocks, s.levels, s.data))
			require.NoError(t, err)
			err = m.Verify()
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, model.ErrBadModel)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// TestSparseIsRead has an operator that reads a sparse constant as if it were whole.
func TestSparseIsRead(t *testing.T) {
	listed := []sparseLevel{{segments: []int{0, 1}, indices: []int{999}, width: 4}}
	m, err := model.Parse(sparseModel(59, []int{1000}, []int{0}, nil, listed, []byte{1}))
	require.NoError(t, err)
	err = m.Verify()
	require.ErrorIs(t, err, model.ErrBadModel)
	assert.ErrorContains(t, err, `operator 0 (NEG) reads tensor 0 (""), which is sparse`)

	m, err = model.Parse(sparseModel(opDensify, []int{1000}, []int{0}, nil, listed, []byte{1}))
	require.NoError(t, err)
	require.NoError(t, m.Verify())
	m.Subgraphs[0].Outputs[0] = 0
	assert.ErrorContains(t, m.Verify(), `output 0 is tensor 0 (""), which is sparse`)
}
