package vision_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
)

// TestDemo runs what "make demo" shows, on the files that "make models" fetches.
func TestDemo(t *testing.T) {
	file := needed(t, "../third_party/models", "make models fetches it", os.Getenv("CI") == "true")
	got := classifyFile(t, file("mobilenet_quant_v1_224.tflite"), file("imagenet_labels.txt"), file("peacock.png"))
	assert.Equal(t, vision.Class{ID: 85, Score: got.Score, Label: "peacock"}, got)
	// The input goes from 0 to 1. With pycoral's default of 128 the score is 0.6.
	assert.Greater(t, got.Score, float32(0.95))
}

// TestCoral runs Google Coral's own models on its own pictures.
func TestCoral(t *testing.T) {
	file := needed(t, "../../shared/testdata", "Coral's test data is not part of the repository", false)
	for _, c := range []struct {
		model, labels, picture string
		want                   vision.Class
		least                  float32
	}{
		{"mobilenet_v2_1.0_224_quant", "imagenet", "cat.bmp", vision.Class{ID: 286, Label: "Egyptian cat"}, 0.7},
		{"mobilenet_v2_1.0_224_quant", "imagenet", "cat_1080p.jpg", vision.Class{ID: 286, Label: "Egyptian cat"}, 0.7},
		{"mobilenet_v2_1.0_224_quant", "imagenet", "sunflower.bmp", vision.Class{ID: 986, Label: "daisy"}, 0.9},
		{"mobilenet_v2_1.0_224_quant", "imagenet", "dragonfly.bmp", vision.Class{ID: 320, Label: dragonfly}, 0.9},
		{"tf2_mobilenet_v2_1.0_224_ptq", "imagenet", "cat.bmp", vision.Class{ID: 286, Label: "Egyptian cat"}, 0.6},
		{"mobilenet_v2_1.0_224_inat_bird_quant", "inat_bird", "parrot.jpg", vision.Class{ID: 923, Label: "Ara macao (Scarlet Macaw)"}, 0.75},
		{"mobilenet_v2_1.0_224_inat_bird_quant", "inat_bird", "bird.bmp", vision.Class{ID: 659, Label: "Poecile atricapillus (Black-capped Chickadee)"}, 0.5},
		{"keras_lstm_mnist_ptq", "", "mnist_nine.bmp", vision.Class{ID: 9, Label: "9"}, 0.95},
	} {
		t.Run(c.model+" "+c.picture, func(t *testing.T) {
			labels := ""
			if c.labels != "" {
				labels = file("labels/" + c.labels + "_labels.txt")
			}
			got := classifyFile(t, file("models/"+c.model+".tflite"), labels, file("images/"+c.picture))
			assert.GreaterOrEqual(t, got.Score, c.least)
			c.want.Score = got.Score
			assert.Equal(t, c.want, got)
		})
	}
}

const dragonfly = "dragonfly, darning needle, devil's darning needle, sewing needle, snake feeder, snake doctor, mosquito hawk, skeeter hawk"

// classifyFile returns the best class.
func classifyFile(t *testing.T, model, labelFile, picture string) vision.Class {
	t.Helper()
	s, err := coral.Open(model, coral.WithPolicy(coral.CPUOnly))
	require.NoError(t, err)
	defer s.Close()
	var labels vision.Labels
	if labelFile != "" {
		labels, err = vision.ReadLabels(labelFile)
		require.NoError(t, err)
	}
	img, err := vision.Load(picture)
	require.NoError(t, err)
	got, err := vision.Classify(t.Context(), s, img, vision.WithLabels(labels), vision.WithTopK(1))
	require.NoError(t, err)
	require.Len(t, got.Classes, 1)
	return got.Classes[0]
}

// needed returns the paths of files below dir, and skips the test if dir is not there
// (or fails, if it must be).
func needed(t *testing.T, dir, why string, must bool) func(name string) string {
	t.Helper()
	if _, err := os.Stat(dir); err != nil && !must {
		t.Skipf("%v: %s", err, why)
	}
	return func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
}
