package vision_test

import (
	"archive/zip"
	"bytes"
	"image/color"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/vision"
)

// withFile packs a file into a model, behind it.
func withFile(t *testing.T, file []byte, name, content string) []byte {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	w.SetOffset(int64(len(file)))
	f, err := w.Create(name)
	require.NoError(t, err)
	_, err = f.Write([]byte(content))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return append(bytes.Clone(file), archive.Bytes()...)
}

// labelled is a model with its labels in a file.
func labelled(t *testing.T, name, content string) []byte {
	t.Helper()
	return withFile(t, meanModel(bytePicture(0, 1), floatScoresOf(1./255), normalizationMetadata(nil, nil, name)), name, content)
}

// namedLabels is [labelled], but the metadata do not say what the file is for.
func namedLabels(t *testing.T, name, content string) []byte {
	t.Helper()
	metadata := labelMetadata(name, model.UnknownFile)
	return withFile(t, meanModel(bytePicture(0, 1), floatScoresOf(1./255), metadata), name, content)
}

func floatScoresOf(scale float32) port {
	return port{bytePicture(0, 1).typ, []int32{1, 3}, nil, scale, 0}
}

var rgb = vision.Labels{0: "red", 1: "green", 2: "blue"}

func TestModelLabels(t *testing.T) {
	plain := meanModel(bytePicture(0, 1), floatScoresOf(1./255))
	for name, c := range map[string]struct {
		file []byte
		want vision.Labels
	}{
		"lines":             {labelled(t, "labels.txt", "red\ngreen\nblue\n"), rgb},
		"numbered":          {labelled(t, "labels.txt", "0 red\n1 green\n2 blue\n"), rgb},
		"a label map":       {labelled(t, "map.pbtxt", "item { id: 0 name: 'red' } item { id: 1 name: 'green' } item { id: 2 name: 'blue' }"), rgb},
		"Ultralytics":       {withFile(t, plain, "metadata.json", `{"task": "classify", "names": {"0": "red", "1": "green", "2": "blue"}}`), rgb},
		"old Ultralytics":   {withFile(t, plain, "temp_meta.txt", `{'task': 'classify', 'names': {0: 'red', 1: 'green', 2: 'blue'}}`), rgb},
		"known by its name": {namedLabels(t, "pet_labels.txt", "red\ngreen\nblue\n"), rgb},
		"without any":       {plain, nil},
		"with other files":  {withFile(t, plain, "readme.txt", "hello"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vision.ModelLabels(parsed(t, c.file), 0)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
			got, err = vision.ModelLabels(parsed(t, c.file), 5)
			require.NoError(t, err)
			if name == "lines" {
				assert.Nil(t, got)
			}
		})
	}
	for name, file := range map[string][]byte{
		"not in the model": meanModel(bytePicture(0, 1), floatScoresOf(1), normalizationMetadata(nil, nil, "labels.txt")),
		"empty":            labelled(t, "labels.txt", "\n"),
		"damaged metadata": meanModel(bytePicture(0, 1), floatScoresOf(1), model.Metadata{Name: "TFLITE_METADATA", Data: []byte("M001 this is none")}),
		"many":             labelled(t, "labels.txt", string(make([]byte, 17<<20))),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vision.ModelLabels(parsed(t, file), 0)
			require.ErrorIs(t, err, vision.ErrLabels)
		})
	}
	l, err := vision.ModelLabels(nil, 0)
	require.NoError(t, err)
	assert.Nil(t, l)
}

// Classify uses the labels that came with the model, unless it is given others.
func TestClassifyModelLabels(t *testing.T) {
	s := open(t, labelled(t, "labels.txt", "red\ngreen\nblue\n"))
	for name, c := range map[string]struct {
		opts []vision.Option
		want string
	}{
		"its own": {nil, "blue"},
		"nil":     {[]vision.Option{vision.WithLabels(nil)}, "blue"},
		"others":  {[]vision.Option{vision.WithLabels(vision.Labels{0: "a", 1: "b", 2: "c"})}, "c"},
		"none":    {[]vision.Option{vision.WithLabels(vision.Labels{})}, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vision.Classify(t.Context(), s, plain(blue), c.opts...)
			require.NoError(t, err)
			assert.Equal(t, c.want, got.Classes[0].Label)
			assert.Empty(t, got.Warnings)
		})
	}
	got, err := vision.Classify(t.Context(), s, plain(blue), vision.WithLabels(vision.Labels{0: "background", 1: "a", 2: "b", 3: "c"}))
	require.NoError(t, err)
	require.Len(t, got.Warnings, 1)
	assert.Contains(t, got.Warnings[0], `there are 4 labels for the model's 3 classes`)
	assert.Contains(t, got.Warnings[0], `"background"`)
}

// Labels that cannot be read are told, and the classes go by their numbers.
func TestClassifyDamagedModelLabels(t *testing.T) {
	s := open(t, labelled(t, "labels.txt", "\xff\xfe"))
	for range 2 { // also from memory
		got, err := vision.Classify(t.Context(), s, plain(blue))
		require.NoError(t, err)
		assert.Equal(t, "2", got.Classes[0].Label)
		require.Len(t, got.Warnings, 1)
		assert.Contains(t, got.Warnings[0], "the model's labels cannot be read")
	}
}

// The compiler drops the metadata: a model for the Edge TPU takes those of its twin.
func TestClassifyTwinsLabels(t *testing.T) {
	dir := t.TempDir()
	compiled := filepath.Join(dir, "net_edgetpu.tflite")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "net.tflite"), compiledTwin(t), 0o600))
	require.NoError(t, os.WriteFile(compiled, readFile(t, "../tflite/testdata/pair_edgetpu.tflite"), 0o600))
	s, err := coral.Open(compiled, coral.WithPolicy(coral.CPUOnly))
	require.NoError(t, err)
	defer s.Close()
	l, err := vision.ModelLabels(s.Model(), 0)
	require.NoError(t, err)
	assert.Equal(t, rgb, l)
}

// compiledTwin is the CPU model of a pair, with labels.
func compiledTwin(t *testing.T) []byte {
	t.Helper()
	return withFile(t, readFile(t, "../tflite/testdata/pair.tflite"), "metadata.json", `{"names": ["red", "green", "blue"]}`)
}

// What is kept for a model goes with it.
func TestModelLabelsAreFreed(t *testing.T) {
	gone := make(chan struct{})
	func() {
		s := open(t, labelled(t, "labels.txt", "red\ngreen\nblue\n"))
		_, err := vision.Classify(t.Context(), s, plain(color.White))
		require.NoError(t, err)
		m := parsed(t, labelled(t, "labels.txt", "red\ngreen\nblue\n"))
		_, err = vision.Classify(t.Context(), s, plain(color.White), vision.WithModel(m))
		require.NoError(t, err)
		runtime.AddCleanup(m, func(struct{}) { close(gone) }, struct{}{})
	}()
	for {
		runtime.GC()
		select {
		case <-gone:
			return
		default:
		}
	}
}
