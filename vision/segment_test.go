package vision_test

import (
	"encoding/json"
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// ints is an output of 64-bit integers, as ARG_MAX has it.
func ints(shape []int, x ...int64) tflite.Value {
	return tflite.Value{TensorInfo: tflite.TensorInfo{Name: "out", Type: tflite.TypeInt64, Shape: shape}, Data: x}
}

func TestDecodeSegmentation(t *testing.T) {
	labels := vision.Labels{0: "background", 1: "cat", 2: "dog"}
	for name, c := range map[string]struct {
		out  tflite.Value
		want []uint16
		opts []vision.Option
	}{
		"classes":                 {ints([]int{1, 2, 3}, 0, 1, 2, 2, 2, 2), []uint16{0, 1, 2, 2, 2, 2}, nil},
		"classes with channel":    {ints([]int{1, 2, 3, 1}, 0, 1, 2, 2, 2, 2), []uint16{0, 1, 2, 2, 2, 2}, nil},
		"classes without batch":   {ints([]int{2, 3}, 0, 1, 2, 2, 2, 2), []uint16{0, 1, 2, 2, 2, 2}, nil},
		"bytes":                   {quantized([]int{1, 2, 3}, 0, 0, 0, 1, 2, 200, 2, 2), []uint16{0, 1, 2, 200, 2, 2}, nil},
		"bytes of scale 1":        {quantized([]int{1, 2, 3}, 1, 0, 0, 1, 2, 2, 2, 2), []uint16{0, 1, 2, 2, 2, 2}, nil},
		"logits":                  {output([]int{1, 2, 3, 2}, 1, 0, 0, 1, -3, -2, 5, 5, nan, -9, 0, nan), []uint16{0, 1, 1, 0, 1, 0}, nil},
		"quantised logits":        {quantized([]int{1, 2, 3, 2}, 0.1, 9, 1, 0, 0, 1, 30, 31, 5, 5, 0, 255, 255, 254), []uint16{0, 1, 1, 0, 1, 0}, nil},
		"logits by channel":       {output([]int{1, 4, 2, 3}, append([]float32{9, 0, 0, 0, 0, 0, 1, 8, 1, 1, 1, 1, 0, 0, 8, 0, 0, 2}, make([]float32, 6)...)...), []uint16{0, 1, 2, 1, 1, 2}, nil},
		"mask":                    {output([]int{1, 2, 3, 1}, 0.5, 0.49, 1, nan, -1, 7), []uint16{1, 0, 1, 0, 0, 1}, nil},
		"mask without channel":    {output([]int{1, 2, 3}, 0.5, 0.49, 1, 0, -1, 7), []uint16{1, 0, 1, 0, 0, 1}, nil},
		"mask with threshold":     {output([]int{1, 2, 3}, 0.5, 0.49, 1, 0, -1, 7), []uint16{0, 0, 1, 0, 0, 1}, []vision.Option{vision.WithThreshold(0.6)}},
		"quantised mask":          {quantized([]int{1, 2, 3, 1}, 1./255, 0, 127, 128, 0, 255, 3, 200), []uint16{0, 1, 0, 1, 0, 1}, nil},
		"logits of a square of 3": {output([]int{1, 2, 3, 3}, 3, 2, 1, 1, 2, 3, 1, 3, 2, 0, 0, 0, 0, 0, 1, 0, 1, 0), []uint16{0, 2, 1, 0, 2, 1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vision.DecodeSegmentation(result(image.Pt(30, 20), 3, 2, c.out), append(c.opts, vision.WithLabels(labels))...)
			require.NoError(t, err)
			assert.Equal(t, vision.ClassMap{Width: 3, Height: 2, IDs: c.want, Part: image.Rect(0, 0, 30, 20)}, got.Map)
		})
	}
}

func TestSegmentationShares(t *testing.T) {
	r := result(image.Pt(30, 20), 3, 2, ints([]int{1, 2, 3}, 0, 1, 2, 2, 2, 7))
	got, err := vision.DecodeSegmentation(r, vision.WithLabels(vision.Labels{0: "ground", 2: "dog"}))
	require.NoError(t, err)
	assert.Equal(t, []vision.ClassShare{{2, "dog", 0.5}, {0, "ground", 1. / 6}, {1, "1", 1. / 6}, {7, "7", 1. / 6}}, got.Classes)
	got, err = vision.DecodeSegmentation(r, vision.WithTopK(1))
	require.NoError(t, err)
	assert.Equal(t, []vision.ClassShare{{2, "2", 0.5}}, got.Classes)
	text, err := json.Marshal(got)
	require.NoError(t, err)
	assert.JSONEq(t, `{"classes":[{"id":2,"label":"2","fraction":0.5}]}`, string(text))
}

// The one label that a mask's model comes with is what it looks for, and not the rest.
func TestMaskLabel(t *testing.T) {
	r := result(image.Pt(2, 2), 2, 2, output([]int{1, 2, 2, 1}, 0, 1, 0, 1))
	got, err := vision.DecodeSegmentation(r, vision.WithLabels(vision.Labels{0: "person"}))
	require.NoError(t, err)
	assert.Equal(t, []vision.ClassShare{{0, "background", 0.5}, {1, "person", 0.5}}, got.Classes)
	assert.Empty(t, got.Warnings)
}

func TestSegmentationWarnsOfLabels(t *testing.T) {
	r := result(image.Pt(2, 1), 2, 1, zeros(1, 1, 2, 5))
	got, err := vision.DecodeSegmentation(r, vision.WithLabels(vision.Labels{0: "a", 1: "b"}))
	require.NoError(t, err)
	require.Len(t, got.Warnings, 1)
	assert.Contains(t, got.Warnings[0], "2 labels for the model's 5 classes")
}

// What lies beside the picture in the input is no part of the map, in a map of the input's
// size as in a smaller one.
func TestSegmentationLetterbox(t *testing.T) {
	for name, c := range map[string]struct {
		side int
		want vision.ClassMap
	}{
		"as large as the input": {8, vision.ClassMap{Width: 8, Height: 4}},
		"half as large":         {4, vision.ClassMap{Width: 4, Height: 2}},
		"two rows":              {2, vision.ClassMap{Width: 2, Height: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			x := make([]int64, c.side*c.side)
			for k := range x {
				if top := k / c.side * 8 / c.side; top >= 2 && top < 6 || c.side == 2 { // the row's upper edge, of 8
					x[k] = 1
				}
			}
			r := result(image.Pt(80, 40), 8, 8, ints([]int{1, c.side, c.side}, x...))
			r.Placement.Area = image.Rect(0, 2, 8, 6)
			got, err := vision.DecodeSegmentation(r)
			require.NoError(t, err)
			assert.Equal(t, c.want.Width, got.Map.Width)
			assert.Equal(t, c.want.Height, got.Map.Height)
			assert.Equal(t, image.Rect(0, 0, 80, 40), got.Map.Part)
			assert.Equal(t, []vision.ClassShare{{1, "1", 1}}, got.Classes)
		})
	}
}

func TestDecodeSegmentationErrors(t *testing.T) {
	for name, c := range map[string]struct {
		out  tflite.Value
		err  error
		says string
		opts []vision.Option
	}{
		"a classifier":     {zeros(1, 1000), vision.ErrModel, `output "out" is float32 [1 1000], one that segments has a map`, nil},
		"boxes of an SSD":  {zeros(1, 10, 4), vision.ErrModel, `output "out" of shape [1 10 4] has not the proportions of the input`, nil},
		"a vector":         {zeros(9), vision.ErrModel, `output "out" is float32 [9], one that segments has a map of classes, such as [1 height width]`, nil},
		"a class below 0":  {ints([]int{1, 2, 2}, 0, 0, 0, -1), vision.ErrModel, "class -1, classes go from 0 to 65535", nil},
		"a class too high": {ints([]int{1, 2, 2}, 65536, 1, 0, 0), vision.ErrModel, "class 65536", nil},
		"too many classes": {zeros(1, 1, 2, 65537), vision.ErrModel, "[1 1 2 65537]", nil},
		"a threshold":      {ints([]int{1, 2, 2}, 0, 1, 0, 1), vision.ErrOption, "WithThreshold is for a mask", []vision.Option{vision.WithThreshold(0.5)}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vision.DecodeSegmentation(result(image.Pt(2, 2), 2, 2, c.out), c.opts...)
			require.ErrorIs(t, err, c.err)
			assert.ErrorContains(t, err, c.says)
			assert.ErrorContains(t, err, "vision: segment: ")
		})
	}
}

func TestDecodeSegmentationHostile(t *testing.T) {
	for name, outputs := range hostile([]int{1, 2, 3, 4}) {
		t.Run(name, func(t *testing.T) {
			got, err := vision.DecodeSegmentation(result(image.Pt(30, 20), 3, 2, outputs...))
			if err != nil {
				assert.Zero(t, got)
				return
			}
			assert.Len(t, got.Map.IDs, got.Map.Width*got.Map.Height)
		})
	}
	_, err := vision.DecodeSegmentation(vision.Result{Outputs: []tflite.Value{zeros(1, 2, 3, 4)}})
	require.ErrorIs(t, err, vision.ErrSize, "no placement")
}

func FuzzDecodeSegmentation(f *testing.F) {
	shapes := [][]int{{1, 2, 3, 4}, {1, 2, 3}, {1, 2, 3, 1}, {2, 3}, {1, 4, 2, 3}, {}}
	for k := range shapes {
		f.Add(seed(shapes, k), uint8(3), uint8(2))
	}
	f.Fuzz(func(t *testing.T, data []byte, width, height uint8) {
		got, err := vision.DecodeSegmentation(result(image.Pt(30, 20), int(width), int(height), fuzzedOutputs(shapes, data)...))
		if err != nil {
			assert.Zero(t, got)
			return
		}
		assert.Len(t, got.Map.IDs, got.Map.Width*got.Map.Height)
		assert.NotEmpty(t, got.Classes)
		_, err = got.Map.Scaled(7, 5)
		require.NoError(t, err)
	})
}

// The whole way: a picture of four colours, and a model that says which of its channels is
// the brightest.
func TestSegment(t *testing.T) {
	s := open(t, brightness())
	img := image.NewRGBA(image.Rect(10, 10, 26, 18))
	for y := range 8 {
		for x := range 16 {
			img.Set(10+x, 10+y, []color.Color{red, blue}[x/8])
		}
	}
	for fit, want := range map[vision.Fit]vision.ClassMap{
		vision.Stretch:   {Width: 4, Height: 4, IDs: []uint16{0, 0, 2, 2, 0, 0, 2, 2, 0, 0, 2, 2, 0, 0, 2, 2}},
		vision.Letterbox: {Width: 4, Height: 2, IDs: []uint16{0, 0, 2, 2, 0, 0, 2, 2}},
	} {
		want.Part = image.Rect(0, 0, 16, 8)
		got, err := vision.Segment(t.Context(), s, img, vision.WithFit(fit), vision.WithLabels(rgb))
		require.NoError(t, err)
		assert.Equal(t, want, got.Map)
		assert.Equal(t, []vision.ClassShare{{0, "red", 0.5}, {2, "blue", 0.5}}, got.Classes)
		assert.Positive(t, got.Invoke)
		assert.Positive(t, got.Decode)
	}
}
