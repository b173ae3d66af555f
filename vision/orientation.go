package vision

import (
	"image"
	"image/color"
)

// orientation is how a picture must be turned to be upright, with the numbers of the
// EXIF tag of that name: 1 not at all, 2 mirrored, 3 by half a turn, 4 upside down,
// 5 along its main diagonal, 6 by a quarter turn clockwise, 7 along its other
// diagonal, 8 by a quarter turn counter-clockwise.
type orientation uint8

const upright orientation = 1

// swaps reports whether width and height change places.
func (o orientation) swaps() bool { return o >= 5 }

// size turns a width and height.
func (o orientation) size(w, h int) (int, int) {
	if o.swaps() {
		return h, w
	}
	return w, h
}

// source returns which pixel of a picture of w by h is at x, y when it is upright.
func (o orientation) source(x, y, w, h int) (int, int) {
	if o.swaps() {
		x, y = y, x
	}
	if o == 2 || o == 3 || o == 7 || o == 8 {
		x = w - 1 - x
	}
	if o == 3 || o == 4 || o == 6 || o == 7 {
		y = h - 1 - y
	}
	return x, y
}

// inverse turns an upright picture so that it lies as it did.
func (o orientation) inverse() orientation {
	switch o {
	case 6:
		return 8
	case 8:
		return 6
	}
	return o
}

// lying is where a part of the upright picture is in one of w by h pixels as it lies.
func (o orientation) lying(part image.Rectangle, w, h int) image.Rectangle {
	x0, y0 := o.source(part.Min.X, part.Min.Y, w, h)
	x1, y1 := o.source(part.Max.X-1, part.Max.Y-1, w, h)
	return image.Rect(min(x0, x1), min(y0, y1), max(x0, x1)+1, max(y0, y1)+1)
}

// turned returns img as an image that is upright.
func (o orientation) turned(img image.Image) image.Image {
	if o == upright {
		return img
	}
	return &turnedImage{img, o}
}

// turnedImage shows another image upright. A copy would double the memory, and most
// users want a small version of the picture, which is turned on its way into a tensor.
type turnedImage struct {
	image.Image
	o orientation
}

// Bounds has its origin at 0, 0, whatever that of the picture.
func (t *turnedImage) Bounds() image.Rectangle {
	w, h := t.o.size(t.Image.Bounds().Dx(), t.Image.Bounds().Dy())
	return image.Rect(0, 0, w, h)
}

// At is a pixel of the turned picture.
func (t *turnedImage) At(x, y int) color.Color { return t.Image.At(t.source(x, y)) }

// RGBA64At spares package draw an allocation for each pixel.
func (t *turnedImage) RGBA64At(x, y int) color.RGBA64 {
	x, y = t.source(x, y)
	if img, ok := t.Image.(image.RGBA64Image); ok {
		return img.RGBA64At(x, y)
	}
	r, g, b, a := t.Image.At(x, y).RGBA()
	return color.RGBA64{R: uint16(r), G: uint16(g), B: uint16(b), A: uint16(a)}
}

func (t *turnedImage) source(x, y int) (int, int) {
	b := t.Image.Bounds()
	x, y = t.o.source(x, y, b.Dx(), b.Dy())
	return x + b.Min.X, y + b.Min.Y
}
