package tflite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
)

// conformance loads one of Coral's own models from beside the checkout, where it
// is for those who have it; it is no part of the repository.
func conformance(t *testing.T, name string) (*tflite.Model, string) {
	t.Helper()
	path := filepath.Join("..", "..", "shared", "testdata", "models", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no conformance models here: %v", err)
	}
	m, err := tflite.LoadModel(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m, path
}

func TestConformanceModelsRun(t *testing.T) {
	for _, name := range []string{
		"mobilenet_v2_1.0_224_quant", "tf2_mobilenet_v2_1.0_224_ptq", "movenet_single_pose_lightning_ptq",
		"deeplabv3_mnv2_pascal_quant", "keras_lstm_mnist_ptq", "split_concat",
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := conformance(t, name+".tflite")
			i, err := tflite.NewInterpreter(m)
			require.NoError(t, err)
			defer i.Close()
			invoke(t, i)
			for k := range i.OutputCount() {
				_, err := output(t, i, k).Value()
				require.NoError(t, err)
			}
			t.Log(i.Backend())
		})
	}
}
