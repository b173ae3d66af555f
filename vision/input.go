package vision

import (
	"fmt"
	"image"
	"slices"

	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// SetInput scales img to the size of the input tensor t, ignoring its proportions, and
// writes it there, as Lanczos resampling with Pillow 9.5 and then pycoral would.
//
// The tensor's shape is [1, height, width, channels] or without the leading 1, or
// [1, height, width] for grey. Three channels are red, green and blue, one is grey.
// Other shapes give [ErrModel], types other than uint8, int8, float32 and float16
// [ErrType]; an empty picture gives [ErrSize], one with a side above 65535 pixels
// [ErrTooLarge].
//
// # Normalisation
//
// A model was trained on numbers (p - mean) / std instead of pixel values p. Float inputs
// take them as they are; an input of integers takes those that stand for them
// ([tflite.Quantize]). Mean and std are, whichever of these there is first:
//
//   - those of [WithNormalization] or [WithChannelNormalization];
//   - those of the model's metadata, if [WithModel] gives the model;
//   - for an input of integers, those with the nearest range: scale and zero point tell
//     which real numbers the integers stand for, and if these go from 0 to 1 the model
//     wants p/255, if from -1 to 1 pycoral's (p-128)/128, if from 0 to 255 or from -128 to
//     127 pixels as they are. Integers without quantisation stand for themselves;
//   - for a float input, if [WithModel] gives the model, those that the first operators
//     undo, such as those of a Keras layer Rescaling;
//   - 128 and 128, as in pycoral, which is a guess.
//
// [NormalizationOf] tells which it is. The options of [Classify] that have nothing to do
// with an input give [ErrOption].
func SetInput(t *tflite.Tensor, img image.Image, opts ...Option) error {
	c, err := newConfig(opts)
	if err == nil {
		err = c.onlyInput()
	}
	if err == nil {
		err = setInput(t, img, c)
	}
	if err != nil {
		return fmt.Errorf("vision: set input: %w", err)
	}
	return nil
}

func setInput(t *tflite.Tensor, img image.Image, c *config) error {
	if t == nil {
		return fmt.Errorf("%w: the input tensor is nil", ErrModel)
	}
	info := t.Info()
	size, err := pictureSize(info)
	if err != nil {
		return err
	}
	n, err := c.normalizationFor(info, inputNamed(c.model, info.Name), size.c)
	if err != nil {
		return err
	}
	pix, err := resize(img, size.w, size.h, size.c)
	if err != nil {
		return err
	}
	return write(t, pix, size.c, n)
}

// inputNamed is the number of the model's input of that name, 0 if there is none.
func inputNamed(m *model.Model, name string) int {
	if m == nil {
		return 0
	}
	return max(slices.IndexFunc(m.Inputs(), func(t model.Tensor) bool { return t.Name == name }), 0)
}

// inputSize is what picture a tensor wants.
type inputSize struct{ w, h, c int }

// pictureSize tells it by the shape.
func pictureSize(t tflite.TensorInfo) (inputSize, error) {
	size, err := shapeSize(t.Name, t.Shape)
	if err == nil && slices.Contains(t.ShapeSignature, -1) && size.w == 1 && size.h == 1 {
		err = fmt.Errorf("%w: input %q leaves its size open (%v): set it with coral.WithInputShape", ErrModel, t.Name, t.ShapeSignature)
	}
	return size, err
}

func shapeSize(name string, all []int) (inputSize, error) {
	shape := all
	if len(shape) == 4 && shape[0] == 1 {
		shape = shape[1:]
	}
	isChannels := func(n int) bool { return n == 1 || n == 3 }
	if len(shape) == 3 && shape[0] == 1 && !isChannels(shape[2]) {
		shape = []int{shape[1], shape[2], 1}
	}
	if len(shape) != 3 || !isChannels(shape[2]) || shape[0] < 1 || shape[1] < 1 {
		return inputSize{}, fmt.Errorf("%w: input %q has shape %v, a picture needs [1 height width 3], or 1 for grey", ErrModel, name, all)
	}
	return inputSize{w: shape[1], h: shape[0], c: shape[2]}, nil
}

func takesPictures(t tflite.Type) bool {
	return t == tflite.TypeUint8 || t == tflite.TypeInt8 || t == tflite.TypeFloat32 || t == tflite.TypeFloat16
}

func wrongType(name string, t tflite.Type) error {
	return fmt.Errorf("input %q holds %v, pictures go into uint8, int8, float32 and float16: %w", name, t, ErrType)
}

// write converts pixels of c channels to the type of t.
func write(t *tflite.Tensor, pix []uint8, c int, n Normalization) error {
	scale, zero := parameters(t.Quantization())
	switch t.Type() {
	case tflite.TypeUint8:
		return fill(t, pix, c, n, func(x float32) uint8 { return tflite.Quantize[uint8](x, scale, zero) })
	case tflite.TypeInt8:
		return fill(t, pix, c, n, func(x float32) int8 { return tflite.Quantize[int8](x, scale, zero) })
	case tflite.TypeFloat32:
		return fill(t, pix, c, n, func(x float32) float32 { return x })
	case tflite.TypeFloat16:
		return fill(t, pix, c, n, tflite.NewFloat16)
	}
	return wrongType(t.Name(), t.Type())
}

// fill writes what convert makes of the normalised pixels. There are only 256 of them for
// each channel, so they are looked up.
func fill[T tflite.Element](t *tflite.Tensor, pix []uint8, c int, n Normalization, convert func(x float32) T) error {
	tables := make([][256]T, c)
	for k := range tables {
		for p := range tables[k] {
			tables[k][p] = convert(float32(n.apply(float64(p), k)))
		}
	}
	return tflite.Use(t, func(dst []T) error {
		if len(dst) != len(pix) {
			return fmt.Errorf("input %q has %d elements, the picture %d: %w", t.Name(), len(dst), len(pix), ErrSize)
		}
		for k := range tables {
			table := &tables[k]
			for at := k; at < len(pix); at += c {
				dst[at] = table[pix[at]]
			}
		}
		return nil
	})
}
