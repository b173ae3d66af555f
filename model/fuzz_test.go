package model_test

import (
	"testing"

	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
)

// FuzzParse reads any bytes with all that the package has. Run it for a while with
//
//	go test ./model -run '^$' -fuzz FuzzParse -parallel 1
func FuzzParse(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("version https://git-lfs.github.com/spec/v1\n"))
	f.Add(pack(build(classifier()), "labels.txt", labels))
	f.Add(pack(build(compiled()), "labels.txt", labels))
	f.Add(build(&model.Model{Version: 3, Subgraphs: []model.Subgraph{
		{Operators: []model.Operator{{BuiltinCode: opIf, Subgraphs: []int{1, 1}}}},
		{Tensors: []model.Tensor{{Type: model.String}, {Sparse: true}}},
	}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		useAll(b)
	})
}

// FuzzEdgeTPU reads any bytes as the options of the Edge TPU's operator, which
// FuzzParse seldom reaches through all the layers around them.
func FuzzEdgeTPU(f *testing.F) {
	options := compiled().Subgraphs[0].Operators[0].CustomOptions
	f.Add(options)
	for _, width := range []int{1, 2, 4, 8} {
		f.Add(flexMap(width, "4", []byte("\x08\x00\x00\x00DWN1")))
	}
	f.Fuzz(func(t *testing.T, options []byte) {
		m := compiled()
		m.Subgraphs[0].Operators[0].CustomOptions = options
		if tpu, err := m.EdgeTPU(); (tpu == nil) == (err == nil) {
			t.Errorf("EdgeTPU() = %v, %v", tpu, err)
		}
	})
}

// FuzzInfo reads any bytes as TFLITE_METADATA.
func FuzzInfo(f *testing.F) {
	f.Add(buildInfo(classifierInfo()))
	f.Fuzz(func(t *testing.T, metadata []byte) {
		m := classifier()
		m.Metadata[1].Data = metadata
		_, _ = m.Info()
		_, _ = m.LabelFile(0)
	})
}

// FuzzInline reads any bytes as a model with contents outside of the FlatBuffer. What it
// makes of them is bounded, and the contents of a model that can be run are the same.
func FuzzInline(f *testing.F) {
	f.Add(pack(tflitewriter.Behind(build(classifier())), "labels.txt", labels))
	f.Add(append(outsideModel(nil, 400, 20, 30), make([]byte, 500)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := model.Parse(b)
		if err != nil {
			return
		}
		inlined, err := m.Inline()
		if err != nil {
			t.Fatalf("Inline: %v", err)
		}
		if limit := 16*len(b) + 1<<20; len(inlined) > limit {
			t.Errorf("%d bytes become %d", len(b), len(inlined))
		}
		if again, err := model.Parse(inlined); err == nil {
			_ = again.Verify()
		}
	})
}

// FuzzSparse reads any bytes as the structure and the content of a sparse constant.
func FuzzSparse(f *testing.F) {
	f.Add([]byte{4, 4}, []byte{0, 1, 2}, []byte{0}, []byte{2, 0, 2}, []byte{0, 1, 2}, []byte{3, 0}, []byte{1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, shape, order, blocks, sizes, segments, indices, data []byte) {
		var levels []sparseLevel
		for _, size := range sizes {
			level := sparseLevel{size: int(int8(size))}
			if size == 0 {
				level.segments, level.indices, level.width = ints(segments), ints(indices), 4
			}
			levels = append(levels, level)
		}
		m, err := model.Parse(sparseModel(opDensify, ints(shape), ints(order), ints(blocks), levels, data))
		if err == nil {
			_ = m.Verify()
		}
	})
}

func ints(b []byte) []int {
	values := make([]int, len(b))
	for i, v := range b {
		values[i] = int(int8(v))
	}
	return values
}

// FuzzStrings reads any bytes as a constant of strings.
func FuzzStrings(f *testing.F) {
	f.Add(stringsOf("cat", "dog"), 2)
	f.Add(stringsOf(), 0)
	f.Fuzz(func(_ *testing.T, data []byte, n int) {
		m := classifier()
		m.Subgraphs[0].Tensors[1] = model.Tensor{Type: model.String, Shape: []int{n}, Data: data}
		_ = m.Verify()
	})
}
