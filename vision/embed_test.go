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

func TestEmbed(t *testing.T) {
	s := open(t, colours()) // red, green and blue of a picture are a vector, too
	got, err := vision.Embed(t.Context(), s, plain(color.RGBA{153, 204, 0, 255}))
	require.NoError(t, err)
	assert.InDeltaSlice(t, []float32{0.6, 0.8, 0}, got.Vector, 0.003)
	assert.Positive(t, got.Invoke)
	_, err = vision.Embed(t.Context(), s, plain(color.Black))
	require.ErrorIs(t, err, vision.ErrModel)
	assert.ErrorContains(t, err, "a vector of 3 numbers has the length 0")
	_, err = vision.Embed(t.Context(), s, plain(red), vision.WithTopK(1))
	require.ErrorIs(t, err, vision.ErrOption)
}

func TestDecodeEmbedding(t *testing.T) {
	for name, out := range map[string]tflite.Value{
		"float": output([]int{1, 2}, 30, 40), "with space": output([]int{1, 1, 1, 2}, 3e30, 4e30), "quantised": quantized([]int{1, 2}, 0.5, 10, 16, 18),
		"small": output([]int{2}, 3e-30, 4e-30),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vision.DecodeEmbedding(result(image.Pt(9, 9), 8, 8, out))
			require.NoError(t, err)
			assert.InDeltaSlice(t, []float32{0.6, 0.8}, got.Vector, 1e-6)
			text, err := json.Marshal(got)
			require.NoError(t, err)
			assert.Contains(t, string(text), `{"vector":[0.`)
		})
	}
	_, err := vision.DecodeEmbedding(result(image.Pt(9, 9), 8, 8, zeros(1, 7, 7, 1280)))
	require.ErrorIs(t, err, vision.ErrModel)
	assert.ErrorContains(t, err, "its outputs are float32 [1 7 7 1280]; the first one of a model that embeds is a vector, such as [1 1024]")
	for name, outputs := range hostile([]int{1, 4}) {
		got, err := vision.DecodeEmbedding(result(image.Pt(9, 9), 8, 8, outputs...))
		if name != "huge" {
			require.Error(t, err, name)
			assert.Zero(t, got, name)
		}
	}
}

func FuzzDecodeEmbedding(f *testing.F) {
	shapes := [][]int{{1, 8}, {1, 1, 1, 8}, {8}}
	f.Add(seed(shapes, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := vision.DecodeEmbedding(result(image.Pt(30, 20), 8, 8, fuzzedOutputs(shapes, data)...))
		if err != nil {
			assert.Zero(t, got)
			return
		}
		cosine, err := vision.Cosine(got.Vector, got.Vector)
		require.NoError(t, err)
		assert.InDelta(t, 1, cosine, 1e-6)
	})
}

func TestCosine(t *testing.T) {
	for _, c := range []struct {
		a, b []float32
		want float32
	}{
		{[]float32{1, 2}, []float32{2, 4}, 1}, {[]float32{1, 0}, []float32{0, 5}, 0}, {[]float32{1, 1}, []float32{-2, -2}, -1}, {[]float32{3, 4}, []float32{1, 0}, 0.6},
	} {
		got, err := vision.Cosine(c.a, c.b)
		require.NoError(t, err)
		assert.InDelta(t, c.want, got, 1e-6)
	}
	_, err := vision.Cosine([]float32{1}, []float32{1, 2})
	require.ErrorIs(t, err, vision.ErrSize)
	for _, bad := range []float32{0, nan, infinity} {
		_, err = vision.Cosine([]float32{bad}, []float32{1})
		require.ErrorIs(t, err, vision.ErrRange)
		_, err = vision.Cosine([]float32{1}, []float32{bad})
		require.ErrorIs(t, err, vision.ErrRange)
	}
}
