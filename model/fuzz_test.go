package model_test

import (
	"testing"

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
		_, _ = m.Labels()
	})
}
