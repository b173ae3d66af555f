package vision

import (
	"context"
	"fmt"
	"image"
	"time"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/tflite"
)

// Classification is what a classifier makes of a picture.
type Classification struct {
	// Classes has the best first, see [TopClasses].
	Classes []Class
	// Preprocess is the time taken to scale the picture and write it to the input,
	// Invoke that of the model's run. Waiting for a free interpreter is in neither.
	Preprocess, Invoke time.Duration
	// Normalization is what the pixels were turned into, and where it came from.
	Normalization Normalization
	// Warnings are sentences about what may be wrong: a normalisation that is a guess,
	// labels that do not fit the model's classes or cannot be read. They are the same
	// for every picture.
	Warnings []string
}

// Classify tells what is in a picture, with a model whose one input is a picture as
// [SetInput] wants it and whose first output has one score for each class. The scores
// are dequantised by the output's own parameters.
//
// The normalisation is that of the options or else of the session's model, as SetInput
// describes it; the labels are those of [WithLabels] or else those that came with the
// model, see [ModelLabels]. What is doubtful about either is in the result's Warnings.
//
// Options are [WithTopK], [WithThreshold], [WithLabels], [WithNormalization],
// [WithChannelNormalization] and [WithModel]. Classify is safe for concurrent use, as far
// as the session has interpreters.
//
// A model of another kind gives [ErrModel]; for the picture see [SetInput], for the
// run coral.Session.Do. A nil session is a closed one, a nil context never ends.
func Classify(ctx context.Context, s *coral.Session, img image.Image, opts ...Option) (Classification, error) {
	result, err := classify(errs.Context(ctx), s, img, opts)
	if err != nil {
		return Classification{}, fmt.Errorf("vision: classify: %w", err)
	}
	return result, nil
}

func classify(ctx context.Context, s *coral.Session, img image.Image, opts []Option) (result Classification, err error) {
	if s == nil {
		return result, fmt.Errorf("the session is nil: %w", coral.ErrClosed)
	}
	c, err := newConfig(opts)
	if err != nil {
		return result, err
	}
	in, err := classifierInput(s.Inputs(), s.Outputs())
	if err != nil {
		return result, err
	}
	if c.model == nil {
		c.model = s.Model()
	}
	start := time.Now()
	if result.Normalization, err = c.normalizationFor(s.Inputs()[0], 0, in.c); err != nil {
		return result, err
	}
	pix, err := resize(img, in.w, in.h, in.c)
	if err != nil {
		return result, err
	}
	resized := time.Since(start)
	var scores []float32
	err = s.Do(ctx, func(i *tflite.Interpreter) error {
		start := time.Now()
		if err := writeInput(i, pix, in.c, result.Normalization); err != nil {
			return err
		}
		written := time.Now()
		if err := i.Invoke(ctx); err != nil {
			return err
		}
		result.Preprocess, result.Invoke = resized+written.Sub(start), time.Since(written)
		return readScores(i, &scores)
	})
	if err != nil {
		return result, err
	}
	labels := c.labelsFor(0, len(scores))
	result.Classes = labels.name(TopClasses(scores, c.topK, c.threshold))
	result.Warnings = nonEmpty(result.Normalization.Warning, labels.warning)
	return result, nil
}

// writeInput fills the model's first input.
func writeInput(i *tflite.Interpreter, pix []uint8, channels int, n Normalization) error {
	t, err := i.Input(0)
	if err != nil {
		return err
	}
	return write(t, pix, channels, n)
}

// readScores dequantises the model's first output.
func readScores(i *tflite.Interpreter, scores *[]float32) error {
	t, err := i.Output(0)
	if err != nil {
		return err
	}
	*scores = make([]float32, t.Elements())
	return t.ReadFloat32(*scores)
}

// classifierInput makes sure that a model may be a classifier.
func classifierInput(inputs, outputs []tflite.TensorInfo) (inputSize, error) {
	if len(inputs) != 1 || len(outputs) < 1 {
		return inputSize{}, fmt.Errorf("%w: it has %d inputs and %d outputs, an image classifier has one input", ErrModel, len(inputs), len(outputs))
	}
	if o := outputs[0]; !isVector(o.Shape) {
		return inputSize{}, fmt.Errorf("%w: output %q has shape %v, an image classifier's has one dimension with the classes, such as [1 1000]", ErrModel, o.Name, o.Shape)
	}
	return pictureSize(inputs[0])
}

// isVector reports whether at most one dimension is not 1.
func isVector(shape []int) bool {
	long := 0
	for _, n := range shape {
		if n != 1 {
			long++
		}
	}
	return long <= 1
}

func nonEmpty(texts ...string) (some []string) {
	for _, s := range texts {
		if s != "" {
			some = append(some, s)
		}
	}
	return some
}
