package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/examples/internal/program"
)

func TestMain(m *testing.M) { program.Main(m, main) }

func TestDetect(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "out.png")
	out := program.Run(t, "-m", program.File(t, "ssd_detect.tflite"), "-l", program.File(t, "coco_labels.txt"), "-i", program.File(t, "laptop.jpg"), "-o", picture)
	assert.Contains(t, out, "laptop\n  id:    72\n")
	assert.Contains(t, out, "person\n  id:    0\n")
	assert.FileExists(t, picture)
}
