package main

import (
	"encoding/json"
	"image"
	_ "image/jpeg"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

// tasks are the commands that have a model look at pictures, with a model for each, and the
// field that holds what it found.
var tasks = map[string]struct {
	model func() []byte
	field string
	none  []string // flags with which nothing is found
}{
	"detect":  {detectorModel, "objects", []string{"--threshold", "0.99"}},
	"segment": {mapModel, "classes", nil},
	"pose":    {poseModel, "poses", []string{"--threshold", "0.99"}},
	"faces":   {facesModel, "faces", []string{"--threshold", "0.99"}},
	"embed":   {vectorModel, "vector", nil},
}

// fieldsOf is a line of JSON.
func fieldsOf(t *testing.T, line string) map[string]json.RawMessage {
	t.Helper()
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(line), &fields), line)
	return fields
}

func TestTasksJSON(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := writeFile(t, "picture.png", pngBytes(t, 20, 10))
	for command, task := range tasks {
		out := succeeded(t, command, "-m", modelFile(t, task.model()), "--json", picture)
		require.Equal(t, 1, strings.Count(out, "\n"), command)
		want := []string{"image", "device", "device_text", "reason", "backend", task.field, "preprocess_ms", "invoke_ms", "decode_ms", "normalization", "warnings"}
		if command == "detect" {
			want = append(want, "head")
		}
		assert.ElementsMatch(t, want, slices.Collect(maps.Keys(fieldsOf(t, out))), command)
		assert.Contains(t, out, `"device":{"type":"cpu","path":"","state":""},"device_text":"CPU"`)
		assert.Contains(t, out, `"normalization":{"mean":[128],"std":[128],"source":"range"}`)
	}
}

func TestTasksFindNothing(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := writeFile(t, "picture.png", pngBytes(t, 20, 10))
	for command, task := range tasks {
		if task.none == nil {
			continue
		}
		args := append([]string{command, "-m", modelFile(t, task.model()), picture}, task.none...)
		assert.Contains(t, succeeded(t, args...), "reaches the threshold", command)
		assert.Equal(t, "[]", string(fieldsOf(t, succeeded(t, append(args, "--json")...))[task.field]), command)
	}
}

// A picture that cannot be read costs the others nothing, and has its line.
func TestTasksGoOn(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	good := writeFile(t, "good.png", pngBytes(t, 8, 8))
	for command, task := range tasks {
		r := coralCommand(t, command, "-m", modelFile(t, task.model()), "--json", "missing.png", good)
		assert.Equal(t, statusFailed, r.status)
		lines := slices.Collect(strings.Lines(r.stdout))
		require.Len(t, lines, 2, command)
		var failure pictureFailure
		decode(t, lines[0], &failure)
		assert.Equal(t, "missing.png", failure.Image)
		assert.Contains(t, failure.Error, "no such file")
		assert.Contains(t, fieldsOf(t, lines[1]), task.field)
		requireLine(t, r.stderr)
	}
}

// The error says what the task needs, and what the model has.
func TestTasksWrongModel(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	good := writeFile(t, "good.png", pngBytes(t, 8, 8))
	for command, says := range map[string][]string{
		"detect":  {"[1,4]", "yolov8: [1 4+classes N]"},
		"segment": {"[1,4]", "[1 height width]"},
		"pose":    {"[1,4]", "MoveNet's is [1,1,17,3]"},
		"faces":   {"[1,4]", "BlazeFace's are [1,896,16]"},
	} {
		r := coralCommand(t, command, "-m", testModel("tiny_uint8"), good, good)
		assert.Equal(t, statusFailed, r.status, command)
		requireLine(t, r.stderr)
		assert.Contains(t, r.stderr, "the model is not made for this task")
		for _, s := range says {
			assert.Contains(t, r.stderr, s, command)
		}
	}
	says := failed(t, statusFailed, "embed", "-m", modelFile(t, mapModel()), good)
	assert.Contains(t, says, "[1,2,2,2]")
	assert.Contains(t, says, "is a vector")
}

func TestDetect(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := writeFile(t, "picture.png", pngBytes(t, 20, 10))
	labels := writeFile(t, "labels.txt", []byte("spoon\ncup\n"))
	detector := modelFile(t, detectorModel())
	detected := func(args ...string) (found struct {
		Objects []vision.Object
		Head    string
	},
	) {
		out := succeeded(t, append([]string{"detect", "-m", detector, "-l", labels, "--json", picture}, args...)...)
		require.NoError(t, json.Unmarshal([]byte(out), &found))
		return found
	}
	cup := vision.Object{ID: 1, Label: "cup", Score: 0.875, Box: vision.Box{XMax: 10, YMax: 5}}
	spoon := vision.Object{ID: 0, Label: "spoon", Score: 0.4375, Box: vision.Box{XMin: 10, YMin: 5, XMax: 20, YMax: 10}}
	all := detected()
	assert.Equal(t, []vision.Object{cup, spoon}, all.Objects)
	assert.Equal(t, vision.HeadSSD, all.Head)
	assert.Equal(t, []vision.Object{cup}, detected("--threshold", "0.5").Objects)
	assert.Equal(t, []vision.Object{cup}, detected("--top", "1").Objects)
	// Fitted into 8×4 pixels above, the picture ends where the lower box begins.
	assert.Len(t, detected("--fit", "top-left").Objects, 1)
	assert.Greater(t, len(detected("--tiles", "8").Objects), 2, "each tile has its own")

	text := succeeded(t, "detect", "-m", detector, "-l", labels, picture)
	assert.Contains(t, text, "  0.8750  0,0 to 10,5    cup    (class 1)\n")
	text = coralCommand(t, "detect", "-m", detector, "-l", labels, "-v", picture).stdout
	for _, line := range []string{"Pixels:   (p - 128) / 128, from the range of the input", "Labels:   2 of " + labels, "Head:     ssd"} {
		assert.Contains(t, text, line+"\n")
	}
}

// Labels with a line for the background are shifted, and that is said in terms of the
// command, in JSON as well.
func TestDetectLabelOffset(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := writeFile(t, "picture.png", pngBytes(t, 20, 10))
	labels := writeFile(t, "labels.txt", []byte("background\nspoon\ncup\n"))
	args := []string{"detect", "-m", modelFile(t, detectorModel()), "-l", labels, "--json", picture}
	r := coralCommand(t, args...)
	requireLine(t, r.stderr)
	assert.Contains(t, r.stderr, "--label-offset 0 takes them as they are")
	assert.Contains(t, r.stdout, "--label-offset 0 takes them as they are")
	assert.Contains(t, r.stdout, `"id":1,"label":"cup"`)
	assert.Contains(t, succeeded(t, append(args, "--label-offset", "0")...), `"id":1,"label":"spoon"`)
	assert.NotContains(t, coralCommand(t, append(args, "--label-offset", "5")...).stdout, "With")
}

func TestDetectMisuse(t *testing.T) {
	t.Parallel()
	detector := modelFile(t, detectorModel())
	for _, test := range []struct {
		says string
		args []string
	}{
		{"give one of ssd, yolov5", []string{"--head", "yolo"}},
		{"give a number from 0 to 1", []string{"--iou", "2"}},
		{"give a whole number", []string{"--label-offset", "one"}},
		{"such as 640, or auto", []string{"--tiles", "0"}},
		{"give an overlap from 0 to 0.9", []string{"--tiles", "auto,1"}},
		{"give one of stretch, letterbox, top-left", []string{"--fit", "crop"}},
		{"give one of area, linear, bilinear, lanczos", []string{"--filter", "best"}},
		{"2 pictures do not go into the one file", []string{"-o", "out.png", "y.png"}},
		{"a / at the end makes it a folder", []string{"-o", "out.bmp"}},
	} {
		assert.Contains(t, failed(t, statusUsage, append([]string{"detect", "-m", detector, "x.png"}, test.args...)...), test.says)
	}
}

func TestDetectWithAnotherHead(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := writeFile(t, "picture.png", pngBytes(t, 8, 8))
	says := failed(t, statusFailed, "detect", "-m", modelFile(t, detectorModel()), "--head", "yolov8", picture)
	assert.Contains(t, says, "yolov8: [1 4+classes N]")
	assert.NotContains(t, says, "end2end")
}

func TestSegment(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := writeFile(t, "picture.png", pngBytes(t, 20, 10))
	labels := writeFile(t, "labels.txt", []byte("ground\nsky\n"))
	args := []string{"segment", "-m", modelFile(t, mapModel()), "-l", labels, picture}
	assert.JSONEq(t, `[{"id":0,"label":"ground","fraction":0.5},{"id":1,"label":"sky","fraction":0.5}]`,
		string(fieldsOf(t, succeeded(t, append(args, "--json")...))["classes"]))
	assert.Contains(t, succeeded(t, args...), "   50.0%  sky     (class 1)\n")
	assert.Contains(t, failed(t, statusFailed, append(args, "--threshold", "0.5")...), "--threshold is for a mask")
}

func TestPose(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := writeFile(t, "picture.png", pngBytes(t, 20, 10))
	args := []string{"pose", "-m", modelFile(t, poseModel()), "--fit", "stretch", picture}
	var poses []vision.Pose
	require.NoError(t, json.Unmarshal(fieldsOf(t, succeeded(t, append(args, "--json")...))["poses"], &poses))
	require.Len(t, poses, 1)
	require.Len(t, poses[0].Keypoints, 17)
	assert.Equal(t, vision.Keypoint{Name: "nose", X: 0.5, Y: 0.5, Score: 0.75}, poses[0].Keypoints[0])
	assert.Contains(t, succeeded(t, args...), "    0.7500  left ankle      0.250, 0.250\n")
}

// Coral's PoseNet ends with an operator that TensorFlow Lite does not have.
func TestPoseWithCoralsDecoder(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := writeFile(t, "picture.png", pngBytes(t, 8, 8))
	posenet := modelFile(t, posenetModel())
	var poses []vision.Pose
	require.NoError(t, json.Unmarshal(fieldsOf(t, succeeded(t, "pose", "-m", posenet, "--json", picture))["poses"], &poses))
	require.Len(t, poses, 1)
	assert.InDelta(t, 0.953, poses[0].Keypoints[0].Score, 0.001)
	assert.Contains(t, failed(t, statusFailed, "bench", posenet), poseDecoder, "other commands run models as they are")
}

func TestFaces(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := writeFile(t, "picture.png", pngBytes(t, 16, 16))
	args := []string{"faces", "-m", modelFile(t, facesModel()), picture}
	var faces []vision.Face
	require.NoError(t, json.Unmarshal(fieldsOf(t, succeeded(t, append(args, "--json")...))["faces"], &faces))
	require.Len(t, faces, 1)
	assert.InDelta(t, 0.953, faces[0].Score, 0.001)
	assert.InDelta(t, 4.5, faces[0].Box.XMax, 0.001)
	assert.Len(t, faces[0].Landmarks, 6)
	assert.Contains(t, succeeded(t, args...), "  0.9526  0,0 to 4,4\n")
}

func TestEmbed(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := writeFile(t, "picture.png", pngBytes(t, 8, 8))
	embedder, gallery := modelFile(t, vectorModel()), filepath.Join(t.TempDir(), "gallery.json")
	with := func(args ...string) []string { return append([]string{"embed", "-m", embedder, picture}, args...) }
	assert.JSONEq(t, `[0.6,0,0.8]`, string(fieldsOf(t, succeeded(t, with("--json")...))["vector"]))
	assert.Contains(t, succeeded(t, with()...), "a vector of 3 numbers")

	assert.Contains(t, failed(t, statusUsage, with("--add", "Ada")...), "--add needs a gallery")
	assert.Contains(t, failed(t, statusFailed, with("--gallery", gallery)...), "the gallery is empty: add pictures with --add NAME")
	assert.NoFileExists(t, gallery)
	assert.Equal(t, `"Ada"`, string(fieldsOf(t, succeeded(t, with("--gallery", gallery, "--add", "Ada", "--json")...))["added"]))
	assert.Contains(t, succeeded(t, with("--gallery", gallery, "--add", "Bea")...), "added as Bea")
	assert.JSONEq(t, `[{"name":"Ada","similarity":1},{"name":"Bea","similarity":1}]`,
		string(fieldsOf(t, succeeded(t, with("--gallery", gallery, "--json")...))["matches"]))
	assert.Contains(t, succeeded(t, with("--gallery", gallery, "--top", "1")...), "  1.0000  Ada\n")

	other := modelFile(t, alwaysModel(always{shape: []int{1, 3}, values: []float32{1, 2, 3}}))
	says := failed(t, statusFailed, "embed", "-m", other, "--gallery", gallery, picture)
	assert.Contains(t, says, "not a gallery that can be used here")
	assert.Contains(t, says, "the model that it was made with")
}

// Pictures with what was found go into a file or a folder, under their own names.
func TestTasksWritePictures(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one.png"), filepath.Join(dir, "two.BMP")
	require.NoError(t, os.WriteFile(one, pngBytes(t, 20, 10), 0o600))
	require.NoError(t, os.WriteFile(two, pngBytes(t, 10, 20), 0o600))
	for command, task := range tasks {
		folder := filepath.Join(dir, command, "below") + "/"
		args := []string{command, "-m", modelFile(t, task.model())}
		out := succeeded(t, append(args, "-o", folder, "--json", one, two, one)...)
		for k, line := range slices.Collect(strings.Lines(out)) {
			name := filepath.Join(folder, []string{"one.png", "two.png", "one_1.png"}[k])
			assert.Equal(t, `"`+name+`"`, string(fieldsOf(t, line)["output"]))
			size := sizeOf(t, name)
			assert.Equal(t, 640, max(size.X, size.Y), "small pictures are enlarged")
		}
		file := filepath.Join(dir, command+".jpg")
		assert.Contains(t, succeeded(t, append(args, "-o", file, one)...), "written to "+file)
		assert.Equal(t, image.Pt(640, 320), sizeOf(t, file))
	}
}

func sizeOf(t *testing.T, file string) image.Point {
	t.Helper()
	img, err := vision.Load(file)
	require.NoError(t, err)
	return img.Bounds().Size()
}

// Nothing that is looked at is overwritten, and what cannot be written is an error.
func TestTasksRefuseToWrite(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := writeFile(t, "picture.png", pngBytes(t, 20, 10))
	before, err := os.ReadFile(picture)
	require.NoError(t, err)
	detector := modelFile(t, detectorModel())
	for output, says := range map[string]string{
		picture:                                  "would be overwritten",
		filepath.Dir(picture):                    "would be overwritten",
		filepath.Join(picture, "below") + "/":    "not in a directory",
		filepath.Join(picture, "below.png"):      "not in a directory",
		filepath.Join(t.TempDir(), "a", "b.png"): "no such file",
	} {
		r := coralCommand(t, "detect", "-m", detector, "-o", output, picture)
		assert.NotZero(t, r.status, output)
		requireLine(t, r.stderr)
		assert.Contains(t, r.stderr, says, output)
	}
	after, err := os.ReadFile(picture)
	require.NoError(t, err)
	assert.Equal(t, before, after)
}

// demoFile is one of those that coral-runtime models fetches.
func demoFile(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "third_party", "models", name)
	if _, err := os.Stat(path); err != nil {
		require.Empty(t, os.Getenv("CI"), "CI fetches the models")
		t.Skipf("%s is not there: make models fetches it", name)
	}
	return path
}

func TestDemoModels(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	laptop := demoFile(t, "laptop.jpg")
	r := coralCommand(t, "detect", "-m", demoFile(t, "ssd_detect.tflite"), "-l", demoFile(t, "coco_labels.txt"), "--device", "cpu", "--json", "--threshold", "0.7", laptop)
	require.Zero(t, r.status, r.stderr)
	var found struct{ Objects []vision.Object }
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &found))
	var labels []string
	for _, o := range found.Objects {
		labels = append(labels, o.Label)
	}
	assert.Equal(t, []string{"person", "laptop", "person"}, labels)
	r = coralCommand(t, "segment", "-m", demoFile(t, "deeplabv3_257_mv_gpu.tflite"), "--device", "cpu", "--json", laptop)
	require.Zero(t, r.status, r.stderr)
	assert.Contains(t, r.stdout, `"id":15,`, "a person, in the classes of Pascal VOC")
}

// What is wrong with the outputs for one picture may be right for the next.
func TestEmbedOfNothing(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := writeFile(t, "picture.png", pngBytes(t, 8, 8))
	zeros := modelFile(t, alwaysModel(always{shape: []int{1, 3}, values: []float32{0, 0, 0}}))
	r := coralCommand(t, "embed", "-m", zeros, "--json", picture, picture)
	assert.Equal(t, statusFailed, r.status)
	lines := slices.Collect(strings.Lines(r.stdout))
	require.Len(t, lines, 2)
	for _, line := range lines {
		assert.Contains(t, string(fieldsOf(t, line)["error"]), "a vector of 3 numbers has the length 0")
	}
	assert.Equal(t, 2, strings.Count(r.stderr, "\n"))
}
