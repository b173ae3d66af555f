package vision_test

import (
	"encoding/csv"
	"image"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
)

// openFile makes a session of a model's file.
func openFile(t *testing.T, path string) *coral.Session {
	t.Helper()
	s, err := coral.Open(path, coral.WithPolicy(coral.CPUOnly))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func loaded(t *testing.T, path string) image.Image {
	t.Helper()
	img, err := vision.Load(path)
	require.NoError(t, err)
	return img
}

func coralData(t *testing.T) func(name string) string {
	t.Helper()
	return needed(t, "../../shared/testdata", "Coral's test data is not part of the repository", false)
}

// DeepLab finds the bird where libcoral's test has it: libcoral wants 0.9 of its own measure,
// which counts the background as well.
func TestDeepLab(t *testing.T) {
	file := coralData(t)
	mask, ok := loaded(t, file("reference/bird_segmentation_mask.bmp")).(*image.Paletted)
	require.True(t, ok)
	labels, err := vision.ReadLabels(file("labels/pascal_voc_segmentation_labels.txt"))
	require.NoError(t, err)
	s := openFile(t, file("models/deeplabv3_mnv2_pascal_quant.tflite"))
	got, err := vision.Segment(t.Context(), s, loaded(t, file("images/bird_segmentation.bmp")), vision.WithLabels(labels))
	require.NoError(t, err)
	requireBird(t, got, mask, 0.9)
	assert.Empty(t, got.Warnings)
}

// A model without ARG_MAX, of half the size.
func TestDeepLabLogits(t *testing.T) {
	file := coralData(t)
	fetched := needed(t, "../third_party/models", "make models fetches it", os.Getenv("CI") == "true")
	mask, ok := loaded(t, file("reference/bird_segmentation_mask.bmp")).(*image.Paletted)
	require.True(t, ok)
	labels, err := vision.ReadLabels(file("labels/pascal_voc_segmentation_labels.txt"))
	require.NoError(t, err)
	s := openFile(t, fetched("deeplabv3_257_mv_gpu.tflite"))
	got, err := vision.Segment(t.Context(), s, loaded(t, file("images/bird_segmentation.bmp")), vision.WithLabels(labels))
	require.NoError(t, err)
	assert.Equal(t, 257, got.Map.Width)
	got.Map, err = got.Map.Scaled(513, 513)
	require.NoError(t, err)
	requireBird(t, got, mask, 0.85)
}

const birdClass = 3

// requireBird compares the map with the reference, which is in the place of the picture.
func requireBird(t *testing.T, got vision.Segmentation, mask *image.Paletted, least float64) {
	t.Helper()
	require.Len(t, got.Classes, 2)
	assert.Equal(t, "background", got.Classes[0].Label)
	assert.Equal(t, "bird", got.Classes[1].Label)
	shared, covered := 0, 0
	for y := range 513 {
		for x := range 513 {
			id, ok := got.Map.At(x, y)
			require.True(t, ok)
			a, b := id == birdClass, mask.ColorIndexAt(x, y) == birdClass
			if a && b {
				shared++
			}
			if a || b {
				covered++
			}
		}
	}
	t.Logf("IoU %.4f", float64(shared)/float64(covered))
	assert.GreaterOrEqual(t, float64(shared)/float64(covered), least)
}

// MoveNet's keypoints are those of libcoral's test, by its rule: within 0.04 wherever both
// scores exceed 0.4, which at least 8 keypoints have.
func TestMoveNet(t *testing.T) {
	file := coralData(t)
	want := referencePose(t, file("reference/movenet_single_pose_lightning_ptq_reference.csv"))
	s := openFile(t, file("models/movenet_single_pose_lightning_ptq.tflite"))
	got, err := vision.Poses(t.Context(), s, loaded(t, file("images/squat.bmp")), vision.WithFit(vision.Stretch))
	require.NoError(t, err)
	require.Len(t, got.Poses, 1)
	compared, largest := 0, 0.
	for k, w := range want {
		g := got.Poses[0].Keypoints[k]
		if w.Score > 0.4 && g.Score > 0.4 {
			compared++
			largest = max(largest, math.Abs(float64(w.X-g.X)), math.Abs(float64(w.Y-g.Y)))
		}
	}
	t.Logf("%d keypoints, at most %.4f from the reference", compared, largest)
	assert.GreaterOrEqual(t, compared, 8)
	assert.LessOrEqual(t, largest, 0.04)
}

// referencePose reads pose_id, pose_score, keypoint_id, keypoint_score, keypoint_x and
// keypoint_y of each keypoint.
func referencePose(t *testing.T, path string) (all []vision.Keypoint) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	number := func(text string) float32 {
		x, err := strconv.ParseFloat(text, 32)
		require.NoError(t, err)
		return float32(x)
	}
	for _, row := range rows[1:] {
		all = append(all, vision.Keypoint{Score: number(row[3]), X: number(row[4]), Y: number(row[5])})
	}
	require.Len(t, all, 17)
	return all
}

// What another picture of the same shows is nearer than one of something else.
func TestEmbeddingExtractor(t *testing.T) {
	file := coralData(t)
	s := openFile(t, file("models/mobilenet_v1_1.0_224_quant_embedding_extractor.tflite"))
	g := openGallery(t, galleryPath(t), "")
	for _, name := range []string{"cat", "dog", "hotdog"} {
		got, err := vision.Embed(t.Context(), s, loaded(t, file("imprinting/"+name+"_train_0.bmp")))
		require.NoError(t, err)
		require.Len(t, got.Vector, 1024)
		require.NoError(t, g.Add(name, got.Vector))
	}
	for _, name := range []string{"cat", "dog", "hotdog"} {
		got, err := vision.Embed(t.Context(), s, loaded(t, file("imprinting/"+name+"_test_0.bmp")))
		require.NoError(t, err)
		matches, err := g.Search(got.Vector, -1)
		require.NoError(t, err)
		t.Log(name, matches)
		assert.Equal(t, name, matches[0].Name)
	}
}

// face is what a reference says of one.
type face struct {
	score float64
	box   vision.Box
}

// BlazeFace's boxes are those of testdata/faces.py with Pillow's bilinear filter, but for what
// the filter does: an input pixel of the short range model is four of face.jpg.
func TestBlazeFace(t *testing.T) {
	file := coralData(t)
	fetched := needed(t, "../third_party/models", "make models fetches it", false)
	for _, c := range []struct {
		model, picture string
		want           []face
	}{
		{"short_range", "face.jpg", []face{{0.968, box(254.9, 67.4, 357.9, 171.3)}, {0.918, box(128.4, 96.9, 231.3, 200.7)}}},
		{"short_range", "grace_hopper.bmp", []face{{0.949, box(168.9, 145.2, 365.4, 341.3)}}},
		{"short_range", "cat.bmp", nil},
		{"short_range", "kite_and_cold.jpg", nil},
		{"full_range", "face.jpg", []face{{0.962, box(245.9, 59.2, 355.8, 169.2)}, {0.864, box(123.8, 92.6, 232.9, 201.8)}, {0.721, box(0, 112.1, 44.8, 158)}, {0.687, box(440.1, 125.9, 494.7, 180.5)}}},
		{"full_range", "grace_hopper.bmp", []face{{0.793, box(160.2, 121.2, 366.5, 326.4)}}},
		{"full_range", "cat.bmp", nil},
		{"full_range", "kite_and_cold.jpg", nil},
	} {
		t.Run(c.model+" "+c.picture, func(t *testing.T) {
			path := fetched("face_detection_" + c.model + ".tflite")
			if _, err := os.Stat(path); err != nil {
				t.Skipf("%v: make models fetches it", err)
			}
			img := loaded(t, file("images/"+c.picture))
			got, err := vision.Faces(t.Context(), openFile(t, path), img)
			require.NoError(t, err)
			require.Len(t, got.Faces, len(c.want))
			assert.Empty(t, got.Warnings)
			for k, want := range c.want {
				t.Logf("%.3f %v", got.Faces[k].Score, got.Faces[k].Box)
				assert.InDelta(t, want.score, got.Faces[k].Score, 0.03)
				assert.GreaterOrEqual(t, want.box.IoU(got.Faces[k].Box), float32(0.9))
			}
			if c.picture == "grace_hopper.bmp" {
				size := img.Bounds().Size()
				for k, eye := range []image.Point{{224, 192}, {309, 190}} {
					l := got.Faces[0].Landmarks[k]
					assert.InDelta(t, eye.X, l.X*float32(size.X), 5)
					assert.InDelta(t, eye.Y, l.Y*float32(size.Y), 5)
				}
			}
		})
	}
}

// PoseNet's keypoints are those of MoveNet's reference, wherever PoseNet is sure. No package
// has such a model for TensorFlow Lite: the variable names one that was converted from
// TensorFlow.js (posenet in human-models 3.0.4 of npm).
func TestPoseNet(t *testing.T) {
	path := os.Getenv("CORAL_TEST_POSENET")
	if path == "" {
		t.Skip("CORAL_TEST_POSENET names no model; no package has one for TensorFlow Lite")
	}
	file := coralData(t)
	want := referencePose(t, file("reference/movenet_single_pose_lightning_ptq_reference.csv"))
	got, err := vision.Poses(t.Context(), openFile(t, path), loaded(t, file("images/squat.bmp")), vision.WithFit(vision.Stretch))
	require.NoError(t, err)
	require.Len(t, got.Poses, 1)
	for k, w := range want {
		if g := got.Poses[0].Keypoints[k]; g.Score > 0.5 {
			assert.InDelta(t, w.X, g.X, 0.05, g.Name)
			assert.InDelta(t, w.Y, g.Y, 0.05, g.Name)
		}
	}
}
