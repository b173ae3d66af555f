package main

import (
	"fmt"
	"strconv"

	"github.com/gocoral/coral/tflite"
)

// elements are the first n of a tensor's, as numbers, booleans and strings that JSON can
// hold. Quantised ones are dequantised.
func elements(v tflite.Value, n int) ([]any, error) {
	if v.Quantization.Quantized() {
		return floats(v, n)
	}
	switch s := v.Data.(type) {
	case []float32, []tflite.Float16, []tflite.BFloat16:
		return floats(v, n)
	case []uint8:
		if v.Type == tflite.TypeBool {
			return list(s, n, func(x uint8) any { return x != 0 }), nil
		}
		return plain(s, n), nil
	case []float64:
		return list(s, n, func(x float64) any { return real(x) }), nil
	case []int8:
		return plain(s, n), nil
	case []int16:
		return plain(s, n), nil
	case []uint16:
		return plain(s, n), nil
	case []int32:
		return plain(s, n), nil
	case []uint32:
		return plain(s, n), nil
	case []int64:
		return plain(s, n), nil
	case []uint64:
		return plain(s, n), nil
	case []string:
		return plain(s, n), nil
	case []complex64: // as text, for JSON has no such numbers
		return list(s, n, func(x complex64) any { return complexText(strconv.FormatComplex(complex128(x), 'g', -1, 64)) }), nil
	case []complex128:
		return list(s, n, func(x complex128) any { return complexText(strconv.FormatComplex(x, 'g', -1, 128)) }), nil
	}
	return nil, fmt.Errorf("elements of type %v cannot be shown: %w", v.Type, tflite.ErrType)
}

func floats(v tflite.Value, n int) ([]any, error) {
	s, err := v.Float32()
	return list(s, n, func(x float32) any { return real(x) }), err
}

func plain[T any](s []T, n int) []any {
	return list(s, n, func(x T) any { return x })
}

func list[T any](s []T, n int, convert func(T) any) []any {
	all := make([]any, min(n, len(s)))
	for k := range all {
		all[k] = convert(s[k])
	}
	return all
}

// complexText is a complex number.
type complexText string

// elementText is an element for people.
func elementText(x any) string {
	switch x := x.(type) {
	case real:
		return strconv.FormatFloat(float64(x), 'g', -1, 32)
	case string:
		return strconv.Quote(x)
	}
	return fmt.Sprint(x)
}
