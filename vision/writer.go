package vision

import (
	"fmt"

	"github.com/gocoral/coral/tflite"
)

// writer writes pixels as the numbers that an input wants.
type writer interface {
	write(t *tflite.Tensor, s *showing) error
}

func takesPictures(t tflite.Type) bool {
	switch t {
	case tflite.TypeUint8, tflite.TypeInt8, tflite.TypeInt32, tflite.TypeFloat32, tflite.TypeFloat16:
		return true
	}
	return false
}

func wrongType(name string, t tflite.Type) error {
	return fmt.Errorf("input %q holds %v, pictures go into uint8, int8, int32, float32 and float16: %w", name, t, ErrType)
}

// writerOf is for an input with c channels.
func writerOf(t tflite.TensorInfo, n Normalization, c int) (writer, error) {
	scale, zero := parameters(t.Quantization)
	switch t.Type {
	case tflite.TypeUint8:
		return lookUp(n, c, func(x float32) uint8 { return tflite.Quantize[uint8](x, scale, zero) }), nil
	case tflite.TypeInt8:
		return lookUp(n, c, func(x float32) int8 { return tflite.Quantize[int8](x, scale, zero) }), nil
	case tflite.TypeInt32:
		return lookUp(n, c, func(x float32) int32 { return tflite.Quantize[int32](x, scale, zero) }), nil
	case tflite.TypeFloat32:
		return lookUp(n, c, func(x float32) float32 { return x }), nil
	case tflite.TypeFloat16:
		return lookUp(n, c, tflite.NewFloat16), nil
	}
	return nil, wrongType(t.Name, t.Type)
}

// tables have what becomes of each pixel value in each channel: there are only 256 of them.
type tables[T tflite.Element] [][256]T

// lookUp has what convert makes of the normalised values.
func lookUp[T tflite.Element](n Normalization, c int, convert func(x float32) T) tables[T] {
	all := make(tables[T], c)
	for k := range all {
		for p := range all[k] {
			all[k][p] = convert(float32(n.apply(float64(p), k)))
		}
	}
	return all
}

func (all tables[T]) write(t *tflite.Tensor, s *showing) error {
	return tflite.Use(t, func(dst []T) error {
		if len(dst) != s.size.elements() {
			return fmt.Errorf("input %q has %d elements, the picture %d: %w", t.Name(), len(dst), s.size.elements(), ErrSize)
		}
		all.fillMargin(dst, s)
		for y := range s.h {
			row := s.row(y)
			for k := range all {
				table, at := &all[k], s.first+y*s.dy+k*s.dc
				for _, p := range row[s.order[k]] {
					dst[at] = table[p]
					at += s.dx
				}
			}
		}
		return nil
	})
}

// fillMargin writes what lies around the picture.
func (all tables[T]) fillMargin(dst []T, s *showing) {
	dx, dy, dc := s.size.steps()
	for y := range s.size.h {
		left, right := s.area.Min.X, s.area.Max.X
		if y < s.area.Min.Y || y >= s.area.Max.Y {
			left, right = s.size.w, s.size.w
		}
		for k := range all {
			value, at := all[k][s.fill], y*dy+k*dc
			for x := range left {
				dst[at+x*dx] = value
			}
			for x := right; x < s.size.w; x++ {
				dst[at+x*dx] = value
			}
		}
	}
}
