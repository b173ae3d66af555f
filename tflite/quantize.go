package tflite

import (
	"fmt"
	"math"

	"github.com/gocoral/coral/internal/capi"
)

// SetFloat32 sets the tensor from real numbers, one per element ([ErrSize]). A
// quantised tensor gets what [Quantize] makes of them by the tensor's own
// parameters, a float tensor the nearest number. Other types give [ErrType], and integers
// that may have scales per channel, which only known runtimes tell, [ErrUnsupported].
// SetFloat32 allocates nothing.
func (t *Tensor) SetFloat32(src []float32) error {
	const op = "set float32"
	if err := t.acquire(op); err != nil {
		return err
	}
	defer t.release()
	v, err := t.floatMemory("source", len(src))
	if err == nil {
		err = t.writable(v)
	}
	if err == nil {
		err = t.setFloat32(v, src)
	}
	if err != nil {
		return &Error{Op: op, Err: err}
	}
	return nil
}

// ReadFloat32 reads the tensor as real numbers, one per element of dst ([ErrSize]):
// scale * (q - zero point) by the tensor's own parameters for a quantised tensor.
// Errors for other types are those of SetFloat32. ReadFloat32 allocates nothing.
func (t *Tensor) ReadFloat32(dst []float32) error {
	const op = "read float32"
	if err := t.acquire(op); err != nil {
		return err
	}
	defer t.release()
	v, err := t.floatMemory("destination", len(dst))
	if err == nil {
		err = t.readFloat32(v, dst)
	}
	if err != nil {
		return &Error{Op: op, Err: err}
	}
	return nil
}

// floatMemory is memory for a tensor whose content can be seen as real numbers.
func (t *Tensor) floatMemory(what string, n int) (capi.View, error) {
	info := t.peek()
	switch info.Type {
	case TypeFloat32, TypeFloat64, TypeFloat16, TypeBFloat16:
	case TypeInt8, TypeUint8, TypeInt16, TypeInt32:
		if !info.Quantization.Quantized() {
			return capi.View{}, t.notFloat()
		}
	default:
		return capi.View{}, t.notFloat()
	}
	v, err := t.memory(NoType)
	if err != nil {
		return v, err
	}
	return v, t.checkLength(what, n, v.Bytes/(info.Type.Bits()/8))
}

func (t *Tensor) setFloat32(v capi.View, src []float32) error {
	switch t.Type() {
	case TypeFloat32:
		return convertTo(t, v, src, func(x float32) float32 { return x })
	case TypeFloat64:
		return convertTo(t, v, src, func(x float32) float64 { return float64(x) })
	case TypeFloat16:
		return convertTo(t, v, src, NewFloat16)
	case TypeBFloat16:
		return convertTo(t, v, src, NewBFloat16)
	case TypeInt8:
		return quantizeTo[int8](t, v, src)
	case TypeUint8:
		return quantizeTo[uint8](t, v, src)
	case TypeInt16:
		return quantizeTo[int16](t, v, src)
	case TypeInt32:
		return quantizeTo[int32](t, v, src)
	}
	return t.notFloat()
}

func (t *Tensor) readFloat32(v capi.View, dst []float32) error {
	switch t.Type() {
	case TypeFloat32:
		return convertFrom(t, v, dst, func(x float32) float32 { return x })
	case TypeFloat64:
		return convertFrom(t, v, dst, func(x float64) float32 { return float32(x) })
	case TypeFloat16:
		return convertFrom(t, v, dst, Float16.Float32)
	case TypeBFloat16:
		return convertFrom(t, v, dst, BFloat16.Float32)
	case TypeInt8:
		return dequantizeFrom[int8](t, v, dst)
	case TypeUint8:
		return dequantizeFrom[uint8](t, v, dst)
	case TypeInt16:
		return dequantizeFrom[int16](t, v, dst)
	case TypeInt32:
		return dequantizeFrom[int32](t, v, dst)
	}
	return t.notFloat()
}

func (t *Tensor) notFloat() error {
	return t.peek().notFloat(t.label() + " of type " + t.Type().String())
}

// notFloat says why a tensor has no real numbers.
func (t *TensorInfo) notFloat(label string) error {
	if t.scalesUnknown && (t.Type == TypeInt8 || t.Type == TypeUint8 || t.Type == TypeInt16 || t.Type == TypeInt32) {
		return fmt.Errorf("%s has no scale for all its elements, and whether it has one per channel cannot be known with TensorFlow Lite %s, whose structures are not known here: use Read and Set, or a version up to 2.20: %w",
			label, capi.Version(), ErrUnsupported)
	}
	return fmt.Errorf("%s is neither float nor quantised, use Read and Set: %w", label, ErrType)
}

func convertTo[T Element](t *Tensor, v capi.View, src []float32, f func(float32) T) error {
	dst, err := elements[T](t, v)
	if err != nil {
		return err
	}
	for k, x := range src {
		dst[k] = f(x)
	}
	return nil
}

func convertFrom[T Element](t *Tensor, v capi.View, dst []float32, f func(T) float32) error {
	src, err := elements[T](t, v)
	if err != nil {
		return err
	}
	for k, x := range src {
		dst[k] = f(x)
	}
	return nil
}

// QuantizedElement is a Go type that a quantised tensor's integers can have.
type QuantizedElement interface {
	int8 | uint8 | int16 | int32
}

// Quantize returns the integer that stands for x in a quantised tensor: x times
// 1/scale in float32, rounded to the nearest integer, halves to even, plus zeroPoint,
// clamped to the range of T. NaN becomes the zero point. scale is positive.
//
// This is the QUANTIZE operator as the runtime computes it by default, through
// XNNPACK, and the vectorised built-in kernels on 64-bit ARM and in 2.17.1. The plain
// loops of the built-in kernels, such as those of 2.9.0 and 2.20.0 on amd64, divide in
// float64 and round halves away from zero; they differ by one quantum for numbers
// that lie in the middle of two.
func Quantize[T QuantizedElement](x, scale float32, zeroPoint int) T {
	low, high := rangeOf[T]()
	return T(quantize(x, 1/scale, float64(zeroPoint), low, high))
}

func quantize(x, inverse float32, zero, low, high float64) float64 {
	q := math.RoundToEven(float64(x*inverse)) + zero
	if q != q {
		q = zero
	}
	return min(max(q, low), high)
}

func rangeOf[T QuantizedElement]() (low, high float64) {
	switch any(T(0)).(type) {
	case int8:
		return math.MinInt8, math.MaxInt8
	case uint8:
		return 0, math.MaxUint8
	case int16:
		return math.MinInt16, math.MaxInt16
	}
	return math.MinInt32, math.MaxInt32
}

func quantizeTo[T QuantizedElement](t *Tensor, v capi.View, src []float32) error {
	dst, err := elements[T](t, v)
	if err != nil {
		return err
	}
	low, high := rangeOf[T]()
	channels := channelsOf(t.peek())
	for k, x := range src {
		scale, zero := channels.at(k)
		dst[k] = T(quantize(x, 1/scale, float64(zero), low, high))
	}
	return nil
}

func dequantizeFrom[T QuantizedElement](t *Tensor, v capi.View, dst []float32) error {
	src, err := elements[T](t, v)
	if err != nil {
		return err
	}
	dequantize(t.peek(), src, dst)
	return nil
}

func dequantize[T QuantizedElement](info *TensorInfo, src []T, dst []float32) {
	channels := channelsOf(info)
	for k, q := range src {
		scale, zero := channels.at(k)
		dst[k] = float32(float64(scale) * (float64(q) - float64(zero)))
	}
}

// channels finds the parameters for an element by its position.
type channels struct {
	q      *Quantization
	stride int // elements between two indices of the quantised dimension
}

func channelsOf(info *TensorInfo) channels {
	q := &info.Quantization
	if !q.PerChannel() || q.Dimension < 0 || q.Dimension >= len(info.Shape) ||
		info.Shape[q.Dimension] != len(q.Scales) || len(q.ZeroPoints) != len(q.Scales) {
		return channels{q: q}
	}
	stride := 1
	for _, d := range info.Shape[q.Dimension+1:] {
		stride *= d
	}
	return channels{q: q, stride: stride}
}

func (c channels) at(k int) (scale float32, zero int) {
	if c.stride == 0 {
		return c.q.Scale, c.q.ZeroPoint
	}
	channel := k / c.stride % len(c.q.Scales)
	return c.q.Scales[channel], c.q.ZeroPoints[channel]
}
