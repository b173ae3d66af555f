package tflite

import (
	"math"

	"github.com/gocoral/coral/model"
)

// Type is the element type of a tensor. It is the type of package model, which
// numbers as the model file does.
type Type = model.TensorType

// The element types.
const (
	NoType         = model.NoType
	TypeFloat32    = model.Float32
	TypeFloat16    = model.Float16
	TypeBFloat16   = model.BFloat16
	TypeFloat64    = model.Float64
	TypeInt4       = model.Int4
	TypeInt8       = model.Int8
	TypeUint8      = model.Uint8
	TypeInt16      = model.Int16
	TypeUint16     = model.Uint16
	TypeInt32      = model.Int32
	TypeUint32     = model.Uint32
	TypeInt64      = model.Int64
	TypeUint64     = model.Uint64
	TypeBool       = model.Bool
	TypeString     = model.String
	TypeComplex64  = model.Complex64
	TypeComplex128 = model.Complex128
	TypeResource   = model.Resource
	TypeVariant    = model.Variant
)

// Quantization maps a tensor's integers to real numbers.
type Quantization = model.Quantization

// fromC translates TfLiteType, whose numbers differ from the file's.
var fromC = [...]Type{
	0: NoType, 1: TypeFloat32, 2: TypeInt32, 3: TypeUint8, 4: TypeInt64,
	5: TypeString, 6: TypeBool, 7: TypeInt16, 8: TypeComplex64, 9: TypeInt8,
	10: TypeFloat16, 11: TypeFloat64, 12: TypeComplex128, 13: TypeUint64,
	14: TypeResource, 15: TypeVariant, 16: TypeUint32, 17: TypeUint16,
	18: TypeInt4, 19: TypeBFloat16,
}

func typeFromC(c int32) Type {
	if c >= 0 && int(c) < len(fromC) {
		return fromC[c]
	}
	return NoType
}

// Float16 is an IEEE 754 half precision number.
type Float16 uint16

// BFloat16 is a float32 without its lower 16 bits.
type BFloat16 uint16

// Element is a Go type that tensor memory can be viewed as. Booleans are viewed
// as uint8, because a byte that is neither 0 nor 1 is no Go bool.
type Element interface {
	float32 | float64 | int8 | uint8 | int16 | uint16 | int32 | uint32 |
		int64 | uint64 | complex64 | complex128 | Float16 | BFloat16
}

// typeOf returns the tensor type whose elements are T.
func typeOf[T Element]() Type {
	var zero T
	switch any(zero).(type) {
	case float32:
		return TypeFloat32
	case float64:
		return TypeFloat64
	case int8:
		return TypeInt8
	case uint8:
		return TypeUint8
	case int16:
		return TypeInt16
	case uint16:
		return TypeUint16
	case int32:
		return TypeInt32
	case uint32:
		return TypeUint32
	case int64:
		return TypeInt64
	case uint64:
		return TypeUint64
	case complex64:
		return TypeComplex64
	case complex128:
		return TypeComplex128
	case Float16:
		return TypeFloat16
	case BFloat16:
		return TypeBFloat16
	}
	return NoType
}

// Float32 widens f; every half precision number is a float32.
func (f Float16) Float32() float32 {
	sign := uint32(f>>15) << 31
	exponent := uint32(f>>10) & 0x1f
	fraction := uint32(f) & 0x3ff
	switch exponent {
	case 0:
		magnitude := float32(fraction) / (1 << 24)
		return math.Float32frombits(sign | math.Float32bits(magnitude))
	case 0x1f:
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}

// NewFloat16 rounds x to the nearest half precision number, ties to even; numbers
// beyond 65504 become infinite.
func NewFloat16(x float32) Float16 {
	bits := math.Float32bits(x)
	sign := Float16(bits >> 16 & 0x8000)
	magnitude := bits & 0x7fffffff
	switch {
	case magnitude > 0x7f800000: // NaN, kept quiet
		return sign | 0x7e00
	case magnitude >= 0x47800000: // 65536 and more, infinity
		return sign | 0x7c00
	case magnitude < 0x38800000: // below 2⁻¹⁴: subnormal, a multiple of 2⁻²⁴
		scaled := float64(math.Float32frombits(magnitude)) * (1 << 24)
		return sign | Float16(math.RoundToEven(scaled))
	}
	rounded := magnitude - 112<<23
	rounded += 0xfff + rounded>>13&1
	return sign | Float16(rounded>>13)
}

// Float32 widens f.
func (f BFloat16) Float32() float32 { return math.Float32frombits(uint32(f) << 16) }

// NewBFloat16 rounds x to the nearest bfloat16, ties to even.
func NewBFloat16(x float32) BFloat16 {
	bits := math.Float32bits(x)
	if bits&0x7fffffff > 0x7f800000 {
		return BFloat16(bits>>16 | 0x40)
	}
	return BFloat16((bits + 0x7fff + bits>>16&1) >> 16)
}
