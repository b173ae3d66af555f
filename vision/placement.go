package vision

import "image"

// Placement tells where a picture lies in a model's input, and so what a place in the
// model's coordinates is in the picture's. Pixels of the picture are counted from its upper
// left corner, whatever its bounds are.
type Placement struct {
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
