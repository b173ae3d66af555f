package vision

import (
	"math"

	"github.com/gocoral/coral/tflite"
)

// normalization is how pixels become the real numbers that a model was trained on.
type normalization struct{ mean, std float64 }

func (n normalization) apply(p float64) float64 { return (p - n.mean) / n.std }

// conventions are the normalisations in use. The first one is pycoral's default, and
// ours where the tensor's range fits none.
var conventions = []normalization{
	{128, 128}, // -1 to 1
	{0, 255},   // 0 to 1
	{0, 1},     // 0 to 255
	{128, 1},   // -128 to 127
}

// quantizer turns a pixel into an element of a tensor.
type quantizer struct {
	normalization
	scale, zero float64
	low, high   float64 // limits of the integer type
}

func newQuantizer(t tflite.TensorInfo, n *normalization) quantizer {
	q := quantizer{normalization: conventions[0], scale: 1, low: 0, high: 255}
	if t.Type == tflite.TypeInt8 {
		q.low, q.high = -128, 127
	}
	if t.Quantization.Quantized() {
		q.scale, q.zero = float64(t.Quantization.Scale), float64(t.Quantization.ZeroPoint)
	}
	switch {
	case n != nil:
		q.normalization = *n
	case t.Type == tflite.TypeUint8 || t.Type == tflite.TypeInt8:
		q.normalization = q.guess()
	}
	return q
}

// guess finds the convention by which all pixels just fill the range of the integers.
func (q quantizer) guess() normalization {
	low, high := q.scale*(q.low-q.zero), q.scale*(q.high-q.zero)
	tolerance := 0.02 * (high - low) // calibration leaves some
	near := func(a, b float64) bool { return math.Abs(a-b) <= tolerance }
	for _, n := range conventions {
		if near(low, n.apply(0)) && near(high, n.apply(255)) {
			return n
		}
	}
	return conventions[0]
}

// integer rounds, so that pixels which the tensor holds as they are, the common case,
// come out as they are; pycoral has to test for it.
func (q quantizer) integer(p float64) float64 {
	return min(max(math.Round(q.apply(p)/q.scale+q.zero), q.low), q.high)
}
