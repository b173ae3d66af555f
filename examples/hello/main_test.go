package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary be the program.
func TestMain(m *testing.M) {
	if os.Getenv("BE_HELLO") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// file is one of those that `coral-runtime models` fetches, into this folder as the README
// has it, or where the checkout keeps them.
func file(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{".", filepath.Join("..", "..", "third_party", "models")} {
		if path := filepath.Join(dir, name); exists(path) {
			return path
		}
	}
	require.Empty(t, os.Getenv("CI"), "CI fetches the models")
	t.Skipf("%s is not there; fetch it as the README says", name)
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func run(args ...string) (stdout, stderr string, status int) {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "BE_HELLO=1")
	var out, complaint strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaint
	_ = cmd.Run()
	return out.String(), complaint.String(), cmd.ProcessState.ExitCode()
}

func TestHello(t *testing.T) {
	model, labels := file(t, "mobilenet_quant_v1_224.tflite"), file(t, "imagenet_labels.txt")
	picture := file(t, "peacock.png")

	out, complaint, status := run("-model", model, "-labels", labels, picture)
	require.Zero(t, status, complaint)
	lines := strings.Split(out, "\n")
	assert.Regexp(t, `^Running on .+, because .+\.$`, lines[0])
	assert.Equal(t, " 98.05%  peacock", lines[1])

	out, complaint, status = run("-isolated", "-model", model, "-labels", labels, picture)
	require.Zero(t, status, complaint)
	assert.Contains(t, out, "in a worker process")
	assert.Equal(t, lines[1:], strings.Split(out, "\n")[1:])

	for what, args := range map[string][]string{
		"no picture":         {"-model", model, "-labels", labels},
		"a picture of text":  {"-model", model, "-labels", labels, labels},
		"a missing picture":  {"-model", model, "-labels", labels, "missing.png"},
		"a missing model":    {"-model", "missing.tflite", "-labels", labels, picture},
		"a model of text":    {"-model", labels, "-labels", labels, picture},
		"missing labels":     {"-model", model, "-labels", "missing.txt", picture},
		"labels of pictures": {"-model", model, "-labels", picture, picture},
	} {
		_, complaint, status := run(args...)
		assert.NotZero(t, status, what)
		// The native library itself says when it has made XNNPACK.
		complaint = strings.TrimPrefix(complaint, "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
		assert.Regexp(t, `^(hello|usage): .+\n$`, complaint, what)
	}
}
