package model_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

func TestSameInterface(t *testing.T) {
	assert.NoError(t, model.SameInterface(parse(t, classifier()), parse(t, compiled())))

	renamed := compiled()
	renamed.Subgraphs[0].Tensors[0].Name = "something else"
	assert.NoError(t, model.SameInterface(classifier(), renamed))
}

func TestSameInterfaceFaults(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *model.Subgraph)
		want   string
	}{
		"inputs":     {func(s *model.Subgraph) { s.Inputs = []int{0, 0} }, "1 inputs and 2"},
		"outputs":    {func(s *model.Subgraph) { s.Outputs = []int{} }, "1 outputs and 0"},
		"type":       {func(s *model.Subgraph) { s.Tensors[0].Type = model.Int8 }, `input 0 ("pixels") has type uint8 and int8`},
		"shape":      {func(s *model.Subgraph) { s.Tensors[4].Shape[1] = 4 }, `output 0 ("scores") has shape [1 3] and [1 4]`},
		"rank":       {func(s *model.Subgraph) { s.Tensors[4].Shape = []int{3} }, "has shape [1 3] and [3]"},
		"scale":      {func(s *model.Subgraph) { s.Tensors[4].Quantization.Scale = 1.0 / 255 }, "has scale 0.00390625 and 0.003921569"},
		"zero point": {func(s *model.Subgraph) { s.Tensors[0].Quantization.ZeroPoint = 127 }, "has zero point 128 and 127"},
		"scales": {func(s *model.Subgraph) {
			s.Tensors[4].Quantization.Scales = []float32{1.0 / 256, 1}
		}, "has scales [0.00390625] and [0.00390625 1]"},
		"zero points": {func(s *model.Subgraph) {
			s.Tensors[4].Quantization.ZeroPoints = []int{0, 0}
		}, "has zero points [0] and [0 0]"},
	} {
		t.Run(name, func(t *testing.T) {
			other := compiled()
			c.change(&other.Subgraphs[0])
			err := model.SameInterface(classifier(), other)
			require.ErrorIs(t, err, model.ErrTwinMismatch)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestSameInterfacePerChannel(t *testing.T) {
	perChannel := func(dimension int) *model.Model {
		m := classifier()
		m.Subgraphs[0].Tensors[4].Quantization = model.Quantization{
			Scale: 1, Scales: []float32{1, 2, 3}, ZeroPoints: []int{0, 0, 0}, Dimension: dimension,
		}
		return m
	}
	assert.NoError(t, model.SameInterface(perChannel(1), perChannel(1)))
	assert.ErrorContains(t, model.SameInterface(perChannel(1), perChannel(0)), "quantised dimension 1 and 0")
}

// TestSameInterfaceOrder exchanges two outputs that only their names tell apart.
func TestSameInterfaceOrder(t *testing.T) {
	two := func(first, second string) *model.Model {
		m := classifier()
		s := &m.Subgraphs[0]
		s.Tensors[3].Name, s.Tensors[4].Name = first, second
		s.Tensors[3].Quantization = s.Tensors[4].Quantization
		s.Outputs = []int{3, 4}
		return m
	}
	assert.NoError(t, model.SameInterface(two("a", "b"), two("a", "b")))
	assert.NoError(t, model.SameInterface(two("a", "b"), two("x", "y")))
	assert.NoError(t, model.SameInterface(two("", ""), two("", "")))
	err := model.SameInterface(two("a", "b"), two("b", "a"))
	require.ErrorIs(t, err, model.ErrTwinMismatch)
	assert.ErrorContains(t, err, `output 0 ("a") has name "a" and "b"`)
}

func TestTwinPath(t *testing.T) {
	for path, want := range map[string]string{
		"x.tflite":                          "x_edgetpu.tflite",
		"dir.d/x.tflite":                    "dir.d/x_edgetpu.tflite",
		"X.TFLITE":                          "X_edgetpu.TFLITE",
		"x":                                 "x_edgetpu",
		"dir.d/x":                           "dir.d/x_edgetpu",
		"mobilenet_v1_0.25_128_quant":       "mobilenet_v1_0.25_128_quant_edgetpu",
		"mobilenet_v1_0.25_128":             "mobilenet_v1_0.25_128_edgetpu",
		"x.lite":                            "x_edgetpu.lite",
		"dir_edgetpu/x.tflite":              "dir_edgetpu/x_edgetpu.tflite",
		"x_segment_0_of_2.tflite":           "x_segment_0_of_2_edgetpu.tflite",
		"efficientnet_edgetpu_quant.tflite": "efficientnet_edgetpu_quant_edgetpu.tflite",
		"x_edgetpu_edgetpu.tflite":          "x_edgetpu.tflite",
	} {
		compiled, cpu := want, path
		if model.IsTwinPath(path) {
			assert.Equal(t, want, model.TwinPath(path), "%q", path)
			continue
		}
		assert.Equal(t, compiled, model.TwinPath(cpu), "%q", cpu)
		assert.Equal(t, cpu, model.TwinPath(compiled), "%q", compiled)
		assert.True(t, model.IsTwinPath(compiled), "%q", compiled)
	}
	assert.Equal(t, "X.TFLITE", model.TwinPath("X_EDGETPU.TFLITE"))
	assert.Equal(t, "x", model.TwinPath("x_EdgeTPU"))
	for _, name := range []string{"_edgetpu.tflite", "d/_edgetpu.tflite", "edgetpu.tflite", ".tflite", ""} {
		assert.False(t, model.IsTwinPath(name), "%q", name)
	}
	assert.Equal(t, "_edgetpu_edgetpu.tflite", model.TwinPath("_edgetpu.tflite"))
	assert.Empty(t, model.TwinPath(""))
	assert.Empty(t, model.TwinPath(".tflite"))
}

func FuzzTwinPath(f *testing.F) {
	for _, path := range []string{"x.tflite", "a/b_edgetpu.tflite", "x_EDGETPU", ".tflite", "a.b/", "\xff_edgetpu"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if twin := model.TwinPath(path); twin != "" && !model.IsTwinPath(path) {
			assert.Equal(t, path, model.TwinPath(twin), "%q", twin)
		}
	})
}

// TestTwinOfUnknownRank has a tensor whose shape only one of two models says.
func TestTwinOfUnknownRank(t *testing.T) {
	open := classifier()
	open.Subgraphs[0].Tensors[4].Shape, open.Subgraphs[0].Tensors[4].HasRank = nil, false
	require.True(t, parse(t, open).Outputs()[0].UnknownRank)
	assert.NoError(t, model.SameInterface(parse(t, open), parse(t, classifier())))
	assert.NoError(t, model.SameInterface(parse(t, classifier()), parse(t, open)))
}

// What one of the forms leaves open goes with any size of the other.
func TestSameInterfaceOfOpenDimensions(t *testing.T) {
	open := classifier()
	open.Subgraphs[0].Tensors[0].ShapeSignature = slices.Clone(open.Subgraphs[0].Tensors[0].Shape)
	open.Subgraphs[0].Tensors[0].ShapeSignature[0] = -1
	open.Subgraphs[0].Tensors[0].Shape = slices.Clone(open.Subgraphs[0].Tensors[0].Shape)
	open.Subgraphs[0].Tensors[0].Shape[0] = 7
	require.NoError(t, model.SameInterface(open, compiled()))
	open.Subgraphs[0].Tensors[0].Shape[1]++ // which is not open
	require.ErrorIs(t, model.SameInterface(open, compiled()), model.ErrTwinMismatch)
}
