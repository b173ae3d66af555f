package vision

import (
	"encoding/json"
	"fmt"
)

// Box is a rectangle in a picture, in pixels from its upper left corner. Edges may lie
// between pixels, and outside of the picture. Its JSON is [xmin, ymin, xmax, ymax].
//
// The methods compute what pycoral's BBox of the same names does.
type Box struct{ XMin, YMin, XMax, YMax float32 }

// Width is the length of the horizontal edges, negative for a box that is not [Box.Valid].
func (b Box) Width() float32 { return b.XMax - b.XMin }

// Height is the length of the vertical edges.
func (b Box) Height() float32 { return b.YMax - b.YMin }

// Area is the product of width and height.
func (b Box) Area() float32 { return b.Width() * b.Height() }

// Valid reports whether neither width nor height is negative.
func (b Box) Valid() bool { return b.XMax >= b.XMin && b.YMax >= b.YMin }

// Scale multiplies all coordinates.
func (b Box) Scale(sx, sy float32) Box {
	return Box{b.XMin * sx, b.YMin * sy, b.XMax * sx, b.YMax * sy}
}

// Translate moves the box.
func (b Box) Translate(dx, dy float32) Box {
	return Box{b.XMin + dx, b.YMin + dy, b.XMax + dx, b.YMax + dy}
}

// Map applies f to each coordinate. A nil one changes nothing.
func (b Box) Map(f func(float32) float32) Box {
	if f == nil {
		return b
	}
	return Box{f(b.XMin), f(b.YMin), f(b.XMax), f(b.YMax)}
}

// Intersect is what both boxes cover. It is not Valid if that is nothing.
func (b Box) Intersect(c Box) Box {
	return Box{max(b.XMin, c.XMin), max(b.YMin, c.YMin), min(b.XMax, c.XMax), min(b.YMax, c.YMax)}
}

// Union is the smallest box that holds both.
func (b Box) Union(c Box) Box {
	return Box{min(b.XMin, c.XMin), min(b.YMin, c.YMin), max(b.XMax, c.XMax), max(b.YMax, c.YMax)}
}

// IoU is the area that both boxes share, as a part of that which they cover together: from 0
// to 1, and 0 for boxes without area, for which pycoral divides by zero.
func (b Box) IoU(c Box) float32 {
	shared := b.Intersect(c)
	if !shared.Valid() {
		return 0
	}
	covered := b.Area() + c.Area() - shared.Area()
	if !(covered > 0) {
		return 0
	}
	return shared.Area() / covered
}

// MarshalJSON writes [xmin, ymin, xmax, ymax].
func (b Box) MarshalJSON() ([]byte, error) {
	return json.Marshal([...]float32{b.XMin, b.YMin, b.XMax, b.YMax})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (b *Box) UnmarshalJSON(data []byte) error {
	var edges []float32
	if err := json.Unmarshal(data, &edges); err != nil {
		return err
	}
	if len(edges) != 4 {
		return fmt.Errorf("a box of %d numbers, it has 4: xmin, ymin, xmax, ymax: %w", len(edges), ErrSize)
	}
	*b = Box{edges[0], edges[1], edges[2], edges[3]}
	return nil
}

// Box returns the box in the picture of one in the input, whose coordinates go from 0 to 1.
func (p Placement) Box(b Box) Box {
	xmin, ymin := p.Point(b.XMin, b.YMin)
	xmax, ymax := p.Point(b.XMax, b.YMax)
	return Box{xmin, ymin, xmax, ymax}
}

// clamped cuts off what lies outside of the part of the picture that the model saw.
func (p Placement) clamped(b Box) Box {
	x := func(v float32) float32 { return min(max(v, float32(p.Crop.Min.X)), float32(p.Crop.Max.X)) }
	y := func(v float32) float32 { return min(max(v, float32(p.Crop.Min.Y)), float32(p.Crop.Max.Y)) }
	return Box{x(b.XMin), y(b.YMin), x(b.XMax), y(b.YMax)}
}
