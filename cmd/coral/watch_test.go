package main

import (
	"bytes"
	"encoding/json"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/stream"
	"github.com/gocoral/coral/vision/track"
)

// watchLine is any line of coral watch.
type watchLine struct {
	Event   string
	Frame   int
	Name    string
	Error   string
	Place   string
	Frames  int
	Errors  int
	Objects []track.Track
	Poses   []vision.Pose
	Track   track.Track
}

func linesOf(t *testing.T, out string) (lines []watchLine) {
	t.Helper()
	for text := range strings.Lines(out) {
		var line watchLine
		require.NoError(t, json.Unmarshal([]byte(text), &line), text)
		lines = append(lines, line)
	}
	return lines
}

// eventsOf are their names, in order.
func eventsOf(lines []watchLine) (names []string) {
	for _, l := range lines {
		names = append(names, l.Event)
	}
	return names
}

// pictureFolder has n pictures of 20 by 10 pixels.
func pictureFolder(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for k := range n {
		require.NoError(t, os.WriteFile(filepath.Join(dir, strconv.Itoa(k)+".png"), pngBytes(t, 20, 10), 0o600))
	}
	return dir
}

func TestWatch(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	out := succeeded(t, "watch", pictureFolder(t, 3), "-m", modelFile(t, detectorModel()))
	lines := linesOf(t, out)
	require.Equal(t, []string{"start", "frame", "frame", "frame", "end"}, eventsOf(lines))
	assert.Equal(t, 2, lines[3].Frame)
	assert.Equal(t, "2.png", filepath.Base(lines[3].Name))
	assert.Len(t, lines[1].Objects, 2)
	assert.Zero(t, lines[1].Objects[0].Identity)
	assert.Equal(t, 3, lines[4].Frames)
	assert.Contains(t, out, `"device":{"type":"cpu"`)
	assert.Contains(t, out, `"head":"ssd"`)
}

// Frames in which nothing was found have no line.
func TestWatchFindsNothing(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	out := succeeded(t, "watch", pictureFolder(t, 2), "-m", modelFile(t, detectorModel()), "--threshold", "0.99")
	assert.Equal(t, []string{"start", "end"}, eventsOf(linesOf(t, out)))
}

func TestWatchTasks(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	folder := pictureFolder(t, 1)
	for task, model := range map[string][]byte{
		"classify": alwaysModel(always{shape: []int{1, 2}, values: []float32{0.25, 0.75}}),
		"segment":  mapModel(), "pose": poseModel(), "faces": facesModel(),
	} {
		lines := linesOf(t, succeeded(t, "watch", folder, "--task", task, "-m", modelFile(t, model)))
		assert.Equal(t, []string{"start", "frame", "end"}, eventsOf(lines), task)
		if task == "pose" {
			assert.Len(t, lines[1].Poses, 1)
		}
	}
}

// The cup, which is certain, gets an identity; the spoon is none before it was certain.
func TestWatchTracks(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	folder, detector := pictureFolder(t, 4), modelFile(t, detectorModel())
	args := []string{"watch", folder, "-m", detector, "--memory", "5s"}
	lines := linesOf(t, succeeded(t, append(args, "--track")...))
	require.Equal(t, []string{"start", "frame", "appear", "frame", "frame", "frame", "vanish", "end"}, eventsOf(lines))
	assert.Equal(t, 1, lines[2].Track.Identity)
	for _, k := range []int{1, 3, 4, 5} {
		require.Len(t, lines[k].Objects, 1)
		assert.Equal(t, 1, lines[k].Objects[0].Identity)
		assert.Equal(t, 1, lines[k].Objects[0].ID)
	}
	both := linesOf(t, succeeded(t, append(args, "--track", "--threshold", "0.3")...))
	assert.Len(t, both[1].Objects, 2)

	lines = linesOf(t, succeeded(t, append(args, "--zone", "table:0,0,20,0,20,10,0,10", "--events")...))
	assert.Equal(t, []string{"start", "appear", "enter", "leave", "vanish", "end"}, eventsOf(lines))
	assert.Equal(t, "table", lines[2].Place)
}

// A frame that cannot be read has its line, and the others are looked at.
func TestWatchGoesOn(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	folder := pictureFolder(t, 3)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "1.png"), pngBytes(t, 8, 8)[:60], 0o600))
	r := coralCommand(t, "watch", folder, "-m", modelFile(t, detectorModel()))
	assert.Equal(t, statusFailed, r.status)
	requireLine(t, r.stderr)
	assert.Contains(t, r.stderr, "1 frame could not be looked at")
	lines := linesOf(t, r.stdout)
	require.Equal(t, []string{"start", "frame", "error", "frame", "end"}, eventsOf(lines))
	assert.Equal(t, 1, lines[2].Frame)
	assert.Contains(t, lines[2].Error, "truncated or damaged")
	assert.Equal(t, 1, lines[4].Errors)
}

func TestWatchFails(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	folder := pictureFolder(t, 2)
	assert.Contains(t, failed(t, statusFailed, "watch", filepath.Join(folder, "missing"), "-m", modelFile(t, detectorModel())), "no such file")
	assert.Contains(t, failed(t, statusFailed, "watch", t.TempDir(), "-m", modelFile(t, detectorModel())), "no picture")
	r := coralCommand(t, "watch", folder, "-m", testModel("tiny_uint8"))
	assert.Equal(t, statusFailed, r.status)
	assert.Empty(t, r.stdout)
	requireLine(t, r.stderr)
	assert.Contains(t, r.stderr, "the model is not made for this task")
}

func TestWatchStandardInput(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	img, err := vision.Load(writeFile(t, "x.png", pngBytes(t, 20, 10)))
	require.NoError(t, err)
	var two bytes.Buffer
	for range 2 {
		require.NoError(t, jpeg.Encode(&two, img, nil))
	}
	r := coralReading(t, &two, "watch", "-", "-m", modelFile(t, detectorModel()))
	require.Zero(t, r.status, r.stderr)
	assert.Equal(t, []string{"start", "frame", "frame", "end"}, eventsOf(linesOf(t, r.stdout)))
	r = coralReading(t, strings.NewReader("no picture at all"), "watch", "-", "-m", modelFile(t, detectorModel()))
	assert.Equal(t, statusFailed, r.status)
	requireLine(t, r.stderr)
}

func TestWatchMisuse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		says string
		args []string
	}{
		{"no SOURCE given", []string{"-m", "x.tflite"}},
		{"name it with -m MODEL", []string{"folder"}},
		{`unexpected argument "two"`, []string{"one", "two", "-m", "x.tflite"}},
		{"give one of detect, classify", []string{"x", "-m", "x", "--task", "see"}},
		{"--head is for --task detect", []string{"x", "-m", "x", "--task", "pose", "--head", "ssd"}},
		{"--track is for --task detect", []string{"x", "-m", "x", "--task", "faces", "--track"}},
		{"--labels is not for --task pose", []string{"x", "-m", "x", "--task", "pose", "-l", "y"}},
		{"--events needs --track", []string{"x", "-m", "x", "--events"}},
		{"such as drive:0,300", []string{"x", "-m", "x", "--zone", "0,0,1,1,2,2"}},
		{"such as drive:0,300", []string{"x", "-m", "x", "--zone", "a:0,0,1,1,2"}},
		{"three corners or more", []string{"x", "-m", "x", "--zone", "a:0,0,1,1"}},
		{"the two ends", []string{"x", "-m", "x", "--line", "a:0,0,1,1,2,2"}},
		{"such as door:320", []string{"x", "-m", "x", "--line", "a:0,0,NaN,1"}},
		{"such as 640x480", []string{"x", "-m", "x", "--size", "640"}},
		{"frames a second", []string{"x", "-m", "x", "--rate", "0"}},
		{"has no length", []string{"x", "-m", "x", "--line", "a:1,1,1,1"}},
		{"give --output a video or a folder", []string{"x", "-m", "x", "-o", "x.png"}},
		{"a / at the end makes it a folder", []string{"x", "-m", "x", "-o", "x.txt"}},
	} {
		assert.Contains(t, failed(t, statusUsage, append([]string{"watch"}, test.args...)...), test.says)
	}
	folder := pictureFolder(t, 1)
	assert.Contains(t, failed(t, statusUsage, "watch", folder, "-m", "x", "-o", folder), "would be overwritten")
}

func TestWatchWritesFrames(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	folder := filepath.Join(t.TempDir(), "seen")
	succeeded(t, "watch", pictureFolder(t, 2), "-m", modelFile(t, detectorModel()), "-o", folder, "--track")
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	assert.Equal(t, "frame000001.jpg", entries[0].Name())
	assert.Equal(t, 640, sizeOf(t, filepath.Join(folder, "frame000002.jpg")).X)
}

// A video is as long as what it was made of, and has its frame rate.
func TestWatchVideo(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	needFFmpeg(t)
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from.mp4"), filepath.Join(dir, "to.mp4")
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=2", from).CombinedOutput()
	require.NoError(t, err, string(out))
	lines := linesOf(t, succeeded(t, "watch", from, "-m", modelFile(t, detectorModel()), "-o", to))
	assert.Equal(t, 20, lines[len(lines)-1].Frames)
	var times []float64
	for frame, err := range stream.Video(to)(t.Context()) {
		require.NoError(t, err)
		times = append(times, frame.Time.Seconds())
	}
	require.Len(t, times, 20)
	assert.InDelta(t, 1.9, slices.Max(times), 0.01)
}

func needFFmpeg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("needs ffmpeg: ", err)
	}
}
