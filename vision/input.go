package vision

import (
	"bytes"
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
//
// What is the same for every picture is worked out anew each time; [Input] keeps it.
func SetInput(t *tflite.Tensor, img image.Image, opts ...Option) error {
	if t == nil {
		return fmt.Errorf("vision: set input: %w: the input tensor is nil", ErrModel)
	}
	in, err := newInput(t.Info(), opts)
	if err == nil {
		_, err = in.set(t, img)
	}
	if err != nil {
		return fmt.Errorf("vision: set input: %w", err)
	}
	return nil
}

// Input is a model's input as pictures go into it, for one who shows many: what [SetInput]
// works out of tensor and options. It may be used by several goroutines at the same time.
type Input struct {
	size          inputSize
	typ           tflite.Type
	quantization  tflite.Quantization
	name          string
	normalization Normalization
	fit           Fit
	c             *config
}

// NewInput makes an Input of a tensor's description, which [tflite.Tensor.Info] and
// coral.Session.Inputs give. Options and errors are those of [SetInput].
func NewInput(t tflite.TensorInfo, opts ...Option) (*Input, error) {
	in, err := newInput(t, opts)
	if err != nil {
		return nil, fmt.Errorf("vision: input: %w", err)
	}
	return in, nil
}

func newInput(t tflite.TensorInfo, opts []Option) (*Input, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	if err := c.onlyInput(); err != nil {
		return nil, err
	}
	return c.newInput(t, inputNamed(c.model, t.Name), Stretch)
}

// newInput is for the tensor that is the model's input of that number; fit is the task's
// default.
func (c *config) newInput(t tflite.TensorInfo, number int, fit Fit) (*Input, error) {
	size, err := pictureSize(t)
	if err != nil {
		return nil, err
	}
	n, err := c.normalizationFor(t, number, size.c)
	if err != nil {
		return nil, err
	}
	return &Input{size: size, typ: t.Type, quantization: t.Quantization, name: t.Name, normalization: n, fit: c.fitOr(fit), c: c}, nil
}

// Normalization is what pixels are turned into, and where that comes from.
func (in *Input) Normalization() Normalization {
	if in == nil {
		return Normalization{}
	}
	return in.normalization
}

// Set scales img and writes it to t, a tensor of the description that the Input was made of,
// and tells where in the input the picture lies. Errors are those of [SetInput].
func (in *Input) Set(t *tflite.Tensor, img image.Image) (Placement, error) {
	p, err := in.set(t, img)
	if err != nil {
		return Placement{}, fmt.Errorf("vision: set input: %w", err)
	}
	return p, nil
}

func (in *Input) set(t *tflite.Tensor, img image.Image) (Placement, error) {
	if in == nil || in.c == nil {
		return Placement{}, fmt.Errorf("%w: the Input is nil or empty; make it with NewInput", ErrModel)
	}
	if t == nil {
		return Placement{}, fmt.Errorf("%w: the input tensor is nil", ErrModel)
	}
	if err := checkImage(img); err != nil {
		return Placement{}, err
	}
	crop, err := in.c.cropOf(img.Bounds().Size())
	if err != nil {
		return Placement{}, err
	}
	p := in.fit.place(crop, in.size.w, in.size.h)
	p.Picture = img.Bounds().Size()
	pix, err := in.pixels(img, p)
	if err != nil {
		return p, err
	}
	return p, write(t, pix, in.size.c, in.normalization)
}

// pixels are those of the whole input.
func (in *Input) pixels(img image.Image, p Placement) ([]uint8, error) {
	part := img
	if p.Crop.Size() != img.Bounds().Size() {
		var err error
		if part, err = cropOut(img, p.Crop); err != nil {
			return nil, err
		}
	}
	pix, err := resize(part, p.Area.Dx(), p.Area.Dy(), in.size.c)
	if err != nil || p.Area.Size() == image.Pt(p.Width, p.Height) {
		return pix, err
	}
	all := bytes.Repeat([]uint8{in.c.fill}, p.Width*p.Height*in.size.c)
	for y := range p.Area.Dy() {
		row := pix[y*p.Area.Dx()*in.size.c:][:p.Area.Dx()*in.size.c]
		copy(all[((p.Area.Min.Y+y)*p.Width+p.Area.Min.X)*in.size.c:], row)
	}
	return all, nil
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
