//go:build cgo && linux

package tflitelib_test

import (
	"context"
	"os"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/delegate/plugin"
	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/internal/dl/dltest"
	"github.com/gocoral/coral/internal/tflitelib"
	"github.com/gocoral/coral/internal/tflitelib/tflitelibtest"
	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// unknown makes libraries of a version that is not known here, each of other structures than
// the known ones: one that tells of its tensors what newer versions do, one that tells no
// more than 2.9.0.
func unknown(t *testing.T) map[string]string {
	t.Helper()
	shifted := []string{"-DSHIFT_TENSOR", "-DSHIFT_CONTEXT", "-DSHIFT_NODE", "-DSHIFT_REGISTRATION", "-DSHIFT=0xeeeeeeeeeeeeeeee"}
	return map[string]string{
		"newer getters": tflitelibtest.StandIn(t, shifted...),
		"no getters":    tflitelibtest.StandIn(t, append(shifted, "-DOLDEST")...),
	}
}

// onUnknown runs a test in a process for each of these libraries, which the test gets told by
// whether they have the newer getters.
func onUnknown(t *testing.T, f func(t *testing.T, getters bool)) {
	const gettersEnv = "CORAL_TEST_GETTERS"
	if tflitelibtest.InChild(t) {
		f(t, os.Getenv(gettersEnv) != "")
		return
	}
	for name, library := range unknown(t) {
		t.Log(name)
		variables := []string{tflitelib.Variable + "=" + library}
		if name == "newer getters" {
			variables = append(variables, gettersEnv+"=1")
		}
		tflitelibtest.Child(t, variables...)
	}
}

// one is a model of one operator, with an input and an output like the tensor.
func one(tensor model.Tensor, custom string) []byte {
	out := tensor
	out.Name = "out"
	op := model.Operator{Name: "ABS", BuiltinCode: 101, Version: 1, Inputs: []int{0}, Outputs: []int{1}}
	if custom != "" {
		op = model.Operator{Name: custom, CustomCode: custom, BuiltinCode: 32, Version: 1, Inputs: []int{0}, Outputs: []int{1}}
	}
	graph := model.Subgraph{Tensors: []model.Tensor{tensor, out}, Inputs: []int{0}, Outputs: []int{1}, Operators: []model.Operator{op}}
	return tflitewriter.Model(&model.Model{Version: 3, Subgraphs: []model.Subgraph{graph}}, nil)
}

func newInterpreter(t *testing.T, b []byte, opts ...tflite.Option) (*tflite.Interpreter, error) {
	t.Helper()
	m, err := tflite.NewModel(b)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	i, err := tflite.NewInterpreter(m, opts...)
	if err == nil {
		t.Cleanup(func() { require.NoError(t, i.Close()) })
	}
	return i, err
}

func tensors(t *testing.T, i *tflite.Interpreter) (in, out *tflite.Tensor) {
	t.Helper()
	in, err := i.Input(0)
	require.NoError(t, err)
	out, err = i.Output(0)
	require.NoError(t, err)
	return in, out
}

// Models run on a version that is not known, by what its own functions tell.
func TestUnknownVersion(t *testing.T) {
	onUnknown(t, func(t *testing.T, getters bool) {
		info, err := tflite.Runtime()
		require.NoError(t, err)
		assert.Equal(t, "2.99.0", info.Version)
		assert.False(t, info.Known)
		assert.Contains(t, info.Absent, "TfLiteXNNPackDelegateCreate")

		i, err := newInterpreter(t, one(model.Tensor{
			Name: "in", Type: model.Int8, Shape: []int{1, 3}, ShapeSignature: []int{-1, 3},
			Quantization: model.Quantization{Scale: 0.5, ZeroPoint: -2, Scales: []float32{0.5}, ZeroPoints: []int{-2}},
		}, ""))
		require.NoError(t, err)
		assert.Equal(t, tflite.Backend{Uncounted: true}, i.Backend())
		in, out := tensors(t, i)
		want := tflite.TensorInfo{
			Name: "in", Type: tflite.TypeInt8, Shape: []int{1, 3}, ShapeSignature: []int{-1, 3}, ByteSize: 3,
			Quantization: tflite.Quantization{Scale: 0.5, ZeroPoint: -2},
		}
		if !getters {
			want.ShapeSignature = nil
		}
		assert.Equal(t, want, in.Info())
		require.NoError(t, in.SetFloat32([]float32{1, -1, 2}))
		require.NoError(t, i.Invoke(t.Context()))
		raw, real := make([]int8, 3), make([]float32, 3)
		require.NoError(t, tflite.Read(out, raw))
		require.NoError(t, out.ReadFloat32(real))
		assert.Equal(t, []int8{0, -4, 2}, raw)
		assert.Equal(t, []float32{1, -1, 2}, real)

		require.NoError(t, i.Resize(0, 2, 3))
		in, _ = tensors(t, i)
		assert.Equal(t, []int{2, 3}, in.Shape())
		require.NoError(t, tflite.Set(in, []int8{1, 2, 3, 4, 5, 6}))
		require.NoError(t, i.Invoke(t.Context()))

		_, err = newInterpreter(t, one(model.Tensor{Name: "x", Type: model.Float32, Shape: []int{1}}, ""), tflite.WithXNNPACK(tflite.XNNPACKOn))
		require.ErrorIs(t, err, tflite.ErrUnsupported)
	})
}

// Scales per channel are in the structures. Whether there are any is not known either.
func TestUnknownVersionPerChannel(t *testing.T) {
	onUnknown(t, func(t *testing.T, _ bool) {
		i, err := newInterpreter(t, one(model.Tensor{
			Name: "in", Type: model.Int8, Shape: []int{1, 2},
			Quantization: model.Quantization{Scale: 0.5, Scales: []float32{0.5, 0.25}, ZeroPoints: []int{0, 0}, Dimension: 1},
		}, ""))
		require.NoError(t, err)
		in, _ := tensors(t, i)
		require.NoError(t, tflite.Set(in, []int8{1, 2}), "integers need no scale")
		v, err := in.Value()
		require.NoError(t, err)
		_, ofValue := v.Float32()
		for _, err := range []error{in.SetFloat32(make([]float32, 2)), in.ReadFloat32(make([]float32, 2)), ofValue} {
			require.ErrorIs(t, err, tflite.ErrUnsupported)
			require.NotErrorIs(t, err, tflite.ErrType)
			assert.ErrorContains(t, err, "whether it has one per channel cannot be known with TensorFlow Lite 2.99.0")
		}
		i, err = newInterpreter(t, one(model.Tensor{Name: "in", Type: model.Int64, Shape: []int{1}}, ""))
		require.NoError(t, err)
		in, _ = tensors(t, i)
		require.ErrorIs(t, in.SetFloat32([]float32{0}), tflite.ErrType, "which are never quantised")
	})
}

// Strings need a function that the oldest versions lack.
func TestUnknownVersionStrings(t *testing.T) {
	onUnknown(t, func(t *testing.T, getters bool) {
		b, err := os.ReadFile("../../tflite/testdata/string_equal.tflite")
		require.NoError(t, err)
		i, err := newInterpreter(t, b)
		if !getters {
			require.ErrorIs(t, err, tflite.ErrUnsupported)
			assert.ErrorContains(t, err, "takes no strings")
			return
		}
		require.NoError(t, err)
		in, _ := tensors(t, i)
		want := make([]string, in.Elements())
		want[0] = "a string"
		require.NoError(t, in.SetStrings(want))
		got, err := in.ReadStrings()
		require.NoError(t, err)
		assert.Equal(t, want, got)
	})
}

// Custom operators are written in structures that the runtime reads.
func TestUnknownVersionCustomOperators(t *testing.T) {
	onUnknown(t, func(t *testing.T, _ bool) {
		float := model.Tensor{Name: "x", Type: model.Float32, Shape: []int{1}}
		_, err := newInterpreter(t, one(float, "Mine"))
		require.ErrorIs(t, err, tflite.ErrUnresolvedOp)
		function := unsafe.Pointer(new(byte)) // which is never called
		for _, option := range []tflite.Option{
			tflite.WithCustomOp(tflite.CustomOp{Name: "Mine", Prepare: function, Invoke: function}),
			tflite.WithPlaceholderOp("Mine"),
		} {
			_, err := newInterpreter(t, one(float, "Mine"), option)
			require.ErrorIs(t, err, tflite.ErrUnsupported)
			assert.ErrorContains(t, err, "custom operators with TensorFlow Lite 2.99.0, whose structures are not known here")
		}
	})
}

// What an offload gets is memory, of which every version tells.
func TestUnknownVersionOffload(t *testing.T) {
	onUnknown(t, func(t *testing.T, _ bool) {
		float := model.Tensor{Name: "x", Type: model.Float32, Shape: []int{1}}
		i, err := newInterpreter(t, one(float, ""), tflite.WithOffload(func(_ context.Context, o *tflite.Offload) error {
			o.Outputs()[0][3] = o.Inputs()[0][3]
			return nil
		}))
		require.NoError(t, err)
		in, out := tensors(t, i)
		require.NoError(t, tflite.Set(in, []float32{2}))
		require.NoError(t, i.Invoke(t.Context()))
		got := make([]float32, 1)
		require.NoError(t, tflite.Read(out, got))
		assert.InDelta(t, 2, got[0], 0)
	})
}

// A delegate of an older TensorFlow Lite needs an adapter, which needs the structures. One
// that does without it is its maker's business.
func TestUnknownVersionDelegates(t *testing.T) {
	onUnknown(t, func(t *testing.T, _ bool) {
		path := dltest.Shared(t, "libplugin.so", "../../delegate/plugin/testdata/fakeplugin/fakeplugin.c")
		d, err := plugin.Open(path, plugin.WithOldABI())
		require.NoError(t, err)
		defer d.Delete()
		_, err = newInterpreter(t, one(model.Tensor{Name: "x", Type: model.Float32, Shape: []int{1}}, ""), tflite.WithDelegates(d))
		require.ErrorIs(t, err, tflite.ErrUnsupported)
		assert.ErrorContains(t, err, "TensorFlow Lite 2.99.0, whose structures are not known here")
	})
}

// The Edge TPU is not to be had, which a session says, and runs on the CPU if it may.
func TestUnknownVersionSession(t *testing.T) {
	onUnknown(t, func(t *testing.T, _ bool) {
		edgetputest.New(t, edgetputest.USB("2-1"))
		cpu, err := os.ReadFile("../../tflite/testdata/tiny_int8.tflite")
		require.NoError(t, err)
		tpu, err := edgetputest.Compile(cpu)
		require.NoError(t, err)

		s, err := coral.OpenBytes(cpu, coral.WithPolicy(coral.CPUOnly))
		require.NoError(t, err)
		require.NoError(t, s.Close())

		s, err = coral.OpenBytes(tpu, coral.WithTwinBytes(cpu))
		require.NoError(t, err)
		defer s.Close()
		assert.Equal(t, coral.DeviceCPU, s.Device().Type)
		assert.Contains(t, s.Reason(), "TensorFlow Lite 2.99.0, whose structures are not known here")
		in := s.Inputs()[0]
		_, err = s.Run(t.Context(), make([]int8, in.Elements()))
		require.NoError(t, err)

		for _, open := range []func() (*coral.Session, error){
			func() (*coral.Session, error) {
				return coral.OpenBytes(tpu, coral.WithTwinBytes(cpu), coral.WithPolicy(coral.RequireTPU))
			},
			func() (*coral.Session, error) { return coral.OpenBytes(tpu) },
		} {
			_, err = open()
			require.ErrorIs(t, err, coral.ErrUnsupported)
			assert.ErrorContains(t, err, "TensorFlow Lite 2.99.0, whose structures are not known here")
		}

		devices, err := edgetpu.Probe(t.Context())
		require.NoError(t, err)
		runtime, err := edgetpu.Load()
		require.NoError(t, err)
		d, err := runtime.NewDelegate(t.Context(), devices[0], edgetpu.Options{})
		if err == nil {
			defer d.Delete()
			_, err = newInterpreter(t, cpu, tflite.WithDelegates(d))
		}
		require.ErrorIs(t, err, tflite.ErrUnsupported)
	})
}
