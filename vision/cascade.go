package vision

import (
	"context"
	"fmt"
	"image"
	"math"

	"github.com/gocoral/coral/internal/errs"
)

// Located is something in a picture with a box around it: [Object] and [Face], and types of
// other packages that embed them.
type Located interface{ Where() Box }

// Where is the object's box.
func (o Object) Where() Box { return o.Box }

// Where is the face's box.
func (f Face) Where() Box { return f.Box }

// Region says which part of a picture a second model is shown of an object.
type Region struct {
	// Margin is how much is added on each side, as a fraction of the box's width and height:
	// 0.1 makes the box 1.2 times as wide and high. Below 0 it cuts off.
	Margin float32
	// Square extends the shorter side to the longer one, so that [Stretch] distorts nothing.
	Square bool
}

// Of returns the part of a picture of that size that a box and its margin cover, in whole
// pixels from the picture's upper left corner. What lies outside of the picture is cut off,
// and so a square at its edge may not be one. It is empty for a box outside of the picture, or
// one that contradicts itself.
func (r Region) Of(b Box, size image.Point) image.Rectangle {
	if !b.Valid() || !finite(b.XMin, b.YMin, b.XMax, b.YMax, r.Margin) {
		return image.Rectangle{}
	}
	width, height := b.Width()*(1+2*r.Margin), b.Height()*(1+2*r.Margin)
	if r.Square {
		width, height = max(width, height), max(width, height)
	}
	x0, x1 := pixelsAlong((b.XMin+b.XMax)/2, width, size.X)
	y0, y1 := pixelsAlong((b.YMin+b.YMax)/2, height, size.Y)
	return image.Rect(0, 0, size.X, size.Y).Intersect(image.Rectangle{Min: image.Pt(x0, y0), Max: image.Pt(x1, y1)})
}

// pixelsAlong are the pixels of a side that a length around a middle touches.
func pixelsAlong(middle, length float32, side int) (first, end int) {
	inside := func(x float64) int { return int(min(max(x, 0), float64(side))) } // of any number
	return inside(math.Floor(float64(middle - length/2))), inside(math.Ceil(float64(middle + length/2)))
}

// Second is what the second model of a cascade says of an object.
type Second[O Located, T any] struct {
	Object O
	// Part is what the model was shown, in pixels from the picture's upper left corner.
	Part image.Rectangle
	// Value is the model's result, if Err is nil.
	Value T
	Err   error
}

// Cascade asks a second model about each object that a first one has found: which bird is in
// the box, whose face it is. second is called for one object after the other with an option
// that crops the picture, for [Classify], [Embed] or any other task, on the session of the
// first model or on another:
//
//	birds, err := vision.Detect(ctx, detector, img)
//	…
//	named, err := vision.Cascade(ctx, img, birds.Objects, vision.Region{Margin: 0.1},
//		func(ctx context.Context, _ vision.Object, crop vision.Option) (vision.Classification, error) {
//			return vision.Classify(ctx, classifier, img, crop, vision.WithTopK(1))
//		})
//
// The results are in the order of the objects. An error of one object is in its result, and
// so is [ErrSize] for one without a pixel in the picture. Cascade itself fails for a picture
// without pixels, a nil second ([ErrOption]), and when the context ends, with the results that
// there are.
func Cascade[O Located, T any](ctx context.Context, img image.Image, objects []O, region Region, second func(ctx context.Context, o O, crop Option) (T, error)) ([]Second[O, T], error) {
	err := checkImage(img)
	if err == nil && second == nil {
		err = fmt.Errorf("%w: the function for the second model is nil", ErrOption)
	}
	if err != nil {
		return nil, fmt.Errorf("vision: cascade: %w", err)
	}
	ctx = errs.Context(ctx)
	size := img.Bounds().Size()
	results := make([]Second[O, T], 0, len(objects))
	for _, o := range objects {
		if err := errs.Ended(ctx); err != nil {
			return results, fmt.Errorf("vision: cascade: after %d of %d objects: %w", len(results), len(objects), err)
		}
		r := Second[O, T]{Object: o}
		if r.Part, err = region.part(o, size); err == nil {
			r.Value, err = second(ctx, o, WithCrop(r.Part))
		}
		r.Err = err
		results = append(results, r)
	}
	return results, nil
}

// part is [Region.Of] for an object that may have nothing in the picture.
func (r Region) part(o Located, size image.Point) (image.Rectangle, error) {
	if errs.IsNil(o) {
		return image.Rectangle{}, fmt.Errorf("the object is nil: %w", ErrSize)
	}
	part := r.Of(o.Where(), size)
	if part.Empty() {
		return part, fmt.Errorf("the box %v has no pixel in the picture of %d×%d: %w", o.Where(), size.X, size.Y, ErrSize)
	}
	return part, nil
}
