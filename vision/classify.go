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
// Options are [WithTopK], [WithThreshold], [WithLabels] and those of [Run]. The picture is
// scaled by [Area]; for pycoral's scores give [WithFilter] Lanczos. Classify is safe for
// concurrent use, as far as the session has interpreters.
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
	if err := classifierOutput(s.Inputs(), s.Outputs()); err != nil {
		return result, err
	}
	r, err := c.run(ctx, s, img, Stretch)
	if err != nil {
		return result, err
	}
	scores, err := r.Outputs[0].Float32()
	if err != nil {
		return result, err
	}
	labels := c.labelsFor(0, len(scores))
	return Classification{
		Classes:    labels.name(TopClasses(scores, c.topK, c.threshold)),
		Preprocess: r.Preprocess, Invoke: r.Invoke, Normalization: r.Normalization,
		Warnings: append(r.Warnings, nonEmpty(labels.warning)...),
	}, nil
}

// classifierOutput makes sure that a model may be a classifier.
func classifierOutput(inputs, outputs []tflite.TensorInfo) error {
	if len(inputs) != 1 || len(outputs) < 1 {
		return fmt.Errorf("%w: it has %d inputs and %d outputs, an image classifier has one input", ErrModel, len(inputs), len(outputs))
	}
	if o := outputs[0]; !isVector(o.Shape) {
		return fmt.Errorf("%w: output %q has shape %v, an image classifier's has one dimension with the classes, such as [1 1000]", ErrModel, o.Name, o.Shape)
	}
	return nil
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
