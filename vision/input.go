package vision

import (
	"fmt"
	"image"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/tflite"
)

// SetInput scales img to the size of the input tensor t, ignoring its proportions, and
// writes it there, as Lanczos resampling with Pillow 9.5 and then pycoral would.
// [WithFilter] and [WithFit] do otherwise.
//
// The tensor's shape is [1, height, width, channels] or [1, channels, height, width], or one
// of these without the leading 1, or [1, height, width] for grey. Three channels are red,
// green and blue (see [WithBGR]), one is grey. Other shapes give [ErrModel], types other than
// uint8, int8, int32, float32 and float16 [ErrType]; an empty picture gives [ErrSize], one
// with a side above 65535 pixels [ErrTooLarge].
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
//     127 pixels as they are. Integers without quantisation stand for themselves, and an
//     input of int32 takes pixels as they are in any case;
//   - for a float input, if [WithModel] gives the model, those that the first operators
//     undo, such as those of a Keras layer Rescaling, or those that fit what a first
//     operator quantises it to;
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
//
// A picture goes into the tensor in one pass, row by row: scaled, converted to the input's
// colours, normalised and quantised. The memory for that is kept for the next picture of the
// same size, so that [Input.Set] allocates nothing for a [Frame] or an image of package image
// with 8 bits for a channel.
type Input struct {
	size          inputSize
	normalization Normalization
	fit           Fit
	filter        Filter
	writer        writer
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
	w, err := writerOf(t, n, size.c)
	if err != nil {
		return nil, err
	}
	return &Input{
		size: size, normalization: n, fit: c.fitOr(fit), filter: c.filterOr(Lanczos), writer: w, c: c,
	}, nil
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

func (in *Input) set(t *tflite.Tensor, img image.Image) (p Placement, err error) {
	if in == nil || in.c == nil {
		return p, fmt.Errorf("%w: the Input is nil or empty; make it with NewInput", ErrModel)
	}
	if t == nil {
		return p, fmt.Errorf("%w: the input tensor is nil", ErrModel)
	}
	if err := checkImage(img); err != nil {
		return p, err
	}
	crop, err := in.c.cropOf(img.Bounds().Size())
	if err != nil {
		return p, err
	}
	p = in.fit.place(crop, in.size.w, in.size.h)
	p.Picture = img.Bounds().Size()
	return p, in.show(t, img, p)
}

// show writes the picture to the tensor.
func (in *Input) show(t *tflite.Tensor, img image.Image, p Placement) (err error) {
	defer func() {
		// An image may be of any type, and have fewer pixels than its bounds say.
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: the pixels of this %T cannot be read: %v", ErrDamaged, img, r)
		}
	}()
	s := showings.Get().(*showing) // and not given back if there is a panic
	s.begin(in, img, p)
	err = in.writer.write(t, s)
	s.end()
	showings.Put(s)
	return err
}

// checkImage refuses pictures that nothing can be made of.
func checkImage(img image.Image) error {
	if errs.IsNil(img) {
		return fmt.Errorf("the picture is nil: %w", ErrSize)
	}
	switch b := img.Bounds(); {
	case b.Empty():
		return fmt.Errorf("the picture has no pixels, its bounds are %v: %w", b, ErrSize)
	case b.Dx() > maxSide || b.Dy() > maxSide:
		return fmt.Errorf("%w: %d×%d pixels, the longest side possible is %d", ErrTooLarge, b.Dx(), b.Dy(), maxSide)
	}
	if f, ok := img.(*Frame); ok {
		return f.check()
	}
	return nil
}
