package vision

import (
	"context"
	"fmt"
	"image"
	"math"
	"slices"
	"time"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/tflite"
)

// task is what there is to do with pictures: how they are shown to the model, and how its
// outputs are read.
type task[T any] struct {
	name   string
	fit    Fit
	usual  *Normalization // what the models want if they tell nothing, nil: not known
	decode func(c *config, r Result) (T, error)
}

// perform shows a picture to the session's model, and reads what it puts out.
func (t task[T]) perform(ctx context.Context, s *coral.Session, img image.Image, opts []Option) (result T, timing Timing, err error) {
	c, err := newConfig(opts)
	if err != nil {
		return result, timing, t.fail(err)
	}
	c.usual = t.usual
	r, err := c.run(errs.Context(ctx), s, img, t.fit)
	if err != nil {
		return result, timing, t.fail(err)
	}
	start := time.Now()
	result, err = t.read(c, r)
	return result, Timing{r.Preprocess, r.Invoke, time.Since(start)}, err
}

// decoded reads the outputs of a model that has run.
func (t task[T]) decoded(r Result, opts []Option) (result T, err error) {
	c, err := newConfig(opts)
	if err != nil {
		return result, t.fail(err)
	}
	if c.model == nil {
		c.model = r.model
	}
	return t.read(c, r)
}

func (t task[T]) read(c *config, r Result) (result T, err error) {
	if err = r.Placement.check(); err == nil {
		result, err = t.decode(c, r)
	}
	if err != nil {
		var none T
		return none, t.fail(err)
	}
	return result, nil
}

func (t task[T]) fail(err error) error { return fmt.Errorf("vision: %s: %w", t.name, err) }

// atLeast is the threshold of the options, or else a task's default.
func (c *config) atLeast(otherwise float32) float32 {
	if c.hasThreshold() {
		return c.threshold
	}
	return otherwise
}

func (c *config) hasThreshold() bool { return !math.IsInf(float64(c.threshold), -1) }

// best is how many results to keep of n, which are sorted.
func (c *config) best(n int) int {
	if c.topK < 0 {
		return n
	}
	return min(c.topK, n)
}

// realNumbers are the values of an output as real ones, as many as its shape says. They may be
// the output's own memory.
func realNumbers(v tflite.Value) ([]float32, error) {
	n, ok := elements(v.Shape)
	if !ok {
		return nil, fmt.Errorf("%w: output %q has the impossible shape %v", ErrModel, v.Name, v.Shape)
	}
	x, err := v.Float32()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	if len(x) != n {
		return nil, fmt.Errorf("output %q has %d values, its shape is %v: %w", v.Name, len(x), v.Shape, ErrSize)
	}
	return x, nil
}

// outputShapes is what a message says of a model's outputs.
func outputShapes(outputs []tflite.Value) string {
	text := ""
	for k, v := range outputs {
		if k == 8 {
			return fmt.Sprintf("%s and %d more", text, len(outputs)-k)
		}
		if k > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%v %v", v.Type, v.Shape)
	}
	if text == "" {
		return "nothing"
	}
	return text
}

// elements is the number of them in a tensor of that shape. It is not ok for dimensions that
// cannot be.
func elements(shape []int) (n int, ok bool) {
	const most = 1 << 30
	n = 1
	for _, d := range shape {
		if d < 0 || d > most || (d > 0 && n > most/d) {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// finite reports whether all are numbers that JSON can hold.
func finite(numbers ...float32) bool {
	return !slices.ContainsFunc(numbers, func(x float32) bool {
		return math.IsNaN(float64(x)) || math.IsInf(float64(x), 0)
	})
}
