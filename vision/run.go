package vision

import (
	"context"
	"fmt"
	"image"
	"time"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// Result is what a model makes of a picture: its outputs as they are, and what is needed to
// read them.
type Result struct {
	// Outputs are copies of the model's outputs, in its order, and Names their names in its
	// signature, or those of the tensors if it has none.
	Outputs []tflite.Value
	Names   []string
	// Placement is where the picture lay in the input.
	Placement Placement
	// Normalization is what the pixels were turned into, and where it came from.
	Normalization Normalization
	// Preprocess is the time taken to scale the picture and write it to the input, Invoke
	// that of the model's run. Waiting for a free interpreter is in neither.
	Preprocess, Invoke time.Duration
	// Warnings are sentences about what may be wrong. They are the same for every picture.
	Warnings []string

	model *model.Model // nil: not known
}

// Run shows a picture to a model with one input for a picture, as [SetInput] does, and
// returns what it puts out. The tasks ([Classify], [Detect] and so on) are this and then a
// function that reads the outputs.
//
// Options are those of SetInput, but the filter is [Area] unless [WithFilter] says otherwise.
// A model of another kind gives [ErrModel]. A nil session is a closed one, a nil context never
// ends. Run is safe for concurrent use, as far as the session has interpreters.
func Run(ctx context.Context, s *coral.Session, img image.Image, opts ...Option) (Result, error) {
	c, err := newConfig(opts)
	if err == nil {
		err = c.onlyInput()
	}
	var r Result
	if err == nil {
		r, err = c.run(errs.Context(ctx), s, img, Stretch)
	}
	if err != nil {
		return Result{}, fmt.Errorf("vision: run: %w", err)
	}
	return r, nil
}

// run shows the picture to the session's model; fit is the task's default.
func (c *config) run(ctx context.Context, s *coral.Session, img image.Image, fit Fit) (r Result, err error) {
	if s == nil {
		return r, fmt.Errorf("the session is nil: %w", coral.ErrClosed)
	}
	inputs := s.Inputs()
	if len(inputs) != 1 {
		return r, fmt.Errorf("%w: it has %d inputs, a model for pictures has one", ErrModel, len(inputs))
	}
	if c.model == nil {
		c.model = s.Model()
	}
	in, err := c.newInput(inputs[0], 0, fit)
	if err != nil {
		return r, err
	}
	in.filter = c.filterOr(taskFilter)
	r = Result{Names: s.OutputNames(), Normalization: in.normalization, Warnings: nonEmpty(in.normalization.Warning), model: c.model}
	err = s.Do(ctx, func(i *tflite.Interpreter) error {
		start := time.Now()
		t, err := i.Input(0)
		if err != nil {
			return err
		}
		if r.Placement, err = in.set(t, img); err != nil {
			return err
		}
		written := time.Now()
		if err := i.Invoke(ctx); err != nil {
			return err
		}
		r.Preprocess, r.Invoke = written.Sub(start), time.Since(written)
		r.Outputs, err = values(i)
		return err
	})
	return r, err
}

// values copies all outputs.
func values(i *tflite.Interpreter) ([]tflite.Value, error) {
	all := make([]tflite.Value, 0, i.OutputCount())
	for k := range i.OutputCount() {
		t, err := i.Output(k)
		if err != nil {
			return nil, err
		}
		v, err := t.Value()
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}
