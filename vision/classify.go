package vision

import (
	"context"
	"fmt"
	"image"
	"time"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/tflite"
)

// Classification is what a classifier makes of a picture.
type Classification struct {
	// Classes has the best first, see [TopClasses].
	Classes []Class
	// Preprocess is the time taken to scale the picture and write it to the input,
	// Invoke that of the model's run. Waiting for a free interpreter is in neither.
	Preprocess, Invoke time.Duration
}

// Classify tells what is in a picture, with a model whose one input is a picture as
// [SetInput] wants it and whose first output has one score for each class. The scores
// are dequantised by the output's own parameters.
//
// Options are [WithTopK], [WithThreshold], [WithLabels] and [WithNormalization].
// Classify is safe for concurrent use, as far as the session has interpreters.
//
// A model of another kind gives [ErrModel]; for the picture see [SetInput], for the
// run coral.Session.Do.
func Classify(ctx context.Context, s *coral.Session, img image.Image, opts ...Option) (Classification, error) {
	result, err := classify(ctx, s, img, opts)
	if err != nil {
		return Classification{}, fmt.Errorf("vision: classify: %w", err)
	}
	return result, nil
}

func classify(ctx context.Context, s *coral.Session, img image.Image, opts []Option) (result Classification, err error) {
	c, err := newConfig(opts)
	if err != nil {
		return result, err
	}
	size, err := classifierInput(s.Inputs(), s.Outputs())
	if err != nil {
		return result, err
	}
	start := time.Now()
	pix, err := resize(img, size.w, size.h, size.c)
	if err != nil {
		return result, err
	}
	resized := time.Since(start)
	var scores []float32
	err = s.Do(ctx, func(i *tflite.Interpreter) error {
		start := time.Now()
		if err := writeInput(i, pix, c); err != nil {
			return err
		}
		written := time.Now()
		if err := i.Invoke(ctx); err != nil {
			return err
		}
		result.Preprocess, result.Invoke = resized+written.Sub(start), time.Since(written)
		return readScores(i, &scores)
	})
	result.Classes = c.classes(scores)
	return result, err
}

// writeInput fills the model's first input.
func writeInput(i *tflite.Interpreter, pix []uint8, c *config) error {
	t, err := i.Input(0)
	if err != nil {
		return err
	}
	return write(t, pix, c)
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

func (c *config) classes(scores []float32) []Class {
	top := TopClasses(scores, c.topK, c.threshold)
	for k := range top {
		top[k].Label, _ = c.labels.Name(top[k].ID)
	}
	return top
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
