package vision

import (
	"fmt"
	"image"
	"slices"

	"github.com/gocoral/coral/tflite"
)

// SetInput scales img to the size of the input tensor t, ignoring its proportions, and
// writes it there, as Lanczos resampling with Pillow and then pycoral would.
//
// The tensor's shape is [1, height, width, channels] or without the leading 1, or
// [1, height, width] for grey. Three channels are red, green and blue, one is grey.
// Other shapes give [ErrModel], types other than uint8, int8, float32 and float16
// [ErrType]; an empty picture gives [ErrSize], one with a side above 65535 pixels
// [ErrTooLarge].
//
// # Normalisation
//
// A model was trained on numbers (p - mean) / std instead of pixel values p. For an
// input of scale s and zero point z that makes
//
//	q = (p - mean) / (std * s) + z
//
// which is pycoral's rule, but rounded to the nearest integer (halves away from zero,
// like TFLite's own QUANTIZE) where pycoral truncates; then limited to the type.
// Float inputs take (p - mean) / std.
//
// Mean and std are 128, as in pycoral, unless [WithNormalization] sets them or the
// input's own range says otherwise: scale and zero point tell which real numbers the
// integers stand for, and if these go from 0 to 1 the model wants p/255, if from 0 to
// 255 or from -128 to 127 it wants pixels as they are. An integer input without
// quantisation counts as one of scale 1.
func SetInput(t *tflite.Tensor, img image.Image, opts ...Option) error {
	c, err := newConfig(opts)
	if err == nil {
		err = setInput(t, img, c)
	}
	if err != nil {
		return fmt.Errorf("vision: set input: %w", err)
	}
	return nil
}

func setInput(t *tflite.Tensor, img image.Image, c *config) error {
	size, err := pictureSize(t.Info())
	if err != nil {
		return err
	}
	pix, err := resize(img, size.w, size.h, size.c)
	if err != nil {
		return err
	}
	return write(t, pix, c)
}

// inputSize is what picture a tensor wants.
type inputSize struct{ w, h, c int }

// pictureSize tells it by the shape.
func pictureSize(t tflite.TensorInfo) (inputSize, error) {
	shape := t.Shape
	if len(shape) == 4 && shape[0] == 1 {
		shape = shape[1:]
	}
	isChannels := func(n int) bool { return n == 1 || n == 3 }
	if len(shape) == 3 && shape[0] == 1 && !isChannels(shape[2]) {
		shape = []int{shape[1], shape[2], 1}
	}
	if len(shape) != 3 || !isChannels(shape[2]) || shape[0] < 1 || shape[1] < 1 {
		return inputSize{}, fmt.Errorf("%w: input %q has shape %v, a picture needs [1 height width 3], or 1 for grey", ErrModel, t.Name, t.Shape)
	}
	size := inputSize{w: shape[1], h: shape[0], c: shape[2]}
	if slices.Contains(t.ShapeSignature, -1) && size.w == 1 && size.h == 1 {
		return inputSize{}, fmt.Errorf("%w: input %q leaves its size open (%v): set it with coral.WithInputShape", ErrModel, t.Name, t.ShapeSignature)
	}
	return size, nil
}

// write converts pixels to the type of t.
func write(t *tflite.Tensor, pix []uint8, c *config) error {
	q := newQuantizer(t.Info(), c.normalization)
	switch t.Type() {
	case tflite.TypeUint8:
		return fill(t, pix, func(p float64) uint8 { return uint8(q.integer(p)) })
	case tflite.TypeInt8:
		return fill(t, pix, func(p float64) int8 { return int8(q.integer(p)) })
	case tflite.TypeFloat32:
		return fill(t, pix, func(p float64) float32 { return float32(q.apply(p)) })
	case tflite.TypeFloat16:
		return fill(t, pix, func(p float64) tflite.Float16 { return tflite.NewFloat16(float32(q.apply(p))) })
	}
	return fmt.Errorf("input %q holds %v, pictures go into uint8, int8, float32 and float16: %w", t.Name(), t.Type(), ErrType)
}

// fill writes what convert makes of the pixels. There are only 256 of them, so it is
// looked up.
func fill[T tflite.Element](t *tflite.Tensor, pix []uint8, convert func(p float64) T) error {
	var table [256]T
	for p := range table {
		table[p] = convert(float64(p))
	}
	return tflite.Use(t, func(dst []T) error {
		if len(dst) != len(pix) {
			return fmt.Errorf("input %q has %d elements, the picture %d: %w", t.Name(), len(dst), len(pix), ErrSize)
		}
		for k, p := range pix {
			dst[k] = table[p]
		}
		return nil
	})
}
