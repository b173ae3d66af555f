package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/gocoral/coral/cmd/coral/internal/npy"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// parseText makes the content of a tensor from what a user types: numbers for an input
// of numbers, one string for one of strings. Quantised tensors get float32 numbers, which
// conversion tells of as for a file.
func parseText(text string, t model.Tensor) (a npy.Array, conversion string, err error) {
	if t.Type == tflite.TypeString {
		a.Data = []string{text}
		a.Shape, err = textShape(1, t)
		return a, "", err
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	want := fileType(t.Type)
	if converted, ok := convertible("float32", t); ok {
		want, conversion = "float32", converted
	}
	parse := parsers[want]
	if parse == nil {
		return a, "", fmt.Errorf("input %q is of type %s, whose elements cannot be typed: give a .npy file", t.Name, t.Type)
	}
	if a.Data, err = parse(words); err != nil {
		return a, "", fmt.Errorf("input %q: %w", t.Name, err)
	}
	a.Shape, err = textShape(len(words), t)
	return a, conversion, err
}

// parsers make slices of words, by the type that the elements have in a file.
var parsers = map[string]func(words []string) (any, error){
	"float32": parseFloats[float32](32),
	"float64": parseFloats[float64](64),
	"int8":    parseInts[int8](8),
	"int16":   parseInts[int16](16),
	"int32":   parseInts[int32](32),
	"int64":   parseInts[int64](64),
	"uint8":   parseUints[uint8](8),
	"uint16":  parseUints[uint16](16),
	"uint32":  parseUints[uint32](32),
	"uint64":  parseUints[uint64](64),
	"bool":    parseAll(strconv.ParseBool, "is not true or false", ""),
}

func parseFloats[T float32 | float64](bits int) func([]string) (any, error) {
	return parseAll(func(word string) (T, error) {
		x, err := strconv.ParseFloat(word, bits)
		return T(x), err
	}, fmt.Sprintf("is not a float%d number", bits), fmt.Sprintf("is too large for float%d", bits))
}

func parseInts[T int8 | int16 | int32 | int64](bits int) func([]string) (any, error) {
	limit := int64(1) << (bits - 1)
	wrong := fmt.Sprintf("is not a whole number from %d to %d", -limit, limit-1)
	return parseAll(func(word string) (T, error) {
		x, err := strconv.ParseInt(word, 10, bits)
		return T(x), err
	}, wrong, wrong)
}

func parseUints[T uint8 | uint16 | uint32 | uint64](bits int) func([]string) (any, error) {
	wrong := fmt.Sprintf("is not a whole number from 0 to %d", ^uint64(0)>>(64-bits))
	return parseAll(func(word string) (T, error) {
		x, err := strconv.ParseUint(word, 10, bits)
		return T(x), err
	}, wrong, wrong)
}

// parseAll says of a word that it cannot parse that it is wrong, or beyond the type's range.
func parseAll[T any](parse func(string) (T, error), wrong, beyond string) func([]string) (any, error) {
	return func(words []string) (any, error) {
		all := make([]T, len(words))
		for k, word := range words {
			var err error
			if all[k], err = parse(word); errors.Is(err, strconv.ErrRange) {
				return nil, fmt.Errorf("element %d, %q, %s", k, word, beyond)
			} else if err != nil {
				return nil, fmt.Errorf("element %d, %q, %s%s", k, word, wrong, either(len(words) == 1, " (a file is given as FILE.npy or @FILE)", ""))
			}
		}
		return all, nil
	}
}

// textShape is the shape for so many elements. One open dimension follows from it.
func textShape(n int, t model.Tensor) ([]int, error) {
	shape := slices.Clone(openShape(t))
	open, known := -1, 1
	for k, d := range shape {
		switch {
		case d >= 0:
			known *= d
		case open >= 0:
			return nil, fmt.Errorf("input %q takes %s, which leaves more than one dimension open: give a .npy file, whose shape says", t.Name, shapeText(shape))
		default:
			open = k
		}
	}
	if open >= 0 && known > 0 {
		shape[open] = max(1, n/known)
		known *= shape[open]
	}
	if known != n {
		return nil, fmt.Errorf("%d %s given, input %q takes %d (%s)", n, either(n == 1, "element is", "elements are"), t.Name, known, shapeText(openShape(t)))
	}
	return shape, nil
}
