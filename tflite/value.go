package tflite

import (
	"fmt"
)

// Value is a copy of a tensor's content with its description, independent of any
// interpreter.
type Value struct {
	TensorInfo
	// Data is a slice of the element type in row-major order: []float32, []uint8,
	// []string and so on; []uint8 for booleans, []int8 for int4.
	Data any
}

// Value copies the tensor.
func (t *Tensor) Value() (Value, error) {
	var v Value
	err := t.value(&v)
	return v, err
}

func (t *Tensor) value(v *Value) (err error) {
	switch t.Type() {
	case TypeFloat32:
		v.Data, err = values[float32](t)
	case TypeFloat64:
		v.Data, err = values[float64](t)
	case TypeFloat16:
		v.Data, err = values[Float16](t)
	case TypeBFloat16:
		v.Data, err = values[BFloat16](t)
	case TypeInt8, TypeInt4:
		v.Data, err = values[int8](t)
	case TypeUint8, TypeBool:
		v.Data, err = values[uint8](t)
	case TypeInt16:
		v.Data, err = values[int16](t)
	case TypeUint16:
		v.Data, err = values[uint16](t)
	case TypeInt32:
		v.Data, err = values[int32](t)
	case TypeUint32:
		v.Data, err = values[uint32](t)
	case TypeInt64:
		v.Data, err = values[int64](t)
	case TypeUint64:
		v.Data, err = values[uint64](t)
	case TypeComplex64:
		v.Data, err = values[complex64](t)
	case TypeComplex128:
		v.Data, err = values[complex128](t)
	case TypeString:
		v.Data, err = t.ReadStrings()
	default:
		err = failf("value", "%s of type %v has no content in Go: %w", t.label(), t.Type(), ErrType)
	}
	v.TensorInfo = t.Info()
	return err
}

func values[T Element](t *Tensor) ([]T, error) {
	s := make([]T, t.Elements())
	return s, Read(t, s)
}

// SetValue sets the tensor from a slice of its element type, as [Set] and
// [Tensor.SetStrings] do. A []float32 given to a quantised or half precision tensor
// goes through [Tensor.SetFloat32], a []bool to a boolean one.
func (t *Tensor) SetValue(data any) error {
	switch s := data.(type) {
	case []float32:
		if t.Type() != TypeFloat32 {
			return t.SetFloat32(s)
		}
		return Set(t, s)
	case []float64:
		return Set(t, s)
	case []Float16:
		return Set(t, s)
	case []BFloat16:
		return Set(t, s)
	case []int8:
		return Set(t, s)
	case []uint8:
		return Set(t, s)
	case []bool:
		return t.setBools(s)
	case []int16:
		return Set(t, s)
	case []uint16:
		return Set(t, s)
	case []int32:
		return Set(t, s)
	case []uint32:
		return Set(t, s)
	case []int64:
		return Set(t, s)
	case []uint64:
		return Set(t, s)
	case []complex64:
		return Set(t, s)
	case []complex128:
		return Set(t, s)
	case []string:
		return t.SetStrings(s)
	}
	return failf("set value", "%T cannot be the content of %s, give a slice of %v: %w", data, t.label(), t.Type(), ErrType)
}

func (t *Tensor) setBools(src []bool) error {
	if t.Type() != TypeBool {
		return failf("set value", "%s holds %v, not bool: %w", t.label(), t.Type(), ErrType)
	}
	b := make([]uint8, len(src))
	for k, x := range src {
		if x {
			b[k] = 1
		}
	}
	return Set(t, b)
}

// Float32 returns the content as real numbers, quantised types by the tensor's own
// parameters. Errors for other types are those of [Tensor.SetFloat32].
func (v Value) Float32() ([]float32, error) {
	switch s := v.Data.(type) {
	case []float32:
		return s, nil
	case []float64:
		return mapFloat32(s, func(x float64) float32 { return float32(x) }), nil
	case []Float16:
		return mapFloat32(s, Float16.Float32), nil
	case []BFloat16:
		return mapFloat32(s, BFloat16.Float32), nil
	}
	if v.Quantization.Quantized() {
		switch s := v.Data.(type) {
		case []int8:
			return dequantized(v, s), nil
		case []uint8:
			return dequantized(v, s), nil
		case []int16:
			return dequantized(v, s), nil
		case []int32:
			return dequantized(v, s), nil
		}
	}
	return nil, v.notFloat(fmt.Sprintf("tensor %q of type %v", v.Name, v.Type))
}

func mapFloat32[T Element](s []T, f func(T) float32) []float32 {
	out := make([]float32, len(s))
	for k, x := range s {
		out[k] = f(x)
	}
	return out
}

func dequantized[T QuantizedElement](v Value, s []T) []float32 {
	out := make([]float32, len(s))
	dequantize(&v.TensorInfo, s, out)
	return out
}

// As returns the content of v as a slice of its element type, without a copy: uint8 for
// booleans, int8 for int4, string for strings. Another T gives [ErrType]; real numbers of
// a quantised tensor are what [Value.Float32] is for.
func As[T Element | string](v Value) ([]T, error) {
	s, ok := v.Data.([]T)
	if !ok {
		return nil, failf("as", "%q of type %v holds %T, not %T: %w", v.Name, v.Type, v.Data, s, ErrType)
	}
	return s, nil
}
