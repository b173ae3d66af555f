package coral_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/internal/tflitewriter"
	coralmodel "github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// detector puts a detection model and its form for the Edge TPU into a folder. Its outputs
// have no shape in the file.
func detector(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "detector.tflite")
	tpu, err := edgetputest.Compile(edgetputest.Detector())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, edgetputest.Detector(), 0o600))
	require.NoError(t, os.WriteFile(path[:len(path)-len(".tflite")]+"_edgetpu.tflite", tpu, 0o600))
	return path
}

func TestDetector(t *testing.T) {
	path := detector(t)
	picture := make([]uint8, 16*16*3)
	for k := range picture {
		picture[k] = uint8(k * 7)
	}
	detect := func(s *coral.Session) []tflite.Value {
		outputs, err := s.Run(t.Context(), picture)
		require.NoError(t, err)
		require.Len(t, outputs, 4)
		return outputs
	}
	cpu := openTPU(t, path, coral.WithPolicy(coral.CPUOnly))
	want := detect(cpu)
	require.Equal(t, []int{1, 4, 4}, want[0].Shape)

	for name, c := range map[string]struct {
		opts []coral.Option
		tpu  bool
	}{
		"auto, in process":     {[]coral.Option{coral.WithIsolation(coral.InProcess)}, true},
		"auto, isolated":       {[]coral.Option{coral.WithIsolation(coral.Isolated)}, true},
		"required, in process": {[]coral.Option{coral.WithPolicy(coral.RequireTPU), coral.WithIsolation(coral.InProcess)}, true},
		"required, isolated":   {[]coral.Option{coral.WithPolicy(coral.RequireTPU), coral.WithIsolation(coral.Isolated)}, true},
		"cpu, isolated":        {[]coral.Option{coral.WithPolicy(coral.CPUOnly), coral.WithIsolation(coral.Isolated)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			edgetputest.New(t, edgetputest.USB("2-1"))
			s := openTPU(t, path, c.opts...)
			require.Equal(t, c.tpu, s.Device().IsTPU(), s.Reason())
			for k, got := range detect(s) {
				assert.Equal(t, want[k].Data, got.Data, "output %d", k)
				assert.Equal(t, want[k].Shape, got.Shape, "output %d", k)
				assert.Equal(t, want[k].Shape, s.Outputs()[k].Shape, "what the session says of output %d", k)
			}
		})
	}

	t.Run("the compiled model alone", func(t *testing.T) {
		sim := edgetputest.New(t, edgetputest.USB("2-1"))
		tpu, err := os.ReadFile(path[:len(path)-len(".tflite")] + "_edgetpu.tflite")
		require.NoError(t, err)
		s, err := coral.OpenBytes(tpu, coral.WithXNNPACK(tflite.XNNPACKOff))
		require.NoError(t, err)
		defer s.Close()
		assert.Empty(t, s.Path())
		for k, got := range detect(s) {
			assert.Equal(t, want[k].Data, got.Data, "output %d", k)
		}
		assert.Equal(t, 2, sim.Stats("2-1").Inferences)
	})

	t.Run("lost and found", func(t *testing.T) {
		sim := edgetputest.New(t, edgetputest.USB("2-1").OnLoss(edgetputest.Abort))
		s := openTPU(t, path, coral.WithIsolation(coral.Isolated))
		require.True(t, onTPU(s), s.Reason())
		sim.Unplug("2-1")
		for k, got := range detect(s) {
			assert.Equal(t, want[k].Data, got.Data, "output %d", k)
		}
		sim.Plug("2-1")
		eventually(t, "it comes back", func() bool { return onTPU(s) })
		detect(s)
	})
}

// A model whose outputs have no size before it runs cannot exchange them with a device: it
// runs on the CPU, and says why.
func TestOutputsWithoutSize(t *testing.T) {
	cpu := whereModel()
	path := filepath.Join(t.TempDir(), "where.tflite")
	require.NoError(t, os.WriteFile(path, cpu, 0o600))
	tpu, err := edgetputest.Compile(cpu)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path[:len(path)-len(".tflite")]+"_edgetpu.tflite", tpu, 0o600))
	for name, device := range map[string]edgetputest.Device{"with a device": edgetputest.USB("2-1"), "without": edgetputest.USB("2-1").Absent()} {
		t.Run(name, func(t *testing.T) {
			edgetputest.New(t, device)
			s := openTPU(t, path)
			device, cause := s.Status()
			assert.Equal(t, coral.DeviceCPU, device.Type)
			require.ErrorIs(t, cause, coral.ErrUnsupported)
			outputs, err := s.Run(t.Context(), []int8{-128, 100, -128, 100})
			require.NoError(t, err)
			assert.Equal(t, []int{2, 2}, outputs[0].Shape, "of the two that are not 0")
			_, err = coral.Open(path, coral.WithPolicy(coral.RequireTPU))
			require.ErrorIs(t, err, coral.ErrUnsupported)
		})
	}
}

// whereModel writes a model of two operators: RELU, which an Edge TPU can run, and WHERE,
// whose output has as many rows as the input has elements that are not 0.
func whereModel() []byte {
	const relu, where = 19, 109
	bits := model8bit([]int{1, 4})
	return tflitewriter.Model(&coralmodel.Model{Version: 3, Subgraphs: []coralmodel.Subgraph{{
		Name: "main",
		Tensors: []coralmodel.Tensor{
			bits("x"), bits("y"),
			{Name: "where", Type: coralmodel.Int64, Shape: []int{1, 2}, ShapeSignature: []int{-1, 2}, HasRank: true},
		},
		Operators: []coralmodel.Operator{
			{BuiltinCode: relu, Version: 2, Inputs: []int{0}, Outputs: []int{1}},
			{BuiltinCode: where, Version: 2, Inputs: []int{1}, Outputs: []int{2}},
		},
		Inputs: []int{0}, Outputs: []int{2},
	}}}, nil)
}

func model8bit(shape []int) func(name string) coralmodel.Tensor {
	return func(name string) coralmodel.Tensor {
		return coralmodel.Tensor{
			Name: name, Type: coralmodel.Int8, Shape: shape, HasRank: true,
			Quantization: coralmodel.Quantization{Scale: 0.5, Scales: []float32{0.5}, ZeroPoints: []int{0}},
		}
	}
}
