package vision_test

import (
	"encoding/json"
	"image"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// keypoints are y, x and score of 17 keypoints: the k-th lies at (k+1)/20, (k+1)/40.
func keypoints(score float32) []float32 {
	var x []float32
	for k := range 17 {
		x = append(x, float32(k+1)/40, float32(k+1)/20, score)
	}
	return x
}

// requireKeypoints makes sure that they are those of [keypoints].
func requireKeypoints(t testing.TB, p vision.Pose, score, delta float64) {
	t.Helper()
	require.Len(t, p.Keypoints, 17)
	for k, got := range p.Keypoints {
		require.InDelta(t, float64(k+1)/20, got.X, delta, k)
		require.InDelta(t, float64(k+1)/40, got.Y, delta, k)
		require.InDelta(t, score, got.Score, 1e-3, k)
	}
	assert.Equal(t, "nose", p.Keypoints[0].Name)
	assert.Equal(t, "right_ankle", p.Keypoints[16].Name)
}

func TestDecodeSinglePose(t *testing.T) {
	for _, shape := range [][]int{{1, 1, 17, 3}, {1, 17, 3}, {17, 3}} {
		got, err := vision.DecodePoses(result(image.Pt(640, 480), 192, 192, output(shape, keypoints(0.5)...)))
		require.NoError(t, err)
		require.Len(t, got.Poses, 1)
		assert.InDelta(t, 0.5, got.Poses[0].Score, 1e-6)
		requireKeypoints(t, got.Poses[0], 0.5, 1e-6)
	}
	x := keypoints(0.1)
	x[2], x[5] = 0.4, 0.8 // the only ones that count
	got, err := vision.DecodePoses(result(image.Pt(640, 480), 192, 192, output([]int{1, 1, 17, 3}, x...)))
	require.NoError(t, err)
	assert.InDelta(t, 0.6, got.Poses[0].Score, 1e-6)

	got, err = vision.DecodePoses(result(image.Pt(640, 480), 192, 192, output([]int{1, 1, 17, 3}, keypoints(0.19)...)))
	require.NoError(t, err)
	text, err := json.Marshal(got)
	require.NoError(t, err)
	assert.JSONEq(t, `{"poses":[]}`, string(text))
}

// Places in a letterboxed input, of a part of the picture, are those in the picture.
func TestPosePlacement(t *testing.T) {
	r := result(image.Pt(400, 200), 100, 100, output([]int{1, 1, 17, 3}, keypoints(1)...))
	r.Placement.Crop = image.Rect(200, 0, 400, 100) // a quarter, at the upper right
	r.Placement.Area = image.Rect(0, 25, 100, 75)
	got, err := vision.DecodePoses(r)
	require.NoError(t, err)
	k := got.Poses[0].Keypoints[15] // at 0.8, 0.4 of the input
	assert.InDelta(t, (200+0.8*200)/400, k.X, 1e-6)
	assert.InDelta(t, (40-25)/50.*100/200, k.Y, 1e-6)
	assert.Zero(t, got.Poses[0].Keypoints[0].Y, "above the picture")
}

func TestDecodeMultiPose(t *testing.T) {
	var x []float32
	for _, score := range []float32{0.3, 0.9, 0.1, 0.6, nan, 0.25} {
		x = append(x, keypoints(score)...)
		x = append(x, 0, 0, 1, 1, score)
	}
	out := output([]int{1, 6, 56}, x...)
	for name, c := range map[string]struct {
		opts []vision.Option
		want []float32
	}{
		"as it comes": {nil, []float32{0.9, 0.6, 0.3, 0.25}},
		"good ones":   {[]vision.Option{vision.WithThreshold(0.5)}, []float32{0.9, 0.6}},
		"the best":    {[]vision.Option{vision.WithTopK(1)}, []float32{0.9}},
		"none":        {[]vision.Option{vision.WithTopK(0)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vision.DecodePoses(result(image.Pt(640, 480), 256, 256, out), c.opts...)
			require.NoError(t, err)
			require.Len(t, got.Poses, len(c.want))
			for k, score := range c.want {
				assert.InDelta(t, score, got.Poses[k].Score, 0)
				requireKeypoints(t, got.Poses[k], float64(score), 1e-6)
			}
		})
	}
}

func TestDecodedPoseNet(t *testing.T) {
	var places, scores []float32
	for range 3 {
		for k := range 17 {
			places = append(places, float32(k+1)/40*353, float32(k+1)/20*481) // pixels of the input
			scores = append(scores, 0.7)
		}
	}
	outputs := []tflite.Value{
		output([]int{1, 3, 17, 2}, places...), output([]int{1, 3, 17}, scores...), output([]int{1, 3}, 0.8, 0.9, 0.99), output([]int{1}, 2),
	}
	got, err := vision.DecodePoses(result(image.Pt(640, 480), 481, 353, outputs...))
	require.NoError(t, err)
	require.Len(t, got.Poses, 2, "the third has a score, but the count is 2")
	assert.InDelta(t, 0.9, got.Poses[0].Score, 1e-6)
	requireKeypoints(t, got.Poses[0], 0.7, 1e-5)

	withMasks := append(slices.Clone(outputs), zeros(1, 3, 33, 33))
	_, err = vision.DecodePoses(result(image.Pt(640, 480), 481, 353, withMasks...))
	require.NoError(t, err)
	for _, count := range []float32{-1, 4, nan, infinity} {
		outputs[3] = output([]int{1}, count)
		_, err := vision.DecodePoses(result(image.Pt(640, 480), 481, 353, outputs...))
		require.ErrorIs(t, err, vision.ErrModel)
		assert.ErrorContains(t, err, "has room for 3")
	}
}

// poseNetHead is the inverse of the decoder: the outputs that a PoseNet with cells of 16
// pixels has for persons.
type poseNetHead struct {
	width, height                int // cells
	heatmaps, offsets, fwd, back []float32
}

const logitLow = -9

func newPoseNetHead(width, height int) *poseNetHead {
	cells := width * height
	h := &poseNetHead{width, height, make([]float32, cells*17), make([]float32, cells*34), make([]float32, cells*32), make([]float32, cells*32)}
	for k := range h.heatmaps {
		h.heatmaps[k] = logitLow
	}
	return h
}

var posenetLimbs = [16][2]int{{0, 1}, {1, 3}, {0, 2}, {2, 4}, {0, 5}, {5, 7}, {7, 9}, {5, 11}, {11, 13}, {13, 15}, {0, 6}, {6, 8}, {8, 10}, {6, 12}, {12, 14}, {14, 16}}

// add adds a person; at is in pixels of the input, and not nearer than two cells to the edge.
// Between the cells around a keypoint offsets and displacements are exact, since they are
// linear there.
func (h *poseNetHead) add(score float64, at [17][2]float32) {
	logit := float32(math.Log(score / (1 - score)))
	around := func(p [2]float32, f func(cell int, y, x float32)) {
		cy, cx := int(p[1]/16), int(p[0]/16)
		for y := cy - 1; y <= cy+2; y++ {
			for x := cx - 1; x <= cx+2; x++ {
				f(y*h.width+x, float32(y*16), float32(x*16))
			}
		}
	}
	for k, p := range at {
		peak := int(p[1]/16+0.5)*h.width + int(p[0]/16+0.5)
		around(p, func(cell int, y, x float32) {
			h.offsets[cell*34+k], h.offsets[cell*34+17+k] = p[1]-y, p[0]-x
			h.heatmaps[cell*17+k] = logit - 0.001 // flat, so that the score between cells is exact
		})
		h.heatmaps[peak*17+k] = logit
	}
	for k, limb := range posenetLimbs {
		a, b := at[limb[0]], at[limb[1]]
		around(a, func(cell int, y, x float32) { h.fwd[cell*32+k], h.fwd[cell*32+16+k] = b[1]-y, b[0]-x })
		around(b, func(cell int, y, x float32) { h.back[cell*32+k], h.back[cell*32+16+k] = a[1]-y, a[0]-x })
	}
}

// outputs are as TensorFlow.js has them, in another order.
func (h *poseNetHead) outputs() []tflite.Value {
	fwd, back := output([]int{1, h.height, h.width, 32}, h.fwd...), output([]int{1, h.height, h.width, 32}, h.back...)
	fwd.Name, back.Name = "displacement_fwd_2/BiasAdd", "displacement_bwd_2/BiasAdd"
	return []tflite.Value{back, output([]int{1, h.height, h.width, 34}, h.offsets...), fwd, output([]int{1, h.height, h.width, 17}, h.heatmaps...)}
}

// coral has the displacements in one output, as Coral's models have.
func (h *poseNetHead) coral() []tflite.Value {
	var both []float32
	for cell := range h.width * h.height {
		both = append(both, h.fwd[cell*32:][:32]...)
		both = append(both, h.back[cell*32:][:32]...)
	}
	return []tflite.Value{
		output([]int{1, h.height, h.width, 17}, h.heatmaps...), output([]int{1, h.height, h.width, 34}, h.offsets...),
		output([]int{1, h.height, h.width, 64}, both...), zeros(1, h.height, h.width, 34),
	}
}

// bytes are the outputs quantised.
func (h *poseNetHead) bytes() []tflite.Value {
	all := h.coral()[:3]
	for k, scale := range []float32{0.05, 0.4, 4} {
		x := all[k].Data.([]float32)
		q := make([]uint8, len(x))
		for i := range x {
			q[i] = tflite.Quantize[uint8](x[i], scale, 128)
		}
		all[k] = quantized(all[k].Shape, scale, 128, q...)
	}
	return all
}

// figure is a person upright in the input, 481×353 pixels.
func figure(x, y, size float32) (at [17][2]float32) {
	for k, p := range [17][2]float32{
		{0, 0},
		{.1, -.1},
		{-.1, -.1},
		{.2, 0},
		{-.2, 0},
		{.5, .6},
		{-.5, .6},
		{.8, 1.2},
		{-.8, 1.2},
		{.9, 1.8},
		{-.9, 1.8},
		{.4, 1.8},
		{-.4, 1.8},
		{.5, 2.7},
		{-.5, 2.7},
		{.5, 3.6},
		{-.5, 3.6},
	} {
		at[k] = [2]float32{x + p[0]*size, y + p[1]*size}
	}
	return at
}

// A head that was made for two persons gives these back.
func TestDecodePoseNet(t *testing.T) {
	h := newPoseNetHead(31, 23)
	want := [][17][2]float32{figure(100, 60, 70.5), figure(350, 45, 68)}
	h.add(0.9, want[0])
	h.add(0.8, want[1])
	for name, c := range map[string]struct {
		outputs []tflite.Value
		delta   float64 // pixels
	}{
		"TensorFlow.js": {h.outputs(), 0.01}, "Coral": {h.coral(), 0.01}, "quantised": {h.bytes(), 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vision.DecodePoses(result(image.Pt(481, 353), 481, 353, c.outputs...))
			require.NoError(t, err)
			require.Len(t, got.Poses, 2)
			for k, p := range got.Poses {
				assert.InDelta(t, 0.9-0.1*float64(k), p.Score, 0.01)
				for id, at := range want[k] {
					assert.InDelta(t, at[0], p.Keypoints[id].X*481, c.delta, "%d %s", k, p.Keypoints[id].Name)
					assert.InDelta(t, at[1], p.Keypoints[id].Y*353, c.delta, "%d %s", k, p.Keypoints[id].Name)
				}
			}
		})
	}
	got, err := vision.DecodePoses(result(image.Pt(481, 353), 481, 353, h.outputs()...), vision.WithThreshold(0.85))
	require.NoError(t, err)
	assert.Len(t, got.Poses, 1)
}

// From the ankles alone the way to the other keypoints leads backwards at first.
func TestPoseNetBackwards(t *testing.T) {
	h := newPoseNetHead(31, 23)
	want := figure(100, 60, 70.5)
	h.add(0.99, want)
	for k, logit := range h.heatmaps {
		if id := k % 17; logit > logitLow && id < 15 {
			h.heatmaps[k] = -1.4 // 0.2, where no person begins
		}
	}
	for _, outputs := range [][]tflite.Value{h.outputs(), h.coral()} {
		got, err := vision.DecodePoses(result(image.Pt(481, 353), 481, 353, outputs...))
		require.NoError(t, err)
		require.Len(t, got.Poses, 1)
		assert.InDelta(t, (2*0.99+15*0.2)/17, got.Poses[0].Score, 0.01)
		for id, at := range want {
			k := got.Poses[0].Keypoints[id]
			assert.InDelta(t, at[0], k.X*481, 0.01, k.Name)
			assert.InDelta(t, at[1], k.Y*353, 0.01, k.Name)
		}
	}
}

// A person whose keypoints are those of a better one counts by the others only: libcoral's
// soft non-maximum suppression of keypoints.
func TestPoseNetSharedKeypoints(t *testing.T) {
	h := newPoseNetHead(31, 23)
	first, second := figure(100, 60, 70), figure(300, 60, 70)
	second[16] = first[16] // their right ankles
	h.add(0.9, second)
	h.add(0.95, first)
	got, err := vision.DecodePoses(result(image.Pt(481, 353), 481, 353, h.outputs()...))
	require.NoError(t, err)
	require.Len(t, got.Poses, 2)
	assert.InDelta(t, 0.95, got.Poses[0].Score, 0.003)
	assert.InDelta(t, 0.9*16/17, got.Poses[1].Score, 0.003)
	assert.InDelta(t, 0.95, got.Poses[1].Keypoints[16].Score, 0.003, "which keeps its own score")
}

// The stride is a power of two, whether the input's size is a multiple of it or one more.
func TestPoseNetStride(t *testing.T) {
	for size, cells := range map[image.Point]image.Point{
		{257, 257}: {17, 17}, {256, 256}: {16, 16}, {385, 385}: {25, 25}, {481, 353}: {31, 23}, {641, 481}: {41, 31}, {640, 480}: {40, 30},
	} {
		h := newPoseNetHead(cells.X, cells.Y)
		at := figure(120, 60, 40)
		h.add(0.9, at)
		got, err := vision.DecodePoses(result(size, size.X, size.Y, h.outputs()...))
		require.NoError(t, err)
		require.Len(t, got.Poses, 1, size)
		assert.InDelta(t, at[9][0], got.Poses[0].Keypoints[9].X*float32(size.X), 0.01)
	}
	_, err := vision.DecodePoses(result(image.Pt(9, 9), 100, 100, newPoseNetHead(9, 5).outputs()...))
	require.ErrorIs(t, err, vision.ErrModel)
	assert.ErrorContains(t, err, "heatmaps of 9×5 cells do not fit an input of 100×100 pixels")
}

func TestDecodePosesOtherModels(t *testing.T) {
	for name, outputs := range map[string][]tflite.Value{
		"a classifier":               {zeros(1, 1000)},
		"a YOLO detector for poses":  {zeros(1, 56, 8400)},
		"the same, transposed":       {zeros(1, 8400, 56)},
		"heatmaps alone":             {zeros(1, 9, 9, 17)},
		"another grid":               {zeros(1, 9, 9, 17), zeros(1, 9, 9, 34), zeros(1, 9, 8, 64)},
		"three of the displacements": {zeros(1, 9, 9, 17), zeros(1, 9, 9, 34), zeros(1, 9, 9, 32)},
		"two MoveNets":               {zeros(1, 2, 17, 3)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vision.DecodePoses(result(image.Pt(9, 9), 144, 144, outputs...))
			require.ErrorIs(t, err, vision.ErrModel)
			assert.ErrorContains(t, err, "vision: poses: the model is not made for this task: its outputs are float32 [1 ")
			assert.ErrorContains(t, err, "MoveNet's is [1 1 17 3]")
		})
	}
}

// posesAreSane checks what no output may break.
func posesAreSane(t *testing.T, got vision.PoseResult, err error) {
	t.Helper()
	if err != nil {
		assert.Zero(t, got)
		return
	}
	for _, p := range got.Poses {
		require.Len(t, p.Keypoints, 17)
		for _, k := range p.Keypoints {
			requireIn(t, k)
		}
	}
	_, err = json.Marshal(got)
	require.NoError(t, err)
}

func TestDecodePosesHostile(t *testing.T) {
	for model, shapes := range map[string][][]int{
		"single": {{1, 1, 17, 3}}, "multi": {{1, 6, 56}}, "decoder": {{1, 3, 17, 2}, {1, 3, 17}, {1, 3}, {1}},
		"PoseNet": {{1, 9, 9, 17}, {1, 9, 9, 34}, {1, 9, 9, 32}, {1, 9, 9, 32}}, "Coral": {{1, 9, 9, 17}, {1, 9, 9, 34}, {1, 9, 9, 64}},
	} {
		for name, outputs := range hostile(shapes...) {
			t.Run(model+" "+name, func(t *testing.T) {
				got, err := vision.DecodePoses(result(image.Pt(30, 20), 144, 144, outputs...), vision.WithThreshold(-1))
				posesAreSane(t, got, err)
			})
		}
	}
}

func FuzzDecodePoses(f *testing.F) {
	shapes := [][]int{{1, 1, 17, 3}, {1, 6, 56}, {1, 3, 17, 2}, {1, 3, 17}, {1, 3}, {1}, {1, 2, 3, 17}, {1, 2, 3, 34}, {1, 2, 3, 32}, {1, 2, 3, 64}}
	for _, outputs := range [][]int{{0}, {1}, {2, 3, 4, 5}, {6, 7, 8, 8}, {6, 7, 9}} {
		f.Add(seed(shapes, outputs...), float32(0.3))
		f.Add(seed(shapes, outputs...), float32(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, threshold float32) {
		got, err := vision.DecodePoses(result(image.Pt(30, 20), 48, 32, fuzzedOutputs(shapes, data)...), vision.WithThreshold(threshold))
		posesAreSane(t, got, err)
	})
}

// The whole way: the picture is its own MoveNet.
func TestPoses(t *testing.T) {
	var g graph
	picture := port{typ: tflite.TypeFloat32, shape: []int32{1, 17, 3, 1}}
	in := g.tensor("picture", picture)
	out := g.do("RESHAPE", g.tensor("keypoints", port{typ: tflite.TypeFloat32, shape: []int32{1, 1, 17, 3}}), in, g.ints(1, 1, 17, 3))
	s := open(t, g.file([]int{in}, []int{out}))
	img := image.NewGray(image.Rect(0, 0, 3, 17))
	for k := range img.Pix {
		img.Pix[k] = 191 // 0.498 from -1 to 1
	}
	got, err := vision.Poses(t.Context(), s, img)
	require.NoError(t, err)
	require.Len(t, got.Poses, 1)
	assert.Equal(t, vision.FromTask, got.Normalization.Source)
	assert.Empty(t, got.Warnings)
	for _, k := range got.Poses[0].Keypoints {
		assert.InDelta(t, 0.498, k.X, 1e-3)
		assert.InDelta(t, 0.498, k.Y, 1e-3)
	}
}

// Coral's PoseNet ends with an operator that TensorFlow Lite does not have. Without it the
// model runs, and the decoder does its work.
func TestPoseNetOfCoral(t *testing.T) {
	h := newPoseNetHead(31, 23)
	want := figure(100, 60, 70.5)
	h.add(0.9, want)
	var g graph
	in := g.tensor("picture", port{typ: tflite.TypeFloat32, shape: []int32{1, 353, 481, 3}})
	var heads []int
	for k, v := range h.coral()[:3] { // constants, as if the network had found them
		p := port{typ: tflite.TypeFloat32, shape: []int32{1, 23, 31, int32(v.Shape[3])}}
		c := g.floats(v.Data.([]float32)...)
		heads = append(heads, g.do("RESHAPE", g.tensor([]string{"heatmaps", "short", "mid"}[k], p), c, g.ints(p.shape...)))
	}
	var outs []int
	for _, shape := range [][]int32{{1, 5, 17, 2}, {1, 5, 17}, {1, 5}, {1}} {
		outs = append(outs, g.tensor("decoded", port{typ: tflite.TypeFloat32, shape: shape}))
	}
	g.Operators = append(g.Operators, model.Operator{BuiltinCode: 32, CustomCode: "PosenetDecoderOp", Version: 1, Inputs: heads, Outputs: outs})
	file := g.file([]int{in}, outs)
	_, err := coral.OpenBytes(file, coral.WithPolicy(coral.CPUOnly))
	require.ErrorIs(t, err, coral.ErrUnresolvedOp)

	cut, err := parsed(t, file).WithoutLast("PosenetDecoderOp")
	require.NoError(t, err)
	got, err := vision.Poses(t.Context(), open(t, cut), image.NewGray(image.Rect(0, 0, 481, 353)))
	require.NoError(t, err)
	require.Len(t, got.Poses, 1)
	for id, at := range want {
		assert.InDelta(t, at[0], got.Poses[0].Keypoints[id].X*481, 0.01)
		assert.InDelta(t, at[1], got.Poses[0].Keypoints[id].Y*353, 0.01)
	}
}
