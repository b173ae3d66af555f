package track

import (
	"fmt"
	"math"
)

// Point is a place in a picture, in pixels from its upper left corner.
type Point struct {
	X float32 `json:"x"`
	Y float32 `json:"y"`
}

// Zone is a part of the picture. Its border belongs to it.
type Zone struct {
	Name string `json:"name"`
	// Polygon has the corners, three or more, in the order of the outline. The last is
	// joined to the first.
	Polygon []Point `json:"polygon"`
}

// Line is a straight line between two places.
type Line struct {
	Name string `json:"name"`
	From Point  `json:"from"`
	To   Point  `json:"to"`
}

func (p Point) finite() bool { return finite(p.X) && finite(p.Y) }

func finite(x float32) bool { return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0) }

func (z Zone) check() error {
	if len(z.Polygon) < 3 {
		return fmt.Errorf("zone %q has %d corners, it needs 3 at least: %w", z.Name, len(z.Polygon), ErrSize)
	}
	for _, p := range z.Polygon {
		if !p.finite() {
			return fmt.Errorf("zone %q has a corner at %v, %v: %w", z.Name, p.X, p.Y, ErrRange)
		}
	}
	return nil
}

func (l Line) check() error {
	switch {
	case !l.From.finite() || !l.To.finite():
		return fmt.Errorf("line %q goes from %v, %v to %v, %v: %w", l.Name, l.From.X, l.From.Y, l.To.X, l.To.Y, ErrRange)
	case l.From == l.To:
		return fmt.Errorf("line %q has no length, both ends are %v, %v: %w", l.Name, l.From.X, l.From.Y, ErrSize)
	}
	return nil
}

// contains counts how often a ray to the right crosses the outline.
func (z Zone) contains(p Point) bool {
	inside := false
	for k, a := range z.Polygon {
		b := z.Polygon[(k+1)%len(z.Polygon)]
		s := side(a, b, p)
		if s == 0 && between(a, b, p) {
			return true
		}
		if (a.Y > p.Y) != (b.Y > p.Y) && (s > 0) == (a.Y > b.Y) {
			inside = !inside
		}
	}
	return inside
}

// between reports whether p, on the line through a and b, lies between them.
func between(a, b, p Point) bool {
	return min(a.X, b.X) <= p.X && p.X <= max(a.X, b.X) && min(a.Y, b.Y) <= p.Y && p.Y <= max(a.Y, b.Y)
}

// side is above 0 if p is to the right of the way from a to b, below 0 if it is to the left
// and 0 if it is on the line. Y grows downwards.
func side(a, b, p Point) float64 {
	return (float64(b.X)-float64(a.X))*(float64(p.Y)-float64(a.Y)) - (float64(b.Y)-float64(a.Y))*(float64(p.X)-float64(a.X))
}

// passed reports whether the way from p to q, which are on different sides of the line,
// goes between its ends.
func (l Line) passed(p, q Point) bool {
	return side(p, q, l.From)*side(p, q, l.To) <= 0
}
