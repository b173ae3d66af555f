package tflite_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
)

// identity sends six values through a model whose input is its output.
func identity[T tflite.Element](name string, typ tflite.Type, since int, values ...T) func(*testing.T) {
	return func(t *testing.T) {
		if minor(t) < since {
			_, err := tflite.NewInterpreter(load(t, "types/"+name))
			require.Error(t, err, "TensorFlow Lite %s does not know the type and says so", tflite.Version())
			return
		}
		i := interpreter(t, "types/"+name)
		in, out := input(t, i, 0), output(t, i, 0)
		require.Equal(t, typ, in.Type())
		require.NoError(t, tflite.Set(in, values))
		invoke(t, i)
		assert.Equal(t, values, read[T](t, out))
		v, err := out.Value()
		require.NoError(t, err)
		assert.Equal(t, values, v.Data)
		require.NoError(t, in.SetValue(v.Data))

		if typ == tflite.TypeInt4 {
			return
		}
		require.NoError(t, tflite.Use(out, func(s []T) error {
			assert.Equal(t, values, s)
			return nil
		}))
		raw, err := tflite.Data[T](out)
		require.NoError(t, err)
		assert.Equal(t, values, raw)
	}
}

func TestEveryElementType(t *testing.T) {
	inf := float32(math.Inf(1))
	half := tflite.NewFloat16
	brain := tflite.NewBFloat16
	for name, test := range map[string]func(*testing.T){
		"float32":    identity[float32]("float32", tflite.TypeFloat32, 0, 1, -2, 0.5, inf, -inf, 3e-40),
		"float64":    identity[float64]("float64", tflite.TypeFloat64, 0, 1, -2, 0.5, 1e300, -1e-300, 0),
		"float16":    identity("float16", tflite.TypeFloat16, 0, half(1), half(-2), half(0.5), half(65504), half(6e-8), half(0)),
		"bfloat16":   identity("bfloat16", tflite.TypeBFloat16, 17, brain(1), brain(-2), brain(0.5), brain(1e38), brain(0), brain(3)),
		"int8":       identity[int8]("int8", tflite.TypeInt8, 0, -128, -1, 0, 1, 126, 127),
		"uint8":      identity[uint8]("uint8", tflite.TypeUint8, 0, 0, 1, 2, 127, 128, 255),
		"int16":      identity[int16]("int16", tflite.TypeInt16, 0, -32768, -1, 0, 1, 256, 32767),
		"uint16":     identity[uint16]("uint16", tflite.TypeUint16, 0, 0, 1, 2, 256, 32768, 65535),
		"int32":      identity[int32]("int32", tflite.TypeInt32, 0, math.MinInt32, -1, 0, 1, 2, math.MaxInt32),
		"uint32":     identity[uint32]("uint32", tflite.TypeUint32, 0, 0, 1, 2, 3, 4, math.MaxUint32),
		"int64":      identity[int64]("int64", tflite.TypeInt64, 0, math.MinInt64, -1, 0, 1, 2, math.MaxInt64),
		"uint64":     identity[uint64]("uint64", tflite.TypeUint64, 0, 0, 1, 2, 3, 4, math.MaxUint64),
		"complex64":  identity[complex64]("complex64", tflite.TypeComplex64, 0, 1i, 2, 3+4i, -1, 0, 5),
		"complex128": identity[complex128]("complex128", tflite.TypeComplex128, 0, 1i, 2, 3+4i, -1, 0, 5),
		"int4":       identity[int8]("int4", tflite.TypeInt4, 17, -8, -1, 0, 1, 6, 7),
		"int4_odd":   identity[int8]("int4_odd", tflite.TypeInt4, 17, -8, -1, 0, 1, 7),
		"bool":       identity[uint8]("bool", tflite.TypeBool, 0, 0, 1, 1, 0, 0, 1),
	} {
		t.Run(name, test)
	}
}

func TestBooleans(t *testing.T) {
	i := interpreter(t, "logical_not")
	set[uint8](t, input(t, i, 0), 0, 1, 2, 255)
	assert.Equal(t, []uint8{0, 1, 1, 1}, read[uint8](t, input(t, i, 0)), "anything but 0 is true")
	invoke(t, i)
	assert.Equal(t, []uint8{1, 0, 0, 0}, read[uint8](t, output(t, i, 0)))

	require.NoError(t, input(t, i, 0).SetValue([]bool{true, false, true, false}))
	invoke(t, i)
	assert.Equal(t, []uint8{0, 1, 0, 1}, read[uint8](t, output(t, i, 0)))
	require.ErrorIs(t, input(t, interpreter(t, "add"), 0).SetValue([]bool{true}), tflite.ErrType)
}

func TestInt4Range(t *testing.T) {
	if minor(t) < 17 {
		t.Skipf("TensorFlow Lite %s has no int4", tflite.Version())
	}
	i := interpreter(t, "types/int4")
	err := tflite.Set(input(t, i, 0), []int8{0, 0, 0, 8, 0, 0})
	require.ErrorIs(t, err, tflite.ErrRange)
	assert.ErrorContains(t, err, "element 3 is 8")
	require.ErrorIs(t, tflite.Set(input(t, i, 0), []int8{0}), tflite.ErrSize)
	require.ErrorIs(t, tflite.Use(input(t, i, 0), func([]int8) error { return nil }), tflite.ErrType)
}

func TestCast(t *testing.T) {
	i := interpreter(t, "cast")
	set[float32](t, input(t, i, 0), 0, 1, 2, 3)
	invoke(t, i)
	want := []any{
		[]int32{0, 1, 2, 3},
		[]int64{0, 1, 2, 3},
		[]uint8{0, 1, 2, 3},
		[]int16{0, 1, 2, 3},
		[]uint8{0, 1, 1, 1},
		[]complex64{0, 1, 2, 3},
	}
	require.Equal(t, len(want), i.OutputCount())
	for k := range want {
		v, err := output(t, i, k).Value()
		require.NoError(t, err)
		assert.Equal(t, want[k], v.Data, v.Name)
	}
}

func TestComplex(t *testing.T) {
	i := interpreter(t, "complex_abs")
	set[complex64](t, input(t, i, 0), 3+4i, 0, 1i, -2)
	invoke(t, i)
	assert.Equal(t, []float32{5, 0, 1, 2}, read[float32](t, output(t, i, 0)))
}

func TestFloat16RoundsToNearestEven(t *testing.T) {
	for bits := range 1 << 16 {
		f := tflite.Float16(bits)
		x := f.Float32()
		if x != x {
			assert.True(t, math.IsNaN(float64(tflite.NewFloat16(x).Float32())))
			continue
		}
		require.Equal(t, f, tflite.NewFloat16(x), "0x%04x", bits)
	}
	assert.Equal(t, float32(1), tflite.NewFloat16(1+0x1p-11).Float32(), "a tie goes to even")
	assert.Equal(t, float32(1+0x1p-9), tflite.NewFloat16(1+0x3p-11).Float32())
	assert.Equal(t, float32(65504), tflite.NewFloat16(65519).Float32())
	assert.Equal(t, float32(math.Inf(-1)), tflite.NewFloat16(-65520).Float32())
	assert.Zero(t, tflite.NewFloat16(0x1p-25).Float32(), "half of the least number is a tie too")
	assert.Equal(t, float32(0x1p-24), tflite.NewFloat16(0x1.1p-25).Float32())
	assert.Equal(t, float32(0x1p-14), tflite.NewFloat16(0x1p-14-0x1p-26).Float32(), "rounds up out of the subnormals")
}

func TestBFloat16RoundsToNearestEven(t *testing.T) {
	assert.Equal(t, float32(1), tflite.NewBFloat16(1+0x1p-8).Float32())
	assert.Equal(t, float32(1+0x1p-6), tflite.NewBFloat16(1+0x3p-8).Float32())
	assert.Equal(t, float32(math.Inf(1)), tflite.NewBFloat16(math.MaxFloat32).Float32())
	assert.True(t, math.IsNaN(float64(tflite.NewBFloat16(float32(math.NaN())).Float32())))
}

func TestBytes(t *testing.T) {
	i := interpreter(t, "types/int16")
	in := input(t, i, 0)
	require.NoError(t, in.SetBytes([]byte{1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0}))
	invoke(t, i)
	got := make([]byte, 12)
	require.NoError(t, output(t, i, 0).ReadBytes(got))
	assert.Equal(t, []byte{1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0}, got)
	require.ErrorIs(t, in.SetBytes(got[:11]), tflite.ErrSize)
	require.ErrorIs(t, in.ReadBytes(nil), tflite.ErrSize)
	require.ErrorIs(t, input(t, interpreter(t, "types/string"), 0).SetBytes(nil), tflite.ErrType)
}
