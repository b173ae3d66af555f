package annotate

import (
	"image"
	"image/color"
	"image/draw"
	"math"
)

// point is a place on the canvas, in pixels.
type point struct{ x, y float64 }

func (p point) finite() bool {
	return !math.IsNaN(p.x-p.x) && !math.IsNaN(p.y-p.y) // Inf - Inf is not a number
}

// paint fills a rectangle whose edges are those of pixels.
func (c *Canvas) paint(r image.Rectangle, with color.RGBA) {
	draw.Draw(c.pixels, r, image.NewUniform(with), image.Point{}, draw.Over)
}

// frame draws the edges of a rectangle, of that width and inside of it.
func (c *Canvas) frame(r image.Rectangle, width int, with color.RGBA) {
	top, bottom := min(r.Min.Y+width, r.Max.Y), max(r.Max.Y-width, r.Min.Y+width)
	left, right := min(r.Min.X+width, r.Max.X), max(r.Max.X-width, r.Min.X+width)
	c.paint(image.Rect(r.Min.X, r.Min.Y, r.Max.X, top), with)
	if bottom < r.Max.Y {
		c.paint(image.Rect(r.Min.X, bottom, r.Max.X, r.Max.Y), with)
	}
	if top >= bottom {
		return
	}
	c.paint(image.Rect(r.Min.X, top, left, bottom), with)
	if right < r.Max.X {
		c.paint(image.Rect(right, top, r.Max.X, bottom), with)
	}
}

// fill paints a polygon. What lies outside of the canvas is cut off before it costs
// anything.
func (c *Canvas) fill(polygon []point, with color.RGBA) {
	for _, p := range polygon {
		if !p.finite() {
			return
		}
	}
	polygon = cut(polygon, c.pixels.Rect)
	if len(polygon) < 3 {
		return
	}
	low, high := polygon[0], polygon[0]
	for _, p := range polygon {
		low = point{min(low.x, p.x), min(low.y, p.y)}
		high = point{max(high.x, p.x), max(high.y, p.y)}
	}
	r := image.Rect(int(math.Floor(low.x)), int(math.Floor(low.y)), int(math.Ceil(high.x)), int(math.Ceil(high.y)))
	c.raster.Reset(r.Dx(), r.Dy())
	c.raster.DrawOp = draw.Over
	for k, p := range polygon {
		x, y := float32(p.x-float64(r.Min.X)), float32(p.y-float64(r.Min.Y))
		if k == 0 {
			c.raster.MoveTo(x, y)
		} else {
			c.raster.LineTo(x, y)
		}
	}
	c.raster.ClosePath()
	c.raster.Draw(c.pixels, r, image.NewUniform(with), image.Point{})
}

// cut returns the part of a polygon that lies in a rectangle, side by side (Sutherland and
// Hodgman).
func cut(polygon []point, r image.Rectangle) []point {
	for _, depth := range []func(point) float64{
		func(p point) float64 { return p.x - float64(r.Min.X) },
		func(p point) float64 { return float64(r.Max.X) - p.x },
		func(p point) float64 { return p.y - float64(r.Min.Y) },
		func(p point) float64 { return float64(r.Max.Y) - p.y },
	} {
		var in []point
		for k, p := range polygon {
			q := polygon[(k+1)%len(polygon)]
			dp, dq := depth(p), depth(q)
			if dp >= 0 {
				in = append(in, p)
			}
			if (dp >= 0) != (dq >= 0) {
				f := dp / (dp - dq)
				in = append(in, point{p.x + f*(q.x-p.x), p.y + f*(q.y-p.y)})
			}
		}
		polygon = in
	}
	// Rounding may leave a point a little outside.
	for k, p := range polygon {
		polygon[k] = point{
			min(max(p.x, float64(r.Min.X)), float64(r.Max.X)),
			min(max(p.y, float64(r.Min.Y)), float64(r.Max.Y)),
		}
	}
	return polygon
}

// corners is how many corners a circle is drawn with.
const corners = 32

func (c *Canvas) disc(at point, radius float64, with color.RGBA) {
	c.fill(arc(nil, at, radius, 0, corners), with)
}

// line draws a straight line with round ends.
func (c *Canvas) line(a, b point, width float64, with color.RGBA) {
	along := math.Atan2(b.y-a.y, b.x-a.x)
	outline := arc(nil, b, width/2, along-math.Pi/2, corners/2)
	c.fill(arc(outline, a, width/2, along+math.Pi/2, corners/2), with)
}

// arc adds points of a circle, clockwise from an angle, and one more than steps.
func arc(to []point, at point, radius, from float64, steps int) []point {
	for k := range steps + 1 {
		sin, cos := math.Sincos(from + 2*math.Pi*float64(k)/corners)
		to = append(to, point{at.x + radius*cos, at.y + radius*sin})
	}
	return to
}

// outlined draws twice: wider and dark, then as it is.
func outlined(draw func(wider float64, with color.RGBA), by float64, with color.RGBA) {
	draw(2*by, dark)
	draw(0, with)
}
