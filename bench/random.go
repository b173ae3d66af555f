package bench

import (
	"fmt"
	"math/rand/v2"

	"github.com/gocoral/coral/tflite"
)

// Random is content for an input, the same for the same seed: integers over their
// whole range, float32 from 0 up to 1. Other types wrap [tflite.ErrType].
func Random(t tflite.TensorInfo, seed uint64) (any, error) {
	r := rand.New(rand.NewPCG(seed, 0))
	elements := 1
	for _, d := range t.Shape {
		elements *= d
	}
	switch t.Type {
	case tflite.TypeUint8:
		return filled(elements, func() uint8 { return uint8(r.Uint32()) }), nil
	case tflite.TypeInt8:
		return filled(elements, func() int8 { return int8(r.Uint32()) }), nil
	case tflite.TypeFloat32:
		return filled(elements, r.Float32), nil
	}
	return nil, fmt.Errorf("bench: no random content for input %q of type %v: %w", t.Name, t.Type, tflite.ErrType)
}

func filled[T any](n int, next func() T) []T {
	s := make([]T, n)
	for k := range s {
		s[k] = next()
	}
	return s
}
