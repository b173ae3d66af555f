package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/examples/internal/program"
)

func TestMain(m *testing.M) { program.Main(m, main) }

func TestSegment(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "out.png")
	out := program.Run(t, "-model", program.File(t, "deeplabv3_257_mv_gpu.tflite"), "-image", program.File(t, "laptop.jpg"), "-output", picture)
	assert.Regexp(t, `(?m)^ +\d+\.\d% 15$`, out, "a person, in the classes of Pascal VOC")
	assert.FileExists(t, picture)
}
