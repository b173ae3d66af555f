package vision

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/tflite"
)

// Segmentation tells what each part of a picture belongs to. Its JSON has the classes only.
type Segmentation struct {
	// Map has the class of each place.
	Map ClassMap `json:"-"`
	// Classes are those in the map, the one that covers most first.
	Classes []ClassShare `json:"classes"`
	Timing  `json:"-"`
	// Normalization is what the pixels were turned into, and where it came from.
	Normalization Normalization `json:"-"`
	// Warnings are sentences about what may be wrong, see [Classification].
	Warnings []string `json:"-"`
}

var segmenting = task[Segmentation]{name: "segment", fit: Stretch, decode: (*config).segmentation}

// Segment tells for each place of a picture what it belongs to: to which class, or, with a
// model of one class, whether to what the model looks for (class 1) or not (class 0). The
// first output decides, by its shape:
//
//   - [1, height, width] or [1, height, width, 1] of integers are the classes themselves;
//   - [1, height, width, classes] has a number for each class, and the greatest counts, of
//     equal ones that of the lower class. [1, classes, height, width] is told from it by the
//     proportions of the input;
//   - [1, height, width, 1] or [1, height, width] of real numbers, or of integers with a
//     scale, is a mask: 1 is where the number is at least the threshold, 0.5 by default.
//
// That is pycoral's segment.get_output with what its example does afterwards, but real
// numbers are not cut off to whole ones, and what lies beside the picture in the input is
// left out. [Stretch] is the default, as in that example; see [WithFit].
//
// [WithTopK] keeps the classes that cover most in the list. [WithThreshold] is for masks
// only ([ErrOption]). Other options are those of [Classify]. A model of another kind gives
// [ErrModel].
func Segment(ctx context.Context, s *coral.Session, img image.Image, opts ...Option) (Segmentation, error) {
	result, timing, err := segmenting.perform(ctx, s, img, opts)
	result.Timing = timing
	return result, err
}

// DecodeSegmentation is the second half of [Segment]: it reads what [Run] returned.
func DecodeSegmentation(r Result, opts ...Option) (Segmentation, error) {
	return segmenting.decoded(r, opts)
}

func (c *config) segmentation(r Result) (Segmentation, error) {
	m, classes, err := c.classMap(r)
	if err != nil {
		return Segmentation{}, err
	}
	labels := c.mapLabels(classes)
	shares := m.shares(labels.labels)
	return Segmentation{
		Map: m, Classes: shares[:c.best(len(shares))], Normalization: r.Normalization,
		Warnings: slices.Concat(r.Warnings, nonEmpty(labels.warning)),
	}, nil
}

// maskClasses are those of a mask: what the model looks for, and all else.
const maskClasses = 2

// mapLabels are the names for so many classes, 0 if that is not known.
func (c *config) mapLabels(classes int) classLabels {
	l := classLabels{labels: c.labels}
	if c.labels == nil {
		l = ownLabels(c.model, 0)
	}
	switch only, ok := l.labels[0]; {
	case classes == 0:
		return l
	case classes == maskClasses && ok && len(l.labels) == 1: // it names what the model looks for
		l.labels = Labels{0: "background", 1: only}
		return l
	}
	return c.labelsFor(0, classes)
}

// classMap is the map for the part of the input that shows the picture, and how many classes
// the model has, 0 if it does not tell.
func (c *config) classMap(r Result) (m ClassMap, classes int, err error) {
	if len(r.Outputs) == 0 {
		return m, 0, fmt.Errorf("%w: it has no output, one that segments has a map of classes", ErrModel)
	}
	out := r.Outputs[0]
	l, err := mapLayoutOf(out, r.Placement)
	if err != nil {
		return m, 0, err
	}
	isMask := l.classes == 1 && holdsMask(out)
	if c.hasThreshold() && !isMask {
		return m, 0, fmt.Errorf("%w: WithThreshold is for a mask of real numbers, the model's output is %v %v", ErrOption, out.Type, out.Shape)
	}
	part := l.shown(r.Placement)
	m = ClassMap{Width: part.Dx(), Height: part.Dy(), Part: r.Placement.Crop, IDs: make([]uint16, part.Dx()*part.Dy())}
	switch {
	case isMask:
		return m, maskClasses, l.mask(out, part, c.atLeast(0.5), m.IDs)
	case l.classes == 1:
		return m, 0, l.ids(out, part, m.IDs)
	}
	return m, l.classes, l.best(out, part, m.IDs)
}

// mapLayout is where the values of an output for a place are.
type mapLayout struct {
	width, height, classes int
	channelsFirst          bool
}

const maxClasses = math.MaxUint16 + 1

func mapLayoutOf(v tflite.Value, p Placement) (l mapLayout, err error) {
	shape := v.Shape
	if len(shape) > 2 && shape[0] == 1 {
		shape = shape[1:]
	}
	switch len(shape) {
	case 2:
		l = mapLayout{height: shape[0], width: shape[1], classes: 1}
	case 3:
		l = mapLayout{height: shape[0], width: shape[1], classes: shape[2]}
		if !isLike(p, shape[0], shape[1]) && isLike(p, shape[1], shape[2]) {
			l = mapLayout{classes: shape[0], height: shape[1], width: shape[2], channelsFirst: true}
		}
	}
	if _, ok := elements(v.Shape); !ok || isVector(v.Shape) || l.width < 1 || l.height < 1 || l.classes < 1 || l.classes > maxClasses {
		return l, fmt.Errorf("%w: output %q is %v %v, one that segments has a map of classes, such as [1 height width] or [1 height width classes]", ErrModel, v.Name, v.Type, v.Shape)
	}
	if p.Width > 0 && p.Height > 0 && !isLike(p, l.height, l.width) {
		return l, fmt.Errorf("%w: output %q of shape %v has not the proportions of the input, %d×%d pixels, which a map of classes has", ErrModel, v.Name, v.Shape, p.Width, p.Height)
	}
	return l, nil
}

// isLike reports whether a map has the proportions of the input, but for a row or column.
func isLike(p Placement, height, width int) bool {
	return math.Abs(float64(height)*float64(p.Width)-float64(width)*float64(p.Height)) <= float64(max(p.Width, p.Height))
}

// shown is the part of the map that shows the picture. It has at least one place.
func (l mapLayout) shown(p Placement) image.Rectangle {
	x0, x1 := shownAlong(p.Area.Min.X, p.Area.Max.X, p.Width, l.width)
	y0, y1 := shownAlong(p.Area.Min.Y, p.Area.Max.Y, p.Height, l.height)
	return image.Rect(x0, y0, x1, y1)
}

func shownAlong(first, end, of, n int) (int, int) {
	at := func(x int) int { return int(math.Round(float64(x) * float64(n) / float64(of))) }
	from := min(max(at(first), 0), n-1)
	return from, min(max(at(end), from+1), n)
}

// at is the position of the value for class 0.
func (l mapLayout) at(x, y int) int {
	if l.channelsFirst {
		return y*l.width + x
	}
	return (y*l.width + x) * l.classes
}

// step is the distance between the values of two classes.
func (l mapLayout) step() int {
	if l.channelsFirst {
		return l.width * l.height
	}
	return 1
}

// each calls f with the position of each place of a part, row by row.
func (l mapLayout) each(part image.Rectangle, f func(k, at int)) {
	k := 0
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			f(k, l.at(x, y))
			k++
		}
	}
}

// holdsMask reports whether one number for each place is how sure the model is, and not a
// class. Integers without a scale, or with a scale of 1, are classes.
func holdsMask(v tflite.Value) bool {
	switch v.Type {
	case tflite.TypeFloat32, tflite.TypeFloat16, tflite.TypeFloat64, tflite.TypeBFloat16:
		return true
	}
	return v.Quantization.Quantized() && v.Quantization.Scale != 1
}

func (l mapLayout) mask(v tflite.Value, part image.Rectangle, threshold float32, ids []uint16) error {
	x, err := realNumbers(v)
	if err != nil {
		return err
	}
	l.each(part, func(k, at int) {
		if x[at] >= threshold {
			ids[k] = 1
		}
	})
	return nil
}

// best fills in the class with the greatest number. Integers of one scale are compared as
// they are.
func (l mapLayout) best(v tflite.Value, part image.Rectangle, ids []uint16) error {
	n := l.width * l.height * l.classes
	if !v.Quantization.PerChannel() {
		switch x := v.Data.(type) {
		case []uint8:
			return argmax(l, v, x, n, part, ids)
		case []int8:
			return argmax(l, v, x, n, part, ids)
		case []int16:
			return argmax(l, v, x, n, part, ids)
		case []int32:
			return argmax(l, v, x, n, part, ids)
		}
	}
	x, err := realNumbers(v)
	if err != nil {
		return err
	}
	return argmax(l, v, x, n, part, ids)
}

func argmax[T uint8 | int8 | int16 | int32 | float32](l mapLayout, v tflite.Value, x []T, n int, part image.Rectangle, ids []uint16) error {
	if len(x) != n {
		return fmt.Errorf("output %q has %d values, its shape is %v: %w", v.Name, len(x), v.Shape, ErrSize)
	}
	step := l.step()
	l.each(part, func(k, at int) {
		best, most := 0, x[at]
		for class := 1; class < l.classes; class++ {
			if q := x[at+class*step]; q > most || most != most { //nolint:gocritic // not a number
				best, most = class, q
			}
		}
		ids[k] = uint16(best)
	})
	return nil
}

// ids copies a map of classes.
func (l mapLayout) ids(v tflite.Value, part image.Rectangle, ids []uint16) error {
	switch x := v.Data.(type) {
	case []uint8:
		return copyIDs(l, v, x, part, ids)
	case []int8:
		return copyIDs(l, v, x, part, ids)
	case []int16:
		return copyIDs(l, v, x, part, ids)
	case []uint16:
		return copyIDs(l, v, x, part, ids)
	case []int32:
		return copyIDs(l, v, x, part, ids)
	case []uint32:
		return copyIDs(l, v, x, part, ids)
	case []int64:
		return copyIDs(l, v, x, part, ids)
	case []uint64:
		return copyIDs(l, v, x, part, ids)
	}
	return fmt.Errorf("%w: output %q is %v %v, a map of classes holds integers", ErrModel, v.Name, v.Type, v.Shape)
}

func copyIDs[T uint8 | int8 | int16 | uint16 | int32 | uint32 | int64 | uint64](l mapLayout, v tflite.Value, x []T, part image.Rectangle, ids []uint16) (err error) {
	if len(x) != l.width*l.height {
		return fmt.Errorf("output %q has %d values, its shape is %v: %w", v.Name, len(x), v.Shape, ErrSize)
	}
	l.each(part, func(k, at int) {
		ids[k] = uint16(x[at])
		if T(ids[k]) != x[at] || x[at] < 0 {
			err = fmt.Errorf("%w: output %q has class %d, classes go from 0 to %d", ErrModel, v.Name, x[at], maxClasses-1)
		}
	})
	return err
}

// shares counts the classes.
func (m ClassMap) shares(labels Labels) []ClassShare {
	var count []int
	for _, id := range m.IDs {
		if int(id) >= len(count) {
			count = append(count, make([]int, int(id)+1-len(count))...)
		}
		count[id]++
	}
	shares := []ClassShare{}
	for id, n := range count {
		if n > 0 {
			name, _ := labels.Name(id)
			shares = append(shares, ClassShare{ID: id, Label: name, Fraction: float32(n) / float32(len(m.IDs))})
		}
	}
	slices.SortStableFunc(shares, func(a, b ClassShare) int { return cmp.Compare(b.Fraction, a.Fraction) })
	return shares
}
