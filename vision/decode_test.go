package vision_test

import (
	"image"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// This file makes results of models that have never run.

// output is a float output.
func output(shape []int, x ...float32) tflite.Value {
	return tflite.Value{TensorInfo: tflite.TensorInfo{Name: "out", Type: tflite.TypeFloat32, Shape: shape}, Data: x}
}

// quantized is an output of bytes that stand for scale * (byte - zero).
func quantized(shape []int, scale float32, zero int, q ...uint8) tflite.Value {
	info := tflite.TensorInfo{Name: "out", Type: tflite.TypeUint8, Shape: shape}
	if scale != 0 {
		info.Quantization = tflite.Quantization{Scale: scale, ZeroPoint: zero, Scales: []float32{scale}, ZeroPoints: []int{zero}}
	}
	return tflite.Value{TensorInfo: info, Data: q}
}

// zeros is a float output of zeros.
func zeros(shape ...int) tflite.Value {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return output(shape, make([]float32, n)...)
}

// result is that of a picture which fills an input of that size.
func result(picture image.Point, width, height int, outputs ...tflite.Value) vision.Result {
	return vision.Result{Outputs: outputs, Placement: vision.Placement{
		Picture: picture, Crop: image.Rectangle{Max: picture}, Width: width, Height: height, Area: image.Rect(0, 0, width, height),
	}}
}

var infinity = float32(math.Inf(1))

// hostile are outputs that contradict themselves or hold no numbers, whatever the shape of
// good ones is.
func hostile(shapes ...[]int) map[string][]tflite.Value {
	each := func(make func(shape []int) tflite.Value) (all []tflite.Value) {
		for _, s := range shapes {
			all = append(all, make(s))
		}
		return all
	}
	filled := func(x float32) func(shape []int) tflite.Value {
		return func(shape []int) tflite.Value {
			v := zeros(shape...)
			for k := range v.Data.([]float32) {
				v.Data.([]float32)[k] = x
			}
			return v
		}
	}
	return map[string][]tflite.Value{
		"no outputs":     nil,
		"empty outputs":  make([]tflite.Value, len(shapes)),
		"NaN":            each(filled(nan)),
		"infinities":     each(filled(infinity)),
		"minus infinity": each(filled(-infinity)),
		"huge":           each(filled(math.MaxFloat32)),
		"nil data":       each(func(s []int) tflite.Value { v := zeros(s...); v.Data = nil; return v }),
		"short data":     each(func(s []int) tflite.Value { v := zeros(s...); v.Data = v.Data.([]float32)[1:]; return v }),
		"long data":      each(func(s []int) tflite.Value { v := zeros(s...); v.Data = append(v.Data.([]float32), 1); return v }),
		"strings":        each(func(s []int) tflite.Value { v := zeros(s...); v.Data = []string{"a"}; return v }),
		"bytes": each(func(s []int) tflite.Value {
			v := zeros(s...)
			v.Data = make([]uint8, len(v.Data.([]float32)))
			return v
		}),
		"no shape":   each(func(s []int) tflite.Value { v := zeros(s...); v.Shape = nil; return v }),
		"zero sizes": each(func(s []int) tflite.Value { return output(make([]int, len(s))) }),
		"negative sizes": each(func(s []int) tflite.Value {
			v := zeros(s...)
			v.Shape = append([]int{-1, -1}, s...)
			return v
		}),
		"sizes whose product overflows": each(func(s []int) tflite.Value {
			v := zeros(s...)
			v.Shape = append([]int{math.MaxInt/2 + 1, math.MaxInt/2 + 1}, s...)
			return v
		}),
	}
}

// fuzzedOutputs are outputs made of bytes: some of the shapes, and any content.
func fuzzedOutputs(shapes [][]int, data []byte) (outputs []tflite.Value) {
	next := func() byte {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return b
	}
	special := []float32{0, 1, -1, 100, -100, 1e9, -1e9, nan, infinity, -infinity, math.MaxFloat32, math.SmallestNonzeroFloat32}
	for range next() % 6 {
		shape := append([]int(nil), shapes[int(next())%len(shapes)]...)
		if change := next(); change > 200 && len(shape) > 0 {
			shape[int(change)%len(shape)] = int(int8(next()))
		}
		n := 1
		for _, d := range shape {
			n *= max(d, 0)
		}
		n = min(n, 1<<16) + int(next()%8/7) // sometimes one too many
		if kind := next(); kind > 127 {
			q := make([]uint8, n)
			for k := range q {
				q[k] = next()
			}
			outputs = append(outputs, quantized(shape, special[int(kind)%len(special)], int(next()), q...))
			continue
		}
		x := make([]float32, n)
		for k := range x {
			if b := next(); int(b) < len(special) {
				x[k] = special[b]
			} else {
				x[k] = float32(int8(b)) / 8
			}
		}
		outputs = append(outputs, output(shape, x...))
	}
	return outputs
}

// seed is what [fuzzedOutputs] makes outputs of: those of the shapes, with any content.
func seed(shapes [][]int, which ...int) []byte {
	data := []byte{byte(len(which))}
	for _, k := range which {
		data = append(data, byte(k), 0, 0, 0) // the shape as it is, no value too many, floats
		n := 1
		for _, d := range shapes[k] {
			n *= d
		}
		for i := range n {
			data = append(data, byte(i*i*7+i*13+k))
		}
	}
	return data
}

// requireIn makes sure that a keypoint is in the picture.
func requireIn(t testing.TB, k vision.Keypoint) {
	t.Helper()
	require.True(t, k.X >= 0 && k.X <= 1 && k.Y >= 0 && k.Y <= 1, "%+v", k)
}
