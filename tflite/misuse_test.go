package tflite_test

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
)

// Each of these ends the process, or gives a wrong answer, in a plain binding of
// the C API. Here each must be an error.

func TestWrongLengthOrType(t *testing.T) {
	i := interpreter(t, "tiny_int8")
	in, out := input(t, i, 0), output(t, i, 0)
	for _, n := range []int{0, 1, 10, 191, 193, 1000} {
		require.ErrorIs(t, tflite.Set(in, make([]int8, n)), tflite.ErrSize)
		require.ErrorIs(t, in.SetFloat32(make([]float32, n)), tflite.ErrSize)
	}
	require.ErrorIs(t, tflite.Set[int8](in, nil), tflite.ErrSize)
	for _, n := range []int{0, 3, 5} {
		require.ErrorIs(t, tflite.Read(out, make([]int8, n)), tflite.ErrSize)
		require.ErrorIs(t, out.ReadFloat32(make([]float32, n)), tflite.ErrSize)
	}
	err := tflite.Set(in, make([]int8, 10))
	assert.ErrorContains(t, err, "10 elements")
	assert.ErrorContains(t, err, "192")

	require.ErrorIs(t, tflite.Set(in, make([]uint8, 192)), tflite.ErrType)
	require.ErrorIs(t, tflite.Set(in, make([]float32, 48)), tflite.ErrType, "as many bytes, other elements")
	require.ErrorIs(t, tflite.Read(out, make([]uint8, 4)), tflite.ErrType)
	require.ErrorIs(t, tflite.Use(in, func([]float64) error { return nil }), tflite.ErrType)
	_, err = tflite.Data[int16](in)
	require.ErrorIs(t, err, tflite.ErrType)

	number := 7
	for _, data := range []any{nil, 7, &number, func() {}, "text", []any{1}, []int{1}, [1]int8{}, struct{}{}} {
		require.ErrorIs(t, in.SetValue(data), tflite.ErrType, "%T", data)
	}
}

func TestIndexOutOfRange(t *testing.T) {
	i := interpreter(t, "add")
	for _, k := range []int{-1, 2, 99, math.MaxInt, math.MinInt} {
		_, err := i.Input(k)
		require.ErrorIs(t, err, tflite.ErrRange)
		_, err = i.Output(k)
		require.ErrorIs(t, err, tflite.ErrRange)
		require.ErrorIs(t, i.Resize(k, 1, 8), tflite.ErrRange)
	}
}

func TestImpossibleShapes(t *testing.T) {
	i := interpreter(t, "huge_resize")
	shapes := [][]int{{-1}, {}, {1, 1}, {1 << 20, 1 << 20, 1 << 20, 1 << 20}}
	for _, n := range []int64{1 << 30, 1 << 31, 1 << 62, math.MinInt64} {
		shapes = append(shapes, []int{int(max(math.MinInt, min(n, math.MaxInt)))}) // int has 32 bits on some
	}
	for _, shape := range shapes {
		require.ErrorIs(t, i.Resize(0, shape...), tflite.ErrSize, "%v", shape)
	}
	set[float32](t, input(t, i, 0), make([]float32, input(t, i, 0).Elements())...)
	invoke(t, i)

	wide := interpreter(t, "huge_resize", tflite.WithMaxTensorBytes(64))
	require.NoError(t, wide.Resize(0, 16))
	require.ErrorIs(t, wide.Resize(0, 17), tflite.ErrSize)
	require.NoError(t, wide.AllocateTensors())
	assert.Equal(t, []int{16}, input(t, wide, 0).Shape())
}

func TestShapeThatTheGraphRefuses(t *testing.T) {
	i := interpreter(t, "add")
	require.NoError(t, i.Resize(0, 1, 5))
	err := i.AllocateTensors()
	require.Error(t, err)
	e, ok := errors.AsType[*tflite.Error](err)
	require.True(t, ok)
	assert.NotEmpty(t, e.Detail, "the runtime's own words")
	require.Error(t, i.Invoke(t.Context()))
	_, err = i.Input(0)
	require.Error(t, err)
	require.NoError(t, i.Resize(0, 1, 8))
	invoke(t, i)
}

func TestStaleHandles(t *testing.T) {
	i := interpreter(t, "add_dynamic")
	old := input(t, i, 0)
	require.NoError(t, i.Resize(0, 1, 4))
	stale := func() {
		t.Helper()
		require.ErrorIs(t, tflite.Set(old, make([]float32, 4)), tflite.ErrStale)
		require.ErrorIs(t, tflite.Read(old, make([]float32, 4)), tflite.ErrStale)
		require.ErrorIs(t, tflite.Use(old, func([]float32) error { return nil }), tflite.ErrStale)
		require.ErrorIs(t, old.SetFloat32(make([]float32, 4)), tflite.ErrStale)
		require.ErrorIs(t, old.ReadFloat32(make([]float32, 4)), tflite.ErrStale)
		_, err := tflite.Data[float32](old)
		require.ErrorIs(t, err, tflite.ErrStale)
		_, err = old.Value()
		require.ErrorIs(t, err, tflite.ErrStale)
		require.ErrorIs(t, old.SetStrings(nil), tflite.ErrStale)
		assert.Equal(t, "a", old.Name(), "what a handle knew, it still knows")
	}
	stale()
	require.NoError(t, i.AllocateTensors())
	stale()
	fresh := input(t, i, 0)
	require.NoError(t, tflite.Set(fresh, make([]float32, 4)))
	require.NoError(t, i.Close())
	stale()
	require.ErrorIs(t, tflite.Set(fresh, make([]float32, 4)), tflite.ErrClosed)
}

func TestUseAfterClose(t *testing.T) {
	m, err := tflite.LoadModel("testdata/add.tflite")
	require.NoError(t, err)
	i, err := tflite.NewInterpreter(m)
	require.NoError(t, err)
	require.NoError(t, i.Close())
	require.NoError(t, i.Close(), "twice does nothing")
	require.ErrorIs(t, i.Invoke(t.Context()), tflite.ErrClosed)
	require.ErrorIs(t, i.AllocateTensors(), tflite.ErrClosed)
	require.ErrorIs(t, i.ResetVariables(), tflite.ErrClosed)
	require.ErrorIs(t, i.Resize(0, 1), tflite.ErrClosed)
	_, err = i.Input(0)
	require.ErrorIs(t, err, tflite.ErrClosed)
	_, err = i.Signatures()
	require.ErrorIs(t, err, tflite.ErrClosed)
	assert.Equal(t, 2, i.InputCount())

	require.NoError(t, m.Close())
	require.NoError(t, m.Close(), "twice does nothing")
	_, err = tflite.NewInterpreter(m)
	require.ErrorIs(t, err, tflite.ErrClosed)
}

func TestNil(t *testing.T) {
	var m *tflite.Model
	var i *tflite.Interpreter
	var tensor *tflite.Tensor
	require.NoError(t, m.Close())
	require.NoError(t, i.Close())
	_, err := tflite.NewInterpreter(m)
	require.ErrorIs(t, err, tflite.ErrClosed)
	require.ErrorIs(t, i.Invoke(t.Context()), tflite.ErrClosed)
	require.ErrorIs(t, i.AllocateTensors(), tflite.ErrClosed)
	_, err = i.Input(0)
	require.ErrorIs(t, err, tflite.ErrClosed)
	assert.Zero(t, i.InputCount()+i.OutputCount())
	assert.Equal(t, "built-in kernels", i.Backend().String())
	require.ErrorIs(t, tflite.Set(tensor, []float32{1}), tflite.ErrStale)
	assert.Equal(t, tflite.NoType, tensor.Type())
	assert.Empty(t, tensor.Name())
	_, err = tensor.Value()
	require.Error(t, err)
	require.ErrorIs(t, tflite.Set(new(tflite.Tensor), []float32{1}), tflite.ErrStale)
	require.ErrorIs(t, tflite.Use[float32](tensor, nil), tflite.ErrType)
	var s *tflite.Signature
	require.ErrorIs(t, s.Invoke(t.Context()), tflite.ErrClosed)
	_, err = tflite.NewInterpreter(load(t, "add"), nil, tflite.WithDelegates(nil))
	require.ErrorIs(t, err, tflite.ErrDelegateDeclined)
	_, err = tflite.NewInterpreter(load(t, "add"), tflite.WithCustomOp(tflite.CustomOp{Name: "x"}))
	require.ErrorIs(t, err, tflite.ErrUnresolvedOp)
}

func TestReadOnlyTensors(t *testing.T) {
	for _, name := range []string{"readonly_output", "readonly_input"} {
		m, err := tflite.LoadModel(filepath.Join("testdata", name+".tflite"))
		if err != nil { // refused as a whole is as good
			require.ErrorIs(t, err, tflite.ErrBadModel, name)
			continue
		}
		i, err := tflite.NewInterpreter(m)
		require.NoError(t, err)
		constant := output(t, i, 0)
		if name == "readonly_input" {
			constant = input(t, i, 0)
		}
		require.ErrorIs(t, tflite.Set(constant, []float32{9, 9, 9, 9}), tflite.ErrReadOnly)
		require.ErrorIs(t, constant.SetFloat32([]float32{9, 9, 9, 9}), tflite.ErrReadOnly)
		_, err = tflite.Data[float32](constant)
		require.ErrorIs(t, err, tflite.ErrReadOnly)
		require.NoError(t, tflite.Use(constant, func(s []float32) error {
			clear(s) // a copy
			return nil
		}))
		assert.Equal(t, []float32{1, 2, 3, 4}, read[float32](t, constant))
		require.NoError(t, i.Close())
		require.NoError(t, m.Close())
	}
}

func TestOverlapIsBusy(t *testing.T) {
	i := interpreter(t, "add")
	in, out := input(t, i, 0), output(t, i, 0)
	require.NoError(t, tflite.Use(in, func([]float32) error {
		require.ErrorIs(t, i.Invoke(t.Context()), tflite.ErrBusy)
		require.ErrorIs(t, tflite.Read(out, make([]float32, 8)), tflite.ErrBusy)
		require.ErrorIs(t, tflite.Set(in, make([]float32, 8)), tflite.ErrBusy)
		require.ErrorIs(t, i.Resize(0, 1, 8), tflite.ErrBusy)
		require.ErrorIs(t, i.Close(), tflite.ErrBusy)
		_, err := i.Input(0)
		require.ErrorIs(t, err, tflite.ErrBusy)
		assert.Equal(t, []int{1, 8}, out.Shape(), "descriptions can be read at any time")
		return nil
	}))
	invoke(t, i)

	sentinel := errors.New("mine")
	require.Same(t, sentinel, tflite.Use(in, func([]float32) error { return sentinel }))
	func() {
		defer func() { require.NotNil(t, recover()) }()
		tflite.Use(in, func([]float32) error { panic("mine") })
	}()
	invoke(t, i)
}

// Goroutines that fight for one interpreter get right answers or ErrBusy.
func TestConcurrentMisuse(t *testing.T) {
	i := interpreter(t, "tiny_int8")
	image := make([]int8, 192)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for range 200 {
				var err error
				switch g {
				case 0:
					err = i.Resize(0, 1, 8, 8, 3)
				case 1:
					var in *tflite.Tensor
					if in, err = i.Input(0); err == nil {
						err = tflite.Set(in, image)
					}
				default:
					err = i.Invoke(context.Background())
				}
				if err != nil && !errors.Is(err, tflite.ErrBusy) && !errors.Is(err, tflite.ErrStale) {
					assert.NoError(t, err)
					return
				}
			}
		})
	}
	wg.Wait()
	invoke(t, i)
}

func TestModelFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, b, 0o600))
		return path
	}
	good, err := os.ReadFile("testdata/add.tflite")
	require.NoError(t, err)
	path := write("good.tflite", good)

	_, err = tflite.LoadModel(filepath.Join(dir, "missing.tflite"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "missing.tflite")
	_, err = tflite.LoadModel("")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = tflite.LoadModel(path + "\x00.tflite")
	require.Error(t, err, "not cut at the NUL")
	for name, path := range map[string]string{
		"directory": dir,
		"empty":     write("empty", nil),
		"null":      os.DevNull,
		"4 bytes":   write("four", []byte("TFL3")),
		"text":      write("text", []byte("this is no model, but it is long enough to be one")),
		"cut":       write("cut", good[:len(good)/2]),
	} {
		_, err := tflite.LoadModel(path)
		require.ErrorIs(t, err, tflite.ErrBadModel, name)
	}
	_, err = tflite.LoadModel("/dev/zero")
	require.Error(t, err, "not read for ever")
	for _, b := range [][]byte{nil, {}, {1}, []byte("\x1c\x00\x00\x00TFL3")} {
		_, err := tflite.NewModel(b)
		require.ErrorIs(t, err, tflite.ErrBadModel)
	}

	m, err := tflite.LoadModel(path)
	require.NoError(t, err)
	i, err := tflite.NewInterpreter(m)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, 0), "the model is not mapped but copied")
	invoke(t, i)
	require.NoError(t, i.Close())
	require.NoError(t, m.Close())
}
