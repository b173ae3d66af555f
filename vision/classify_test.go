package vision_test

import (
	"context"
	"image"
	"image/color"
	"image/draw"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// plain is a picture of one colour.
func plain(c color.Color) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 20, 10))
	draw.Draw(img, img.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	return img
}

func TestClassify(t *testing.T) {
	s := open(t, colours())
	labels := vision.Labels{0: "red", 1: "green"}
	img := plain(color.RGBA{51, 102, 255, 255})
	for name, c := range map[string]struct {
		opts []vision.Option
		want []vision.Class
	}{
		"as it comes":    {nil, []vision.Class{{2, 1, "2"}, {1, 0.4, "1"}, {0, 0.2, "0"}}},
		"with labels":    {[]vision.Option{vision.WithLabels(labels)}, []vision.Class{{2, 1, "2"}, {1, 0.4, "green"}, {0, 0.2, "red"}}},
		"the best":       {[]vision.Option{vision.WithTopK(1)}, []vision.Class{{2, 1, "2"}}},
		"good ones":      {[]vision.Option{vision.WithThreshold(0.3)}, []vision.Class{{2, 1, "2"}, {1, 0.4, "1"}}},
		"none":           {[]vision.Option{vision.WithTopK(0)}, []vision.Class{}},
		"half as bright": {[]vision.Option{vision.WithNormalization(0, 510)}, []vision.Class{{2, 0.5, "2"}, {1, 0.2, "1"}, {0, 0.1, "0"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vision.Classify(t.Context(), s, img, c.opts...)
			require.NoError(t, err)
			require.Len(t, got.Classes, len(c.want))
			for k, want := range c.want {
				assert.Equal(t, want.ID, got.Classes[k].ID)
				assert.Equal(t, want.Label, got.Classes[k].Label)
				assert.InDelta(t, want.Score, got.Classes[k].Score, 0.003)
			}
			assert.Positive(t, got.Preprocess)
			assert.Positive(t, got.Invoke)
		})
	}
}

// Every type of input and output that classifiers come with gives the same answer.
func TestClassifyTypes(t *testing.T) {
	shape, scores := []int32{1, 8, 8, 3}, []int32{1, 3}
	for name, c := range map[string]struct {
		in, out port
		opts    []vision.Option
	}{
		"uint8":   {port{tflite.TypeUint8, shape, nil, 1. / 255, 0}, port{tflite.TypeUint8, scores, nil, 1. / 255, 0}, nil},
		"int8":    {port{tflite.TypeInt8, shape, nil, 1. / 255, -128}, port{tflite.TypeInt8, scores, nil, 1. / 255, -128}, nil},
		"float32": {port{typ: tflite.TypeFloat32, shape: shape}, port{typ: tflite.TypeFloat32, shape: scores}, []vision.Option{vision.WithNormalization(0, 255)}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vision.Classify(t.Context(), open(t, meanModel(c.in, c.out)), plain(color.RGBA{51, 102, 255, 255}), c.opts...)
			require.NoError(t, err)
			require.Len(t, got.Classes, 3)
			for k, score := range []float64{1, 0.4, 0.2} {
				assert.Equal(t, 2-k, got.Classes[k].ID)
				assert.InDelta(t, score, got.Classes[k].Score, 0.005)
			}
		})
	}
}

func TestClassifyOtherModels(t *testing.T) {
	picture := port{typ: tflite.TypeUint8, shape: []int32{1, 2, 2, 3}}
	one := []port{picture}
	for name, c := range map[string]struct {
		inputs, outputs []port
		says            string
	}{
		"two inputs":    {[]port{picture, picture}, []port{{typ: tflite.TypeUint8, shape: []int32{1, 12}}}, "it has 2 inputs and 1 outputs"},
		"a detector":    {one, []port{{typ: tflite.TypeUint8, shape: []int32{1, 3, 4}}}, "shape [1 3 4], an image classifier's has one dimension with the classes"},
		"a segmenter":   {one, []port{{typ: tflite.TypeUint8, shape: []int32{1, 2, 2, 3}}}, "shape [1 2 2 3]"},
		"not a picture": {[]port{{typ: tflite.TypeUint8, shape: []int32{1, 12}}}, []port{{typ: tflite.TypeUint8, shape: []int32{1, 12}}}, "shape [1 12], a picture needs"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vision.Classify(t.Context(), open(t, portsModel(c.inputs, c.outputs)), plain(red))
			require.ErrorIs(t, err, vision.ErrModel)
			assert.ErrorContains(t, err, "vision: classify: the model is not made for this task: ")
			assert.ErrorContains(t, err, c.says)
		})
	}
	t.Run("scores without a scale", func(t *testing.T) {
		s := open(t, portsModel(one, []port{{typ: tflite.TypeUint8, shape: []int32{1, 12}}}))
		_, err := vision.Classify(t.Context(), s, plain(red))
		require.ErrorIs(t, err, vision.ErrType)
	})
}

func TestClassifyErrors(t *testing.T) {
	s := open(t, colours())
	_, err := vision.Classify(t.Context(), s, nil)
	require.ErrorIs(t, err, vision.ErrSize)
	_, err = vision.Classify(t.Context(), s, plain(red), vision.WithNormalization(0, 0))
	require.ErrorIs(t, err, vision.ErrRange)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := vision.Classify(ended, s, plain(red))
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, got)

	require.NoError(t, s.Close())
	_, err = vision.Classify(t.Context(), s, plain(red))
	require.ErrorIs(t, err, coral.ErrClosed)
}

func TestClassifyConcurrently(t *testing.T) {
	s := open(t, colours(), coral.WithInterpreters(2))
	var group sync.WaitGroup
	for k := range 8 {
		group.Go(func() {
			id := k % 3
			for range 50 {
				got, err := vision.Classify(t.Context(), s, plain([]color.Color{red, green, blue}[id]), vision.WithTopK(1))
				if assert.NoError(t, err) {
					assert.Equal(t, id, got.Classes[0].ID)
				}
			}
		})
	}
	group.Wait()
}
