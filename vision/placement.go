package vision

import (
	"fmt"
	"image"
)

// Placement tells where a picture lies in a model's input, and so what a place in the
// model's coordinates is in the picture's. Pixels of the picture are counted from its upper
// left corner, whatever its bounds are.
type Placement struct {
	// Picture is the size of the whole picture, in pixels.
	Picture image.Point
	// Crop is the part of the picture that the input shows, in pixels of the picture.
	Crop image.Rectangle
	// Width and Height are those of the input, in pixels.
	Width, Height int
	// Area is where that part lies, in pixels of the input.
	Area image.Rectangle
}

// Point returns the place in the picture, in its pixels, of a place in the input. x and y go
// from 0 at the left and upper edge of the input to 1 at the right and lower edge. What lies
// in the filled margin is outside of the picture.
func (p Placement) Point(x, y float32) (px, py float32) {
	px = along(x*float32(p.Width), p.Area.Min.X, p.Area.Dx(), p.Crop.Min.X, p.Crop.Dx())
	py = along(y*float32(p.Height), p.Area.Min.Y, p.Area.Dy(), p.Crop.Min.Y, p.Crop.Dy())
	return px, py
}

// along maps a position in the input to one in the picture, along one direction.
func along(at float32, areaMin, area, cropMin, crop int) float32 {
	if area == 0 {
		return float32(cropMin)
	}
	return float32(cropMin) + (at-float32(areaMin))*float32(crop)/float32(area)
}

// check makes sure that there is something to map from and to.
func (p Placement) check() error {
	if p.Width < 1 || p.Height < 1 || p.Area.Empty() || p.Crop.Empty() {
		return fmt.Errorf("the result does not say where its picture lies, Placement is %+v: %w", p, ErrSize)
	}
	return nil
}

// fraction is the place in the whole picture of one in the input, both from 0 to 1. What
// lies outside of the picture is moved to its edge.
func (p Placement) fraction(x, y float32) (fx, fy float32) {
	size := p.Picture
	if size.X < 1 || size.Y < 1 { // of a Placement made by hand
		size = p.Crop.Max
	}
	px, py := p.Point(x, y)
	return min(max(px/float32(max(size.X, 1)), 0), 1), min(max(py/float32(max(size.Y, 1)), 0), 1)
}
