package vision_test

import (
	"encoding/json"
	"image"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// anchorsOf are the anchors' places, from 0 to 1, of grids of so many cells a side and anchors
// a cell.
func anchorsOf(layers ...[2]int) (at [][2]float64) {
	for _, l := range layers {
		for y := range l[0] {
			for x := range l[0] {
				for range l[1] {
					at = append(at, [2]float64{(float64(x) + 0.5) / float64(l[0]), (float64(y) + 0.5) / float64(l[0])})
				}
			}
		}
	}
	return at
}

// blazeHead is the inverse of the decoding.
type blazeHead struct {
	size            float64
	anchors         [][2]float64
	scores, numbers []float32
}

func newBlazeHead(size float64, layers ...[2]int) *blazeHead {
	h := &blazeHead{size: size, anchors: anchorsOf(layers...)}
	h.scores, h.numbers = make([]float32, len(h.anchors)), make([]float32, 16*len(h.anchors))
	for k := range h.scores {
		h.scores[k] = -100
	}
	return h
}

// set has an anchor say that there is a face: a box, and landmarks along its diagonal.
func (h *blazeHead) set(anchor int, score float64, b vision.Box) {
	h.scores[anchor] = float32(math.Log(score / (1 - score)))
	n, a := h.numbers[16*anchor:], h.anchors[anchor]
	n[0] = float32((float64(b.XMin+b.XMax)/2 - a[0]) * h.size)
	n[1] = float32((float64(b.YMin+b.YMax)/2 - a[1]) * h.size)
	n[2], n[3] = float32(float64(b.Width())*h.size), float32(float64(b.Height())*h.size)
	for l := range 6 {
		t := float32(l) / 5
		n[4+2*l] = float32((float64(b.XMin+t*b.Width()) - a[0]) * h.size)
		n[5+2*l] = float32((float64(b.YMin+t*b.Height()) - a[1]) * h.size)
	}
}

func (h *blazeHead) outputs() []tflite.Value {
	n := len(h.anchors)
	return []tflite.Value{output([]int{1, n, 16}, h.numbers...), output([]int{1, n, 1}, h.scores...)}
}

func requireBox(t testing.TB, want, got vision.Box, delta float64) {
	t.Helper()
	for k, c := range [][2]float32{{want.XMin, got.XMin}, {want.YMin, got.YMin}, {want.XMax, got.XMax}, {want.YMax, got.YMax}} {
		require.InDelta(t, c[0], c[1], delta, "%d: want %v, got %v", k, want, got)
	}
}

// The models, by their input's size.
var blazeFaces = map[int][][2]int{128: {{16, 2}, {8, 6}}, 256: {{16, 2}, {8, 6}}, 192: {{48, 1}}}

func TestDecodeFaces(t *testing.T) {
	for size, layers := range blazeFaces {
		h := newBlazeHead(float64(size), layers...)
		left, right := box(0.1, 0.2, 0.3, 0.5), box(0.6, 0.3, 0.9, 0.7)
		h.set(7, 0.8, left)
		h.set(len(h.anchors)-3, 0.9, right)
		h.set(100, 0.49, box(0.4, 0.8, 0.5, 0.9))
		outputs := h.outputs()
		for _, order := range [][]tflite.Value{outputs, {outputs[1], outputs[0]}} {
			r := result(image.Pt(400, 200), size, size, order...)
			r.Placement.Area = image.Rect(0, size/4, size, size*3/4)
			got, err := vision.DecodeFaces(r)
			require.NoError(t, err)
			require.Len(t, got.Faces, 2)
			assert.InDelta(t, 0.9, got.Faces[0].Score, 1e-5)
			// 400 pixels are the input's width, and a quarter of its height lies above them.
			requireBox(t, box(240, 20, 360, 180), got.Faces[0].Box, 1e-2)
			requireBox(t, box(40, 0, 120, 100), got.Faces[1].Box, 1e-2) // above the picture it ends at the edge
			require.Len(t, got.Faces[0].Landmarks, 6)
			first, last := got.Faces[0].Landmarks[0], got.Faces[0].Landmarks[5]
			assert.Equal(t, "right_eye", first.Name)
			assert.Equal(t, "left_ear", last.Name)
			assert.InDelta(t, 0.6, first.X, 1e-4)
			assert.InDelta(t, 0.1, first.Y, 1e-4)
			assert.InDelta(t, 0.9, last.X, 1e-4)
			assert.InDelta(t, 0.9, last.Y, 1e-4)
		}
	}
}

func TestFacesOptions(t *testing.T) {
	h := newBlazeHead(128, blazeFaces[128]...)
	h.set(7, 0.8, box(0.1, 0.2, 0.3, 0.5))
	h.set(9, 0.3, box(0.6, 0.2, 0.8, 0.5))
	for name, c := range map[string]struct {
		opts []vision.Option
		want int
	}{
		"as it comes": {nil, 1}, "all": {[]vision.Option{vision.WithThreshold(0.25)}, 2}, "better": {[]vision.Option{vision.WithThreshold(0.81)}, 0},
		"the best": {[]vision.Option{vision.WithThreshold(0.25), vision.WithTopK(1)}, 1}, "none": {[]vision.Option{vision.WithTopK(0)}, 0},
		"impossible": {[]vision.Option{vision.WithThreshold(1)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vision.DecodeFaces(result(image.Pt(400, 200), 128, 128, h.outputs()...), c.opts...)
			require.NoError(t, err)
			assert.Len(t, got.Faces, c.want)
			text, err := json.Marshal(got)
			require.NoError(t, err)
			assert.Contains(t, string(text), `{"faces":[`)
		})
	}
	// Even a threshold of 0 finds boxes only where there are any.
	got, err := vision.DecodeFaces(result(image.Pt(400, 200), 128, 128, h.outputs()...), vision.WithThreshold(0))
	require.NoError(t, err)
	assert.Len(t, got.Faces, 2)
}

// Boxes of one face become their mean, weighted by the scores; those that touch it a little
// stay.
func TestFacesMerge(t *testing.T) {
	h := newBlazeHead(128, blazeFaces[128]...)
	h.set(0, 0.9, box(0.2, 0.2, 0.4, 0.4))
	h.set(1, 0.6, box(0.25, 0.2, 0.45, 0.4))  // IoU 0.6 with the first
	h.set(2, 0.7, box(0.35, 0.2, 0.55, 0.4))  // 0.14 with the first, 0.33 with the second
	h.set(3, 0.55, box(0.36, 0.2, 0.56, 0.4)) // 0.9 with the third
	got, err := vision.DecodeFaces(result(image.Pt(100, 100), 128, 128, h.outputs()...))
	require.NoError(t, err)
	require.Len(t, got.Faces, 2)
	shift := 0.05 * 0.6 / 1.5
	assert.InDelta(t, 0.9, got.Faces[0].Score, 1e-5)
	requireBox(t, box(float32(20+100*shift), 20, float32(40+100*shift), 40), got.Faces[0].Box, 1e-3)
	assert.InDelta(t, 0.2+shift, got.Faces[0].Landmarks[0].X, 1e-5)
	shift = 0.01 * 0.55 / 1.25
	assert.InDelta(t, 0.7, got.Faces[1].Score, 1e-5)
	requireBox(t, box(float32(35+100*shift), 20, float32(55+100*shift), 40), got.Faces[1].Box, 1e-3)
}

// Scores of bytes are compared as what they stand for.
func TestFacesQuantized(t *testing.T) {
	q := make([]uint8, 896)
	q[5], q[300] = 140, 120 // logits 2 and -2
	numbers := make([]uint8, 896*16)
	for k := range numbers {
		numbers[k] = 128
	}
	numbers[16*5+2], numbers[16*5+3] = 160, 160 // 32 pixels wide and high
	outputs := []tflite.Value{quantized([]int{1, 896, 1}, 1./6, 128, q...), quantized([]int{1, 896, 16}, 1, 128, numbers...)}
	got, err := vision.DecodeFaces(result(image.Pt(128, 128), 128, 128, outputs...))
	require.NoError(t, err)
	require.Len(t, got.Faces, 1)
	assert.InDelta(t, 1/(1+math.Exp(-2)), got.Faces[0].Score, 1e-5)
	requireBox(t, box(4, 0, 36, 20), got.Faces[0].Box, 1e-3) // anchor 5 is at 2.5, 0.5 cells of 8 pixels
}

func TestDecodeFacesOtherModels(t *testing.T) {
	for name, outputs := range map[string][]tflite.Value{
		"palms":           {zeros(1, 2016, 18), zeros(1, 2016, 1)},
		"boxes alone":     {zeros(1, 896, 16)},
		"scores of two":   {zeros(1, 896, 16), zeros(1, 896, 2)},
		"two pictures":    {zeros(2, 896, 16), zeros(2, 896, 1)},
		"another grid":    {zeros(1, 896, 16), zeros(1, 2304, 1)},
		"nine outputs":    {zeros(1, 1), zeros(1, 1), zeros(1, 1), zeros(1, 1), zeros(1, 1), zeros(1, 1), zeros(1, 1), zeros(1, 1), zeros(1, 1)},
		"not yet decoded": {zeros(1, 512, 16), zeros(1, 512, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vision.DecodeFaces(result(image.Pt(9, 9), 128, 128, outputs...))
			require.ErrorIs(t, err, vision.ErrModel)
			assert.ErrorContains(t, err, "vision: faces: the model is not made for this task: its outputs are float32 [")
			assert.ErrorContains(t, err, "BlazeFace's are [1 896 16] and [1 896 1]")
		})
	}
}

// facesAreSane checks what no output may break.
func facesAreSane(t *testing.T, got vision.FaceResult, err error) {
	t.Helper()
	if err != nil {
		assert.Zero(t, got)
		return
	}
	for _, f := range got.Faces {
		require.Len(t, f.Landmarks, 6)
		for _, l := range f.Landmarks {
			requireIn(t, l)
		}
		require.True(t, f.Box.Valid() && f.Box.XMin >= 0 && f.Box.YMin >= 0 && f.Box.XMax <= 30 && f.Box.YMax <= 20, "%v", f.Box)
	}
	_, err = json.Marshal(got)
	require.NoError(t, err)
}

func TestDecodeFacesHostile(t *testing.T) {
	for name, outputs := range hostile([]int{1, 896, 16}, []int{1, 896, 1}) {
		t.Run(name, func(t *testing.T) {
			got, err := vision.DecodeFaces(result(image.Pt(30, 20), 128, 128, outputs...), vision.WithThreshold(-1))
			facesAreSane(t, got, err)
		})
	}
}

func FuzzDecodeFaces(f *testing.F) {
	shapes := [][]int{{1, 896, 16}, {1, 896, 1}}
	f.Add(seed(shapes, 0, 1), float32(0.5))
	f.Add(seed(shapes, 1, 0), float32(0.9))
	f.Fuzz(func(t *testing.T, data []byte, threshold float32) {
		got, err := vision.DecodeFaces(result(image.Pt(30, 20), 128, 128, fuzzedOutputs(shapes, data)...), vision.WithThreshold(threshold))
		facesAreSane(t, got, err)
	})
}
