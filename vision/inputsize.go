package vision

import (
	"fmt"
	"slices"

	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// inputSize is what picture a tensor wants.
type inputSize struct {
	w, h, c int
	// planar: one channel comes after the other (NCHW), and not one pixel.
	planar bool
}

// elements is how many numbers that are.
func (s inputSize) elements() int { return s.w * s.h * s.c }

// steps are the distances between two pixels in a row, two rows, and two channels of a
// pixel.
func (s inputSize) steps() (x, y, c int) {
	if s.planar {
		return 1, s.w, s.w * s.h
	}
	return s.c, s.c * s.w, 1
}

// pictureSize tells it by the shape.
func pictureSize(t tflite.TensorInfo) (inputSize, error) {
	size, err := shapeSize(t.Name, t.Shape)
	if err == nil && slices.Contains(t.ShapeSignature, -1) && size.w == 1 && size.h == 1 {
		err = fmt.Errorf("%w: input %q leaves its size open (%v): set it with coral.WithInputShape", ErrModel, t.Name, t.ShapeSignature)
	}
	return size, err
}

// shapeSize takes channels for the last dimension if that can be, since TensorFlow has them
// there.
func shapeSize(name string, all []int) (inputSize, error) {
	shape := all
	if len(shape) == 4 && shape[0] == 1 {
		shape = shape[1:]
	}
	var s inputSize
	switch isChannels := func(n int) bool { return n == 1 || n == 3 }; {
	case len(shape) != 3:
	case isChannels(shape[2]):
		s = inputSize{w: shape[1], h: shape[0], c: shape[2]}
	case isChannels(shape[0]):
		s = inputSize{w: shape[2], h: shape[1], c: shape[0], planar: true}
	}
	if s.w < 1 || s.h < 1 {
		return inputSize{}, fmt.Errorf("%w: input %q has shape %v, a picture needs [1 height width 3] or [1 3 height width], or 1 for grey", ErrModel, name, all)
	}
	return s, nil
}

// inputNamed is the number of the model's input of that name, 0 if there is none.
func inputNamed(m *model.Model, name string) int {
	if m == nil {
		return 0
	}
	return max(slices.IndexFunc(m.Inputs(), func(t model.Tensor) bool { return t.Name == name }), 0)
}
