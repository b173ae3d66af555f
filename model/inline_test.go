package model_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
)

// inline parses b, which must have something behind its FlatBuffer, and what Inline
// makes of it.
func inline(t *testing.T, b []byte) (before, after *model.Model, inlined []byte) {
	t.Helper()
	original := bytes.Clone(b)
	before, err := model.Parse(b)
	require.NoError(t, err)
	inlined, err = before.Inline()
	require.NoError(t, err)
	require.NotSame(t, &b[0], &inlined[0], "nothing is inside")
	require.Equal(t, original, b, "the original is changed")
	after, err = model.Parse(inlined)
	require.NoError(t, err)
	again, err := after.Inline()
	require.NoError(t, err)
	require.Same(t, &inlined[0], &again[0], "something is still outside")
	return before, after, inlined
}

// TestInline moves the constants of models behind the FlatBuffer and in again.
func TestInline(t *testing.T) {
	paths, err := filepath.Glob("../tflite/testdata/*.tflite")
	require.NoError(t, err)
	paths = append(paths, "testdata/pets.tflite", "testdata/pets_edgetpu.tflite")
	moved := 0
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			original, err := os.ReadFile(path)
			require.NoError(t, err)
			want, err := model.Parse(original)
			require.NoError(t, err)
			same, err := want.Inline()
			require.NoError(t, err)
			require.Same(t, &original[0], &same[0], "there is nothing to do")

			file := tflitewriter.Behind(original)
			if len(file) == 0 || !hasConstants(want) {
				return
			}
			moved++
			_, got, inlined := inline(t, file)
			assert.Equal(t, want.Subgraphs, got.Subgraphs)
			assert.Equal(t, want.Signatures, got.Signatures)
			assert.Equal(t, want.Metadata, got.Metadata)
			assert.Equal(t, want.Description, got.Description)
			assert.Equal(t, want.Buffers, got.Buffers)
			assert.Less(t, len(inlined), len(file)+40*want.Buffers+100, "the constants are not twice in it")
		})
	}
	assert.Greater(t, moved, 10)
}

func hasConstants(m *model.Model) bool {
	for _, s := range m.Subgraphs {
		for _, tensor := range s.Tensors {
			if tensor.IsConstant() {
				return true
			}
		}
	}
	return len(m.Metadata) > 0
}

// TestInlineAligns: kernels that load 16 bytes at once need it, and the schema demands it.
func TestInlineAligns(t *testing.T) {
	m := classifier()
	contents := [][]byte{[]byte("of 12 bytes."), []byte("seventeen bytes, "), []byte("and any number")}
	for i, content := range contents {
		m.Subgraphs[0].Tensors[i].Data = content
	}
	_, _, inlined := inline(t, tflitewriter.Behind(build(m)))
	for _, content := range contents {
		at := bytes.LastIndex(inlined, content)
		require.Positive(t, at)
		assert.Zero(t, at%16, "%q", content)
	}
}

// TestInlineKeepsFiles has associated files behind the constants.
func TestInlineKeepsFiles(t *testing.T) {
	b := pack(tflitewriter.Behind(build(classifier())), "labels.txt", labels)
	_, after, _ := inline(t, b)
	assert.Equal(t, labels, labelText(t, after))

	// The name in the file's own header is damaged, and that in the list of files is not.
	damaged := bytes.Clone(b)
	copy(damaged[bytes.LastIndex(b, []byte("PK\x03\x04")):], "XX")
	_, after, _ = inline(t, damaged)
	files, err := after.AssociatedFiles()
	require.NoError(t, err)
	assert.Empty(t, files, "a damaged archive is left out")
}

// outsideModel writes a model with a custom operator whose options lie outside, and two
// constants, at position. Behind the model come before, and then what is outside.
func outsideModel(before []byte, position, options, constant uint64) []byte {
	b := newBuilder()
	buffer := func(at, n uint64) offset { return b.Table(b.Uint64(1, at), b.Uint64(2, n)) }
	buffers := b.Tables([]offset{b.Table(), buffer(position+options, constant), buffer(position+options, constant), buffer(1, 4), buffer(position, 0)})
	name := b.String("Custom")
	codes := b.Tables([]offset{b.Table(b.Int8(0, opCustom), b.Ref(1, name))})
	tensor := func(buffer, n int) offset {
		shape := b.Ints([]int{n})
		return b.Table(b.Ref(0, shape), b.Int8(1, int8(model.Uint8)), b.Int32(2, buffer))
	}
	tensors := b.Tables([]offset{tensor(1, int(constant)), tensor(2, int(constant)), tensor(3, 4), tensor(4, 0)})
	in, out, none := b.Ints([]int{0, 1, 3}), b.Ints([]int{2}), b.Ints([]int{})
	operators := b.Tables([]offset{b.Table(b.Ref(1, in), b.Ref(2, out), b.Uint64(9, position), b.Uint64(10, options))})
	subgraphs := b.Tables([]offset{b.Table(b.Ref(0, tensors), b.Ref(1, none), b.Ref(2, out), b.Ref(3, operators))})
	file := b.Finish(b.Table(b.Int32(0, 3), b.Ref(1, codes), b.Ref(2, subgraphs), b.Ref(4, buffers)), "TFL3")
	return append(file, before...)
}

// TestInlineOptions has options of a custom operator outside, a constant that two buffers
// share, one without elements, and a placeholder.
func TestInlineOptions(t *testing.T) {
	options, constant := []byte("options of any length"), bytes.Repeat([]byte("constant"), 1000)
	n, m := uint64(len(options)), uint64(len(constant))
	size := uint64(len(outsideModel(nil, 16, n, m)))
	file := append(append(outsideModel(nil, size, n, m), options...), constant...)

	before, after, inlined := inline(t, file)
	s := after.Subgraphs[0]
	assert.Equal(t, options, s.Operators[0].CustomOptions)
	assert.Equal(t, constant, s.Tensors[0].Data)
	assert.Equal(t, constant, s.Tensors[1].Data)
	assert.Empty(t, s.Tensors[2].Data)
	assert.Empty(t, s.Tensors[3].Data)
	assert.Equal(t, before.Verify(), after.Verify())
	require.NoError(t, after.Verify())
	assert.Less(t, len(inlined), len(file)+200, "what two share is written once")
}

// TestInlineAmid has contents in the middle of the FlatBuffer, in a vector that nothing
// refers to: it has to stay whole then.
func TestInlineAmid(t *testing.T) {
	constant := []byte("a constant in the middle")
	write := func(at uint64) []byte {
		b := newBuilder()
		shape := b.Ints([]int{len(constant)})
		tensors := b.Tables([]offset{b.Table(b.Ref(0, shape), b.Int8(1, int8(model.Uint8)), b.Int32(2, 1))})
		out, none := b.Ints([]int{0}), b.Ints([]int{})
		subgraphs := b.Tables([]offset{b.Table(b.Ref(0, tensors), b.Ref(1, none), b.Ref(2, out), b.Ref(3, none))})
		b.Bytes(constant) // What is written later comes before it.
		buffers := b.Tables([]offset{b.Table(), b.Table(b.Uint64(1, at), b.Uint64(2, uint64(len(constant))))})
		return b.Finish(b.Table(b.Int32(0, 3), b.Ref(1, none), b.Ref(2, subgraphs), b.Ref(4, buffers)), "TFL3")
	}
	at := bytes.Index(write(8), constant)
	require.Positive(t, at)
	_, after, _ := inline(t, write(uint64(at)))
	require.NoError(t, after.Verify())
	assert.Equal(t, constant, after.Subgraphs[0].Tensors[0].Data)
}

// TestInlineTruncated cuts a model with constants behind it everywhere: its answer is an
// error, or a model with all of them.
func TestInlineTruncated(t *testing.T) {
	b := tflitewriter.Behind(build(classifier()))
	for n := range b {
		m, err := model.Parse(b[:n])
		if err != nil {
			require.ErrorIs(t, err, model.ErrBadModel)
			continue
		}
		_, err = m.Inline()
		require.NoError(t, err)
	}
	_, err := model.Parse(b[:len(b)-1])
	require.ErrorContains(t, err, "truncated or damaged")
}

// TestInlineLimit has contents that share bytes, and are gigabytes each for itself.
func TestInlineLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a file of 400 MB")
	}
	write := func(size int) []byte {
		b := newBuilder()
		buffers := make([]offset, 7)
		for i := range buffers {
			buffers[i] = b.Table(b.Uint64(1, uint64(8+i)), b.Uint64(2, uint64(max(size, 16)-16)))
		}
		all, none := b.Tables(buffers), b.Ints([]int{})
		return b.Finish(b.Table(b.Int32(0, 3), b.Ref(1, none), b.Ref(2, none), b.Ref(4, all)), "TFL3")
	}
	const size = 400 << 20
	file := make([]byte, size) // Its pages are never touched, but for the first.
	copy(file, write(size))
	m, err := model.Parse(file)
	require.NoError(t, err)
	_, err = m.Inline()
	require.ErrorIs(t, err, model.ErrMemory)
	assert.NotErrorIs(t, err, model.ErrBadModel)
	assert.ErrorContains(t, err, "the limit of the format is 2147483647")
}
