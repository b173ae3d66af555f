package vision_test

import (
	"encoding/binary"
	"image"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// FuzzDecodeDetections makes sure that no outputs whatever do more than give an error, and
// that what is found is in the picture. Each of the shapes is four bytes; types and
// quantisation follow, and then the content, over and over.
func FuzzDecodeDetections(f *testing.F) {
	for _, shapes := range [][][4]byte{
		{{1, 6, 84}},
		{{1, 84, 6}},
		{{1, 252, 7}},
		{{1, 100, 6}},
		{{1, 2, 4}, {1, 2}, {1, 2}, {1}},
		{{1, 1}, {1, 1, 4}, {1}, {1, 1}},
		{{1, 84, 64}, {1, 84, 3}},
		{{1, 84, 3}, {1, 84, 64}, {1, 84, 1}},
		{{64, 80}, {64, 44}, {16, 80}, {16, 44}},
		{{1, 8, 8, 70}, {1, 4, 4, 70}},
	} {
		var b []byte
		for _, s := range shapes {
			b = append(b, s[:]...)
		}
		for _, typ := range []byte{0, 1, 2} {
			f.Add(uint8(len(shapes)), uint8(0), typ, float32(0.05), int16(3), b, []byte{0, 0, 128, 63, 200, 5, 60, 64, 255})
		}
	}
	f.Fuzz(func(t *testing.T, outputs, head, typ uint8, scale float32, zero int16, shapes, content []byte) {
		r := vision.Result{Placement: vision.Placement{Crop: image.Rect(10, 20, 110, 70), Width: 64, Height: 64, Area: image.Rect(0, 16, 64, 48)}}
		for k := range min(int(outputs), len(shapes)/4, 8) {
			var shape []int
			n := 1
			for _, d := range shapes[4*k : 4*k+4] {
				if d == 0 {
					break
				}
				shape = append(shape, int(d))
				n *= int(d)
			}
			if n > 1<<16 {
				return
			}
			r.Outputs = append(r.Outputs, fuzzed(shape, n, int(typ)+k*int(typ>>4), scale, int(zero), content))
		}
		name := ""
		if head > 0 {
			name = heads[int(head)%len(heads)]
		}
		got, err := vision.DecodeDetections(r, vision.WithHead(name), vision.WithThreshold(0))
		if err != nil {
			assert.Zero(t, got)
			return
		}
		for k, o := range got.Objects {
			if !(o.Box.XMin >= 10 && o.Box.YMin >= 20 && o.Box.XMax <= 110 && o.Box.YMax <= 70 && o.Box.Area() > 0) || !(o.Score >= 0 && o.Score <= 1) || o.ID < 0 {
				t.Fatalf("object %d: %+v", k, o)
			}
			assert.False(t, k > 0 && o.Score > got.Objects[k-1].Score, "in order")
		}
	})
}

// fuzzed is an output of n elements, the content over and over.
func fuzzed(shape []int, n, typ int, scale float32, zero int, content []byte) tflite.Value {
	v := tflite.Value{TensorInfo: tflite.TensorInfo{Name: "out", Shape: shape, Quantization: tflite.Quantization{Scale: scale, ZeroPoint: zero}}}
	at := func(k int) byte {
		if len(content) == 0 {
			return 0
		}
		return content[k%len(content)]
	}
	switch typ % 5 {
	case 0:
		numbers := make([]float32, n)
		for k := range numbers {
			numbers[k] = math.Float32frombits(binary.LittleEndian.Uint32([]byte{at(4 * k), at(4*k + 1), at(4*k + 2), at(4*k + 3)}))
		}
		v.Type, v.Data = tflite.TypeFloat32, numbers
	case 1:
		numbers := make([]uint8, n)
		for k := range numbers {
			numbers[k] = at(k)
		}
		v.Type, v.Data = tflite.TypeUint8, numbers
	case 2:
		numbers := make([]int8, n)
		for k := range numbers {
			numbers[k] = int8(at(k))
		}
		v.Type, v.Data = tflite.TypeInt8, numbers
	case 3:
		numbers := make([]int32, n)
		for k := range numbers {
			numbers[k] = int32(at(k))
		}
		v.Type, v.Data = tflite.TypeInt32, numbers
	case 4:
		v.Type, v.Data = tflite.TypeUint8, content
	}
	return v
}
