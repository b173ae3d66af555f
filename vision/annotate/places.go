package annotate

import (
	"image"
	"image/color"
	"math"

	"github.com/gocoral/coral/vision/track"
)

// Zones draws the outlines of zones with their names, and a light veil over them. Draw them
// before the objects, which should be in front.
func (c *Canvas) Zones(zones []track.Zone) {
	if !c.usable() {
		return
	}
	for k, z := range zones {
		colour := colourOf(-1 - k) // from the other end than objects
		polygon := make([]point, len(z.Polygon))
		for j, p := range z.Polygon {
			polygon[j] = c.place(p)
		}
		if len(polygon) == 0 {
			continue
		}
		c.fill(polygon, faded(colour, 0x40))
		outlined(func(wider float64, with color.RGBA) {
			for j, p := range polygon {
				c.line(p, polygon[(j+1)%len(polygon)], c.unit+wider, with)
			}
		}, .5*c.unit, colour)
		c.name(z.Name, polygon[0], colour)
	}
}

// Lines draws lines with their names, and at their middle an arrow to the right, as seen
// from the beginning of the line.
func (c *Canvas) Lines(lines []track.Line) {
	if !c.usable() {
		return
	}
	for k, l := range lines {
		colour := colourOf(len(palette)/2 + k)
		a, b := c.place(l.From), c.place(l.To)
		middle := point{(a.x + b.x) / 2, (a.y + b.y) / 2}
		length := math.Hypot(b.x-a.x, b.y-a.y)
		along := point{(b.x - a.x) / length, (b.y - a.y) / length}
		right := point{-along.y, along.x}
		tip := middle.plus(right, 9*c.unit)
		back := middle.plus(right, 5*c.unit)
		outlined(func(wider float64, with color.RGBA) {
			width := 2*c.unit + wider
			c.line(a, b, width, with)
			c.line(middle, tip, width, with)
			c.line(tip, back.plus(along, 4*c.unit), width, with)
			c.line(tip, back.plus(along, -4*c.unit), width, with)
		}, .75*c.unit, colour)
		c.name(l.Name, a, colour)
	}
}

func (p point) plus(direction point, length float64) point {
	return point{p.x + length*direction.x, p.y + length*direction.y}
}

// place is the place in the canvas of one in the picture.
func (c *Canvas) place(p track.Point) point {
	return point{float64(p.X) * c.zoom, float64(p.Y) * c.zoom}
}

// name writes text at a place, which may lie outside of the canvas.
func (c *Canvas) name(text string, at point, background color.RGBA) {
	if text == "" || !at.finite() {
		return
	}
	size := c.pixels.Rect.Size()
	corner := image.Pt(int(min(max(at.x, 0), float64(size.X))), int(min(max(at.y, 0), float64(size.Y))))
	c.labels = append(c.labels, label{image.Rectangle{corner, corner}, text, "", background})
}
