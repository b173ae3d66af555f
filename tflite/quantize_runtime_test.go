package tflite_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
)

// quantizer runs the runtime's own QUANTIZE and DEQUANTIZE with the given scale on n
// numbers.
func quantizer(t *testing.T, scale float32, n int) *tflite.Interpreter {
	t.Helper()
	b, err := os.ReadFile("testdata/quantize.tflite")
	require.NoError(t, err)
	bits := func(x float32) []byte { return binary.LittleEndian.AppendUint32(nil, math.Float32bits(x)) }
	require.Equal(t, 3, bytes.Count(b, bits(0.1234567)))
	m, err := tflite.NewModel(bytes.ReplaceAll(b, bits(0.1234567), bits(scale)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	i, err := tflite.NewInterpreter(m)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, i.Close()) })
	require.NoError(t, i.Resize(0, n))
	return i
}

// quantizeSamples are 65,536 inputs: every half quantum, where rounding decides, each
// moved by up to one unit in the last place, and numbers of no pattern.
func quantizeSamples(scale float32, random *rand.Rand) []float32 {
	x := make([]float32, 1<<16)
	for k := range x {
		switch half := float32(k/2-1<<14) * 0.5 * scale; k % 4 {
		case 0, 1:
			x[k] = half
		case 2:
			x[k] = math.Nextafter32(half, float32(random.IntN(3)-1)*1e30)
		case 3:
			x[k] = float32(random.NormFloat64()) * 100 * scale
		}
	}
	return x
}

// One function quantises, and it is the runtime's, in every bit.
func TestQuantizeIsTheRuntimes(t *testing.T) {
	if !tflite.HasXNNPACK() {
		t.Skipf("TensorFlow Lite %s on %s has no XNNPACK, and its built-in kernels round in another way", tflite.Version(), runtime.GOARCH)
	}
	random := rand.New(rand.NewPCG(1, 2))
	scales := []float32{0.1, 0.5, 1, 1.0 / 255, 1.0 / 128, 0.10196078568696976, 0.0235294122248888, 3.1e-5, 12.5}
	for range 16 {
		scales = append(scales, float32(math.Exp(random.NormFloat64()*3-4)))
	}
	for _, scale := range scales {
		x := quantizeSamples(scale, random)
		i := quantizer(t, scale, len(x))
		set(t, input(t, i, 0), x...)
		invoke(t, i)
		compareOutput[int8](t, i, 0, x)
		compareOutput[uint8](t, i, 2, x)
		if runtime.GOARCH == "arm64" || minor(t) == 17 { // elsewhere a plain loop
			compareOutput[int16](t, i, 4, x)
		}
		if t.Failed() {
			t.Fatalf("scale %v", scale)
		}
	}
}

// compareOutput looks at output k, quantised by the runtime, and the next, which it
// has dequantised.
func compareOutput[T tflite.QuantizedElement](t *testing.T, i *tflite.Interpreter, k int, x []float32) {
	t.Helper()
	out := output(t, i, k)
	scale, zero := out.Quantization().Scale, out.Quantization().ZeroPoint
	theirs, ours := read[T](t, out), make([]T, len(x))
	for j := range x {
		ours[j] = tflite.Quantize[T](x[j], scale, zero)
	}
	equal(t, theirs, ours, x)

	dequantized := make([]float32, len(x))
	require.NoError(t, out.ReadFloat32(dequantized))
	equal(t, read[float32](t, output(t, i, k+1)), dequantized, x)

	require.NoError(t, out.SetFloat32(x))
	equal(t, theirs, read[T](t, out), x)
}

// equal is assert.Equal without the print of 65,536 numbers.
func equal[T comparable](t *testing.T, want, got []T, x []float32) {
	t.Helper()
	require.Len(t, got, len(want))
	differ := 0
	for k := range want {
		if want[k] != got[k] {
			if differ++; differ < 4 {
				t.Errorf("x = %v: the runtime gives %v, SetFloat32 %v", x[k], want[k], got[k])
			}
		}
	}
	assert.Zero(t, differ, "of %d differ", len(want))
}

func TestQuantizeOfWhatIsNoNumber(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	assert.Equal(t, int8(127), tflite.Quantize[int8](inf, 0.5, 3))
	assert.Equal(t, int8(-128), tflite.Quantize[int8](-inf, 0.5, 3))
	assert.Equal(t, uint8(131), tflite.Quantize[uint8](nan, 0.5, 131))
	assert.Equal(t, int16(7), tflite.Quantize[int16](0, 0, 7), "no scale is no crash")
	assert.Equal(t, int32(math.MaxInt32), tflite.Quantize[int32](1e30, 1, 0))
}
