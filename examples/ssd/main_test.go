package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/examples/internal/program"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// A folder is a source as a camera is.
func TestSSD(t *testing.T) {
	content, err := os.ReadFile(program.File(t, "laptop.jpg"))
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "laptop.jpg"), content, 0o600))
	out := program.Run(t, "-camera", folder, "-model", program.File(t, "ssd_detect.tflite"), "-label", program.File(t, "coco_labels.txt"))
	assert.Contains(t, out, "person")
	assert.Contains(t, out, "laptop")
}
