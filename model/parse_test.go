package model_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

func TestParse(t *testing.T) {
	want := classifier()
	got := parse(t, want)

	assert.Equal(t, 3, got.Version)
	assert.Equal(t, want.Description, got.Description)
	assert.Equal(t, "2.3.0", got.MinRuntimeVersion)
	assert.Equal(t, want.Signatures, got.Signatures)
	assert.Equal(t, want.Metadata, got.Metadata)
	assert.Equal(t, 5, got.Buffers, "the empty one, two constants and two blobs of metadata")

	require.Len(t, got.Subgraphs, 1)
	for i := range want.Subgraphs[0].Tensors {
		want.Subgraphs[0].Tensors[i].Index = i
	}
	want.Subgraphs[0].Tensors[1].Buffer = 1
	want.Subgraphs[0].Tensors[2].Buffer = 2
	assert.Equal(t, want.Subgraphs, got.Subgraphs)
}

func TestParseFile(t *testing.T) {
	m, err := model.ReadFile("testdata/pets.tflite")
	require.NoError(t, err)
	assert.Equal(t, "pixels", m.Inputs()[0].Name)

	_, err = model.ReadFile("testdata/absent.tflite")
	require.ErrorContains(t, err, "absent.tflite")

	fsys := fstest.MapFS{
		"models/good.tflite": {Data: build(classifier())},
		"models/bad.tflite":  {Data: []byte("bad")},
	}
	m, err = model.ReadFS(fsys, "models/good.tflite")
	require.NoError(t, err)
	assert.Equal(t, "scores", m.Outputs()[0].Name)

	_, err = model.ReadFS(fsys, "models/bad.tflite")
	require.ErrorIs(t, err, model.ErrBadModel)
	require.ErrorContains(t, err, "models/bad.tflite")

	_, err = model.ReadFS(fsys, "models/absent.tflite")
	require.ErrorContains(t, err, "absent.tflite")
}

func TestParseTellsWhatAFileIs(t *testing.T) {
	for begin, want := range map[string]string{
		"":                             "empty",
		"\x01\x02":                     "2 bytes are too short",
		"version https://git-lfs.gith": "git lfs pull",
		"PK\x03\x04\x14\x00\x00\x00":   "ZIP archive",
		"\x89HDF\r\n\x1a\n":            "Keras HDF5",
		"\x89PNG\r\n\x1a\n":            "PNG image",
		"<!DOCTYPE html><html>":        "HTML or XML page",
		"background\nperson\nbicycle":  `text file, beginning with "background\nperson\nbi"`,
		"\x1c\x00\x00\x00DWN1abcd":     `"DWN1" in place of "TFL3"`,
		"Etiqueta: ñandú":              "text file",
		strings.Repeat("é", 400):       "text file", // Byte 512 is within a character.
		"caf\xe9 au lait, in Latin-1.": "in place of",
	} {
		_, err := model.Parse([]byte(begin))
		require.ErrorIs(t, err, model.ErrBadModel, "%q", begin)
		assert.ErrorContains(t, err, want, "%q", begin)
	}
}

// TestParseTruncated cuts a model everywhere. Most cuts take away something that
// is needed; all that none may do is to end in anything but an answer.
func TestParseTruncated(t *testing.T) {
	b := build(classifier())
	failed := 0
	for n := range b {
		if _, err := model.Parse(b[:n]); err != nil {
			require.ErrorIs(t, err, model.ErrBadModel)
			failed++
		}
	}
	assert.Greater(t, failed, len(b)*9/10)
	_, err := model.Parse(b[:len(b)/2])
	assert.ErrorContains(t, err, "truncated or damaged")
}

// TestParseEveryByte puts the values that hurt most in place of every byte and
// every aligned word.
func TestParseEveryByte(t *testing.T) {
	for _, original := range [][]byte{
		pack(build(classifier()), "labels.txt", labels),
		pack(build(compiled()), "labels.txt", labels),
	} {
		b := make([]byte, len(original))
		for i := range original {
			for _, v := range []byte{0, 0xff, original[i] ^ 4} {
				copy(b, original)
				b[i] = v
				useAll(b)
			}
			if i%4 == 0 && i+4 <= len(b) {
				for _, v := range []uint32{1, 1<<31 - 1, 1<<32 - 1, uint32(len(b))} {
					copy(b, original)
					binary.LittleEndian.PutUint32(b[i:], v)
					useAll(b)
				}
			}
		}
	}
}

// TestParseSharedParts refers to one large table very often. Each reference is
// legal, all together would take gigabytes.
func TestParseSharedParts(t *testing.T) {
	b := newBuilder()
	name := b.String(strings.Repeat("x", 1<<16))
	tensor := b.Table(b.Ref(3, name))
	many := make([]offset, 1<<16)
	for i := range many {
		many[i] = tensor
	}
	tensors := b.Tables(many)
	subgraphs := b.Tables([]offset{b.Table(b.Ref(0, tensors))})
	file := b.Finish(b.Table(b.Int32(0, 3), b.Ref(2, subgraphs)), "TFL3")

	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := model.Parse(file)
			require.ErrorIs(b, err, model.ErrBadModel)
			require.ErrorContains(b, err, "far too often")
		}
	}).AllocedBytesPerOp()
	assert.Less(t, allocated, int64(64<<20), "a file of %d bytes", len(file))
}

// TestParseLargeModel reads content that lies behind the FlatBuffer, as in models
// of more than 2 GB.
func TestParseLargeModel(t *testing.T) {
	options := []byte("options behind the model")
	write := func(position, size uint64) []byte {
		b := newBuilder()
		weights := b.Table(b.Uint64(1, position), b.Uint64(2, size))
		placeholder := b.Table(b.Uint64(1, 1))
		buffers := b.Tables([]offset{b.Table(), weights, placeholder})
		codes := b.Tables([]offset{b.Table(b.Int8(0, opCustom))})
		shape := b.Ints([]int{4})
		constant := b.Table(b.Ref(0, shape), b.Int8(1, int8(model.Uint8)), b.Int32(2, 1))
		empty := b.Table(b.Int32(2, 2))
		tensors := b.Tables([]offset{constant, empty})
		operators := b.Tables([]offset{b.Table(b.Uint64(9, position+4), b.Uint64(10, uint64(len(options))))})
		ports := b.Ints([]int{})
		subgraphs := b.Tables([]offset{
			b.Table(b.Ref(0, tensors), b.Ref(1, ports), b.Ref(2, ports), b.Ref(3, operators)),
		})
		return b.Finish(b.Table(b.Int32(0, 3), b.Ref(1, codes), b.Ref(2, subgraphs), b.Ref(4, buffers)), "TFL3")
	}
	end := uint64(len(write(1<<20, 4)))
	file := append(append(write(end, 4), 1, 2, 3, 4), options...)

	m, err := model.Parse(file)
	require.NoError(t, err)
	s := m.Subgraphs[0]
	assert.Equal(t, []byte{1, 2, 3, 4}, s.Tensors[0].Data)
	assert.Empty(t, s.Tensors[1].Data, "offset 1 is a placeholder")
	assert.Equal(t, options, s.Operators[0].CustomOptions)
	assert.NoError(t, m.Verify())

	for _, position := range []uint64{end + 25, 1 << 40, 1<<64 - 2} {
		_, err = model.Parse(append(write(position, 4), file[end:]...))
		assert.ErrorIs(t, err, model.ErrBadModel, "offset %d of %d", position, len(file))
	}
}

func TestParseDanglingReferences(t *testing.T) {
	m := classifier()
	m.Subgraphs[0].Tensors[0].Buffer = 99
	_, err := model.Parse(build(m))
	require.ErrorIs(t, err, model.ErrBadModel)
	assert.ErrorContains(t, err, `"pixels" has its content in buffer 99 of 5`)

	b := newBuilder()
	operators := b.Tables([]offset{b.Table(b.Int32(0, 7))})
	subgraphs := b.Tables([]offset{b.Table(b.Ref(3, operators))})
	_, err = model.Parse(b.Finish(b.Table(b.Ref(2, subgraphs)), "TFL3"))
	require.ErrorIs(t, err, model.ErrBadModel)
	assert.ErrorContains(t, err, "operator 0: has code 7 of 0")
}

func TestParseForgivesMetadata(t *testing.T) {
	b := newBuilder()
	name := b.String("orphan")
	metadata := b.Tables([]offset{b.Table(b.Ref(0, name), b.Int32(1, 99))})
	m, err := model.Parse(b.Finish(b.Table(b.Ref(6, metadata)), "TFL3"))
	require.NoError(t, err)
	assert.Equal(t, []model.Metadata{{Name: "orphan"}}, m.Metadata)
}

// useAll calls everything that reads a model, and reports whether it parsed.
func useAll(b []byte) bool {
	m, err := model.Parse(b)
	if err != nil {
		return false
	}
	_ = m.Verify()
	_, _ = m.Inline()
	_, _ = m.Signature("serving_default")
	_, _, _ = m.Inputs(), m.Outputs(), m.Operators()
	_ = m.HasVariables()
	_, _ = m.EdgeTPU()
	_, _ = m.Info()
	for i := -1; i < 3; i++ {
		_, _ = m.LabelFile(i)
	}
	files, _ := m.AssociatedFiles()
	for _, f := range files {
		_, _ = f.Bytes()
	}
	_ = model.SameInterface(m, m)
	return true
}
