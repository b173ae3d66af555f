package main

import (
	"fmt"
	"slices"

	"github.com/gocoral/coral/cmd/coral/internal/npy"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// zeros are n elements of a type, as coral.Session takes them.
func zeros(t tflite.Type, n int) (any, error) {
	switch t {
	case tflite.TypeFloat32:
		return make([]float32, n), nil
	case tflite.TypeFloat64:
		return make([]float64, n), nil
	case tflite.TypeFloat16:
		return make([]tflite.Float16, n), nil
	case tflite.TypeBFloat16:
		return make([]tflite.BFloat16, n), nil
	case tflite.TypeInt4, tflite.TypeInt8:
		return make([]int8, n), nil
	case tflite.TypeUint8:
		return make([]uint8, n), nil
	case tflite.TypeInt16:
		return make([]int16, n), nil
	case tflite.TypeUint16:
		return make([]uint16, n), nil
	case tflite.TypeInt32:
		return make([]int32, n), nil
	case tflite.TypeUint32:
		return make([]uint32, n), nil
	case tflite.TypeInt64:
		return make([]int64, n), nil
	case tflite.TypeUint64:
		return make([]uint64, n), nil
	case tflite.TypeBool:
		return make([]bool, n), nil
	case tflite.TypeComplex64:
		return make([]complex64, n), nil
	case tflite.TypeComplex128:
		return make([]complex128, n), nil
	case tflite.TypeString:
		return make([]string, n), nil
	}
	return nil, fmt.Errorf("elements of type %v cannot be given: %w", t, tflite.ErrType)
}

// readArray reads the .npy file for a tensor, and makes sure that it fits: same
// shape, up to the tensor's open dimensions, and same element type, or one that
// conversion says will be converted.
func readArray(path string, t model.Tensor) (a npy.Array, conversion string, err error) {
	file, err := readRegular(path)
	if err != nil {
		return a, "", err
	}
	if a, err = npy.Parse(file); err != nil {
		return a, "", fmt.Errorf("%s: %w: write it with numpy.save", path, err)
	}
	if !fits(a.Shape, t) {
		return a, "", fmt.Errorf("%s has shape %s, input %q takes %s: reshape the array, or check which file belongs to which input",
			path, shapeText(a.Shape), t.Name, shapeText(openShape(t)))
	}
	conversion, ok := convertible(a.DType(), t)
	if !ok {
		return a, "", fmt.Errorf("%s holds %s, input %q takes %s: convert it, in NumPy with .astype(%q)",
			path, a.DType(), t.Name, t.Type, fileType(t.Type))
	}
	return a, conversion, nil
}

// openShape has -1 for the dimensions that a caller chooses.
func openShape(t model.Tensor) []int {
	if t.ShapeSignature != nil {
		return t.ShapeSignature
	}
	return t.Shape
}

func fits(shape []int, t model.Tensor) bool {
	return slices.EqualFunc(shape, openShape(t), func(d, want int) bool { return d == want || want == -1 })
}

// fileType is the NumPy type that a tensor's elements have in a file. NumPy has no
// int4 and no bfloat16; the values of both are exact in the next larger type.
func fileType(t tflite.Type) string {
	switch t {
	case tflite.TypeInt4:
		return "int8"
	case tflite.TypeBFloat16:
		return "float32"
	case tflite.TypeString:
		return "bytes"
	}
	return t.String()
}

// convertible reports whether a file of that type serves the tensor, and what is
// done to its numbers, "" for nothing.
func convertible(fromFile string, t model.Tensor) (conversion string, ok bool) {
	switch {
	case t.Type == tflite.TypeBFloat16 && fromFile == "float32":
		return "rounded to bfloat16", true
	case fromFile == fileType(t.Type):
		return "", true
	case fromFile != "float32":
		return "", false
	case t.Type == tflite.TypeFloat16:
		return "rounded to float16", true
	case t.Quantization.Quantized() && slices.Contains([]tflite.Type{
		tflite.TypeInt8, tflite.TypeUint8, tflite.TypeInt16, tflite.TypeInt32,
	}, t.Type):
		return "quantised by the tensor's " + describeQuantization(t.Quantization).text(), true
	}
	return "", false
}

// array is the value in the form that it has in a file, see fileType.
func array(v tflite.Value) npy.Array {
	a := npy.Array{Shape: v.Shape, Data: v.Data}
	switch s := v.Data.(type) {
	case []uint8:
		if v.Type == tflite.TypeBool {
			bools := make([]bool, len(s))
			for k, x := range s {
				bools[k] = x != 0
			}
			a.Data = bools
		}
	case []tflite.BFloat16:
		floats := make([]float32, len(s))
		for k, x := range s {
			floats[k] = x.Float32()
		}
		a.Data = floats
	}
	return a
}
