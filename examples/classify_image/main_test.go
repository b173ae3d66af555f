package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/examples/internal/program"
)

func TestMain(m *testing.M) { program.Main(m, main) }

func TestClassify(t *testing.T) {
	out := program.Run(t, "-m", program.File(t, "mobilenet_quant_v1_224.tflite"), "-l", program.File(t, "imagenet_labels.txt"), "-i", program.File(t, "peacock.png"))
	assert.Regexp(t, `(?m)^peacock: 0\.9\d+$`, out)
}
