package model

import "strconv"

// TensorType is the element type of a tensor. The numbers are those of the
// TensorFlow Lite schema (schema.fbs, enum TensorType); [NoType] stands for a
// type that is unknown or absent.
type TensorType int8

// The element types of the schema.
const (
	NoType     TensorType = -1
	Float32    TensorType = 0
	Float16    TensorType = 1
	Int32      TensorType = 2
	Uint8      TensorType = 3
	Int64      TensorType = 4
	String     TensorType = 5
	Bool       TensorType = 6
	Int16      TensorType = 7
	Complex64  TensorType = 8
	Int8       TensorType = 9
	Float64    TensorType = 10
	Complex128 TensorType = 11
	Uint64     TensorType = 12
	Resource   TensorType = 13
	Variant    TensorType = 14
	Uint32     TensorType = 15
	Uint16     TensorType = 16
	Int4       TensorType = 17
	BFloat16   TensorType = 18
	Int2       TensorType = 19
	Uint4      TensorType = 20
	Float8E4M3 TensorType = 21
	Float8E5M2 TensorType = 22
)

var typeNames = [...]string{
	Float32: "float32", Float16: "float16", Int32: "int32", Uint8: "uint8",
	Int64: "int64", String: "string", Bool: "bool", Int16: "int16",
	Complex64: "complex64", Int8: "int8", Float64: "float64",
	Complex128: "complex128", Uint64: "uint64", Resource: "resource",
	Variant: "variant", Uint32: "uint32", Uint16: "uint16", Int4: "int4",
	BFloat16: "bfloat16", Int2: "int2", Uint4: "uint4",
	Float8E4M3: "float8_e4m3fn", Float8E5M2: "float8_e5m2",
}

// String returns the name NumPy and Go use for the type, such as "uint8".
func (t TensorType) String() string {
	switch {
	case t == NoType:
		return "notype"
	case t >= 0 && int(t) < len(typeNames):
		return typeNames[t]
	}
	return "type(" + strconv.Itoa(int(t)) + ")"
}

// Bits returns the size of one element in bits, and 0 for types without a fixed
// size (string, resource, variant) or unknown ones.
func (t TensorType) Bits() int {
	switch t {
	case Int2:
		return 2
	case Int4, Uint4:
		return 4
	case Int8, Uint8, Bool, Float8E4M3, Float8E5M2:
		return 8
	case Int16, Uint16, Float16, BFloat16:
		return 16
	case Int32, Uint32, Float32:
		return 32
	case Int64, Uint64, Float64, Complex64:
		return 64
	case Complex128:
		return 128
	}
	return 0
}

// Quantization maps the integers of a tensor to real numbers:
//
//	real = Scale * (q - ZeroPoint)
//
// A tensor without quantisation has a zero Quantization. Per-channel tensors
// have one entry in Scales and ZeroPoints for each index of dimension Dimension;
// Scale and ZeroPoint are then those of channel 0. Per-tensor quantisation
// leaves Scales with at most one entry.
type Quantization struct {
	Scale      float32   `json:"scale"`
	ZeroPoint  int       `json:"zero_point"`
	Scales     []float32 `json:"scales,omitempty"`
	ZeroPoints []int     `json:"zero_points,omitempty"`
	Dimension  int       `json:"dimension,omitempty"`
}

// Quantized reports whether the tensor has quantisation parameters at all.
func (q Quantization) Quantized() bool { return q.Scale != 0 }

// PerChannel reports whether the parameters differ along Dimension.
func (q Quantization) PerChannel() bool { return len(q.Scales) > 1 }
