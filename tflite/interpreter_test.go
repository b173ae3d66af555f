package tflite_test

import (
	"bytes"
	"context"
	"embed"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/delegate/xnnpack"
	"github.com/gocoral/coral/tflite"
)

//go:embed testdata/add.tflite
var embedded embed.FS

func TestAdd(t *testing.T) {
	i := interpreter(t, "add")
	require.Equal(t, 2, i.InputCount())
	require.Equal(t, 1, i.OutputCount())
	set[float32](t, input(t, i, 0), 1, 2, 3, 4, 5, 6, 7, 8)
	set[float32](t, input(t, i, 1), 10, 20, 30, 40, 50, 60, 70, 80)
	invoke(t, i)
	assert.Equal(t, []float32{11, 22, 33, 44, 55, 66, 77, 88}, read[float32](t, output(t, i, 0)))
}

func TestModelSources(t *testing.T) {
	m, err := tflite.LoadModelFS(embedded, "testdata/add.tflite")
	require.NoError(t, err)
	defer m.Close()
	b, err := embedded.ReadFile("testdata/add.tflite")
	require.NoError(t, err)
	fromBytes, err := tflite.NewModel(b)
	require.NoError(t, err)
	defer fromBytes.Close()
	clear(b) // the model has a copy

	for _, m := range []*tflite.Model{m, fromBytes} {
		i, err := tflite.NewInterpreter(m)
		require.NoError(t, err)
		set[float32](t, input(t, i, 0), 1, 1, 1, 1, 1, 1, 1, 1)
		invoke(t, i)
		require.NoError(t, i.Close())
	}
}

func TestTensorsByName(t *testing.T) {
	i := interpreter(t, "no_signature")
	b, err := i.InputByName("b")
	require.NoError(t, err)
	assert.Same(t, input(t, i, 1), b)
	sum, err := i.OutputByName("sum")
	require.NoError(t, err)
	assert.Same(t, output(t, i, 0), sum)

	_, err = i.InputByName("c")
	require.ErrorIs(t, err, tflite.ErrNotFound)
	assert.ErrorContains(t, err, `no input is called "c", there is a, b`)
}

func TestModelMayBeClosedBeforeItsInterpreters(t *testing.T) {
	m, err := tflite.LoadModel("testdata/tiny_int8.tflite")
	require.NoError(t, err)
	i, err := tflite.NewInterpreter(m)
	require.NoError(t, err)
	defer i.Close()
	require.NoError(t, m.Close())
	invoke(t, i)
	_, err = tflite.NewInterpreter(m)
	require.ErrorIs(t, err, tflite.ErrClosed)
}

func TestResize(t *testing.T) {
	i := interpreter(t, "add_dynamic")
	if minor(t) >= 17 {
		assert.Equal(t, []int{-1, 4}, input(t, i, 0).ShapeSignature())
	}
	require.NoError(t, i.Resize(0, 3, 4))
	require.NoError(t, i.Resize(1, 3, 4))
	require.NoError(t, i.AllocateTensors())
	assert.Equal(t, []int{3, 4}, output(t, i, 0).Shape())
	set(t, input(t, i, 0), make([]float32, 12)...)
	set(t, input(t, i, 1), make([]float32, 12)...)
	invoke(t, i)

	require.NoError(t, i.Resize(0, 2, 4))
	err := i.Invoke(t.Context())
	require.Error(t, err, "shapes [2,4] and [3,4] do not add up")
	require.NoError(t, i.Resize(1, 2, 4))
	set(t, input(t, i, 0), make([]float32, 8)...)
	set(t, input(t, i, 1), make([]float32, 8)...)
	invoke(t, i)
	assert.Equal(t, []int{2, 4}, output(t, i, 0).Shape())
}

func TestResizeToNothing(t *testing.T) {
	i := interpreter(t, "huge_resize", tflite.WithXNNPACK(tflite.XNNPACKOff))
	require.NoError(t, i.Resize(0, 0))
	set[float32](t, input(t, i, 0))
	invoke(t, i)
	assert.Empty(t, read[float32](t, output(t, i, 0)))
}

// Fresh memory holds what it held before; somebody else's data must not show.
func TestInputsThatWereNeverSetAreZero(t *testing.T) {
	for range 20 {
		i := interpreter(t, "huge_resize", tflite.WithXNNPACK(tflite.XNNPACKOff))
		require.NoError(t, i.Resize(0, 1000))
		in := input(t, i, 0)
		require.Equal(t, make([]float32, 1000), read[float32](t, in))
		require.NoError(t, tflite.Use(in, func(s []float32) error {
			for k := range s {
				s[k] = 7
			}
			return nil
		}))
		require.NoError(t, i.Close())
	}
}

func TestScalar(t *testing.T) {
	i := interpreter(t, "scalar")
	assert.Empty(t, input(t, i, 0).Shape())
	assert.Equal(t, 1, input(t, i, 0).Elements())
	set[float32](t, input(t, i, 0), 3)
	invoke(t, i)
	assert.Equal(t, []float32{-3}, read[float32](t, output(t, i, 0)))
}

func TestNoInputs(t *testing.T) {
	i := interpreter(t, "no_inputs")
	assert.Zero(t, i.InputCount())
	invoke(t, i)
	assert.Equal(t, []float32{11, 22}, read[float32](t, output(t, i, 0)))
}

func TestControlFlow(t *testing.T) {
	i := interpreter(t, "while")
	set[float32](t, input(t, i, 0), 3)
	invoke(t, i)
	assert.Equal(t, []float32{192}, read[float32](t, output(t, i, 0)))
}

func TestDynamicOutput(t *testing.T) {
	i := interpreter(t, "dynamic_output")
	out := output(t, i, 0)
	err := tflite.Read(out, make([]int64, 1))
	require.ErrorIs(t, err, tflite.ErrStale, "no content before the first Invoke")

	set[float32](t, input(t, i, 0), 0, 1, 0, 1, 1, 0)
	invoke(t, i)
	assert.Equal(t, []int{3, 1}, out.Shape())
	assert.Equal(t, []int64{1, 3, 4}, read[int64](t, out))

	set[float32](t, input(t, i, 0), 0, 0, 0, 0, 0, 1)
	invoke(t, i)
	assert.Equal(t, []int{1, 1}, out.Shape())
	assert.Equal(t, []int64{5}, read[int64](t, out))

	set[float32](t, input(t, i, 0), 0, 0, 0, 0, 0, 0)
	invoke(t, i)
	assert.Equal(t, []int{0, 1}, out.Shape())
	v, err := out.Value()
	require.NoError(t, err)
	assert.Equal(t, []int64{}, v.Data)
}

func TestStateAndReset(t *testing.T) {
	for _, name := range []string{"stateful", "lstm"} {
		t.Run(name, func(t *testing.T) {
			i := interpreter(t, name)
			x := make([]float32, input(t, i, 0).Elements())
			for k := range x {
				x[k] = 1
			}
			step := func() []float32 {
				require.NoError(t, tflite.Set(input(t, i, 0), x))
				invoke(t, i)
				return read[float32](t, output(t, i, 0))
			}
			first, second := step(), step()
			assert.NotEqual(t, first, second, "the state lives on")
			require.NoError(t, i.ResetVariables())
			assert.Equal(t, first, step(), "and is zero again after a reset")
		})
	}
}

func TestBackend(t *testing.T) {
	i := interpreter(t, "tiny_int8")
	b := i.Backend()
	uses := b.Uses("XNNPACK")
	assert.Positive(t, uses.Operators)
	assert.Positive(t, uses.Kernels)
	assert.Contains(t, b.String(), "XNNPACK (")

	plain := interpreter(t, "tiny_int8", tflite.WithXNNPACK(tflite.XNNPACKOff)).Backend()
	assert.Equal(t, "built-in kernels", plain.String())
	assert.Equal(t, uses.Operators+b.BuiltIn, plain.BuiltIn)
	assert.Zero(t, plain.Uses("XNNPACK").Operators)
}

func TestExplicitXNNPACK(t *testing.T) {
	d, err := xnnpack.New(xnnpack.WithThreads(2))
	require.NoError(t, err)
	i := interpreter(t, "tiny_float", tflite.WithDelegates(d))
	d.Delete() // put off while i uses it
	require.Len(t, i.Backend().Delegates, 1, "no second XNNPACK on top")
	assert.Positive(t, i.Backend().Uses("XNNPACK").Operators)
	set(t, input(t, i, 0), make([]float32, 8*8*3)...)
	invoke(t, i)

	_, err = tflite.NewInterpreter(load(t, "tiny_float"), tflite.WithDelegates(d))
	require.ErrorIs(t, err, tflite.ErrClosed, "no new user after Delete")
	require.NoError(t, i.Close())
	_, err = tflite.NewInterpreter(load(t, "tiny_float"), tflite.WithDelegates(d))
	require.ErrorIs(t, err, tflite.ErrDelegateDeclined, "freed with its last user")
}

func TestXNNPACKIsDroppedAloneWhereItFails(t *testing.T) {
	if minor(t) != 9 {
		t.Skipf("only 2.9.0 has models that XNNPACK cannot prepare, this is %s", tflite.Version())
	}
	var log bytes.Buffer
	m, path := conformance(t, "mobilenet_v1_0.25_128_quant.tflite")
	i, err := tflite.NewInterpreter(m, tflite.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	require.NoError(t, err, path)
	defer i.Close()
	assert.Equal(t, "built-in kernels", i.Backend().String())
	assert.Contains(t, log.String(), "XNNPACK could not prepare the model")
	invoke(t, i)

	_, err = tflite.NewInterpreter(m, tflite.WithXNNPACK(tflite.XNNPACKOn))
	require.ErrorIs(t, err, tflite.ErrDelegateDeclined)
}

func TestUnresolvedOperator(t *testing.T) {
	_, err := tflite.NewInterpreter(load(t, "unresolved_op"))
	require.ErrorIs(t, err, tflite.ErrUnresolvedOp)
	assert.ErrorContains(t, err, "NoSuchOp")
}

func TestThreads(t *testing.T) {
	for _, n := range []int{1, 2, 4} {
		i := interpreter(t, "tiny_float", tflite.WithThreads(n))
		set(t, input(t, i, 0), make([]float32, 8*8*3)...)
		invoke(t, i)
	}
	for _, n := range []int{-5, 0, 100000} {
		_, err := tflite.NewInterpreter(load(t, "add"), tflite.WithThreads(n))
		require.ErrorIs(t, err, tflite.ErrRange)
	}
}

func TestNilContextCounts(t *testing.T) {
	i := interpreter(t, "add")
	require.NoError(t, i.Invoke(nil)) //nolint:staticcheck // a nil context must not crash
	require.NoError(t, i.Invoke(context.Background()))
}
