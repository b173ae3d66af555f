package vision_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// ssdCase is one of testdata/ssd.json, which ssd.py writes.
type ssdCase struct {
	Picture, Fit string
	Objects      []vision.Object
}

// TestSSD finds what ai-edge-litert with Pillow does. JPEG decoders differ by a few levels,
// and the kernels of 2.9.0 round otherwise, either of which may move a box by a step of the
// quantised head, or several: there the best object is compared, and loosely.
func TestSSD(t *testing.T) {
	fetched := needed(t, "../third_party/models", "make models fetches it", os.Getenv("CI") == "true")
	s, err := coral.Open(fetched("ssd_detect.tflite"), coral.WithPolicy(coral.CPUOnly))
	require.NoError(t, err)
	defer s.Close()
	labels, err := vision.ReadLabels(fetched("coco_labels.txt"))
	require.NoError(t, err)
	var cases []ssdCase
	require.NoError(t, json.Unmarshal(readFile(t, "testdata/ssd.json"), &cases))
	require.NotEmpty(t, cases)
	for _, c := range cases {
		t.Run(c.Picture+" "+c.Fit, func(t *testing.T) {
			picture := fetched(c.Picture)
			if !slices.Contains([]string{"laptop.jpg", "peacock.png"}, c.Picture) {
				picture = needed(t, "../../shared/testdata", "Coral's test data is not part of the repository", false)(filepath.Join("images", c.Picture))
			}
			img, err := vision.Load(picture)
			require.NoError(t, err)
			fit, err := vision.ParseFit(c.Fit)
			require.NoError(t, err)
			got, err := vision.Detect(t.Context(), s, img, vision.WithFit(fit), vision.WithThreshold(0.39), vision.WithLabels(labels))
			require.NoError(t, err)
			assert.Equal(t, vision.HeadSSD, got.Head)
			require.Len(t, got.Warnings, 1)
			assert.Contains(t, got.Warnings[0], `there are 91 labels for the model's 90 classes: the first, "???", is taken for the background`)
			for _, o := range got.Objects {
				assert.Equal(t, labels[o.ID+1], o.Label)
			}
			require.NotEmpty(t, c.Objects)
			if filepath.Ext(c.Picture) == ".jpg" || strings.HasPrefix(tflite.Version(), "2.9.") {
				assertAmong(t, c.Objects[0], got.Objects, alike)
				return
			}
			for _, want := range c.Objects {
				assertAmong(t, want, got.Objects, equal)
			}
			for _, o := range got.Objects {
				if o.Score > 0.41 {
					assertAmong(t, o, c.Objects, equal)
				}
			}
		})
	}
}

// equal allows for 2 pixels and 0.01 of the score.
func equal(a, b vision.Object) bool {
	apart := max(away(a.Box.XMin, b.Box.XMin), away(a.Box.YMin, b.Box.YMin), away(a.Box.XMax, b.Box.XMax), away(a.Box.YMax, b.Box.YMax))
	return a.ID == b.ID && apart <= 2 && away(a.Score, b.Score) <= 0.01
}

func alike(a, b vision.Object) bool {
	return a.ID == b.ID && a.Box.IoU(b.Box) >= 0.9 && away(a.Score, b.Score) <= 0.05
}

func assertAmong(t *testing.T, want vision.Object, all []vision.Object, same func(a, b vision.Object) bool) {
	t.Helper()
	if !slices.ContainsFunc(all, func(o vision.Object) bool { return same(want, o) }) {
		assert.Fail(t, "an object is missing", "%+v is not among %+v", want, all)
	}
}

func away(a, b float32) float32 { return max(a-b, b-a) }
