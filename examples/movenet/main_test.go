package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/examples/internal/program"
)

func TestMain(m *testing.M) { program.Main(m, main) }

func TestMovenet(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "out.png")
	out := program.Run(t, "-m", program.Shared(t, "models/movenet_single_pose_lightning_ptq.tflite"), "-i", program.Shared(t, "images/squat.bmp"), "-output", picture)
	assert.Equal(t, 17, strings.Count(out, "_")+strings.Count(out, "nose"), out)
	assert.Regexp(t, `(?m)^left_hip +0\.6\d+ 0\.\d+ 0\.\d+$`, out)
	assert.FileExists(t, picture)
}
