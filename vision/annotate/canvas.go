package annotate

import (
	"fmt"
	"image"
	"math"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/vector"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/vision"
)

// Canvas is a copy of a picture to draw on. It is not safe for concurrent use. Its methods
// do nothing on a nil or zero Canvas.
type Canvas struct {
	pixels *image.RGBA
	zoom   float64 // pixels of the canvas for one of the picture
	unit   float64 // what line widths and text are multiples of, in pixels of the canvas
	face   font.Face
	texts  []image.Rectangle // where text stands already
	labels []label           // that are still to be written
	raster vector.Rasterizer
}

const (
	// readable is the least length of a canvas's longer side, in pixels.
	readable = 640
	// unitsAcross is how many units a square canvas has from side to side.
	unitsAcross = 280
	// leastUnit is as small as text can be read, in pixels.
	leastUnit = 1.75
)

// New returns a canvas with a copy of the picture, enlarged if it is small. The errors are
// [ErrSize] for a nil or empty picture, [ErrTooLarge] and [ErrDamaged].
func New(img image.Image) (*Canvas, error) {
	c := &Canvas{zoom: 1}
	if err := c.copy(img); err != nil {
		return nil, fmt.Errorf("annotate: new: %w", err)
	}
	size := c.pixels.Rect.Size()
	c.unit = max(leastUnit, math.Sqrt(float64(size.X)*float64(size.Y))/unitsAcross)
	c.face = newFace(textSize * c.unit)
	return c, nil
}

func (c *Canvas) copy(img image.Image) (err error) {
	if errs.IsNil(img) {
		return fmt.Errorf("the picture is nil: %w", ErrSize)
	}
	b := img.Bounds()
	switch {
	case b.Empty():
		return fmt.Errorf("the picture has no pixels, its bounds are %v: %w", b, ErrSize)
	case int64(b.Dx())*int64(b.Dy()) > vision.DefaultMaxPixels || b.Dx() > vision.DefaultMaxPixels:
		return fmt.Errorf("%w: %d×%d pixels, the limit is %d: make it smaller", ErrTooLarge, b.Dx(), b.Dy(), vision.DefaultMaxPixels)
	}
	defer recovered(img, &err)
	long := max(b.Dx(), b.Dy())
	if long >= readable {
		c.pixels = image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
		draw.Draw(c.pixels, c.pixels.Rect, img, b.Min, draw.Src)
		return nil
	}
	c.zoom = readable / float64(long)
	side := func(n int) int { return max(1, int(math.Round(float64(n)*c.zoom))) }
	c.pixels = image.NewRGBA(image.Rect(0, 0, side(b.Dx()), side(b.Dy())))
	draw.CatmullRom.Scale(c.pixels, c.pixels.Rect, img, b, draw.Src, nil)
	return nil
}

// recovered makes an error of a panic: an image may be of any type, and have fewer pixels than
// its bounds say.
func recovered(img image.Image, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: the pixels of this %T cannot be read: %v", ErrDamaged, img, r)
	}
}

// Image is the picture with what was drawn so far. It shares its memory with the canvas.
// That of a nil canvas has no pixels.
func (c *Canvas) Image() *image.RGBA {
	if !c.usable() {
		return image.NewRGBA(image.Rectangle{})
	}
	c.writeLabels()
	return c.pixels
}

func (c *Canvas) usable() bool { return c != nil && c.pixels != nil }

// rect is the part of the canvas that a box covers in the picture. It reports false for one
// that has no place in it.
func (c *Canvas) rect(b vision.Box) (image.Rectangle, bool) {
	w, h := float64(c.pixels.Rect.Dx()), float64(c.pixels.Rect.Dy())
	x0, y0 := float64(b.XMin)*c.zoom, float64(b.YMin)*c.zoom
	x1, y1 := float64(b.XMax)*c.zoom, float64(b.YMax)*c.zoom
	if !(x0 <= x1 && y0 <= y1 && x0 < w && y0 < h && x1 > 0 && y1 > 0) {
		return image.Rectangle{}, false // NaN is here as well
	}
	within := func(x, side float64) int { return int(math.Round(min(max(x, 0), side))) }
	return image.Rect(within(x0, w), within(y0, h), within(x1, w), within(y1, h)), true
}

// part is the place in the canvas of one in the picture, whose coordinates go from 0 to 1.
func (c *Canvas) part(x, y float32) point {
	return point{float64(x) * float64(c.pixels.Rect.Dx()), float64(y) * float64(c.pixels.Rect.Dy())}
}
