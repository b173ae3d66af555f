package vision

import (
	"image"
	"sync"

	"github.com/gocoral/coral/vision/internal/scale"
)

// showing is a picture on its way into a tensor.
type showing struct {
	scaler   scale.Scaler
	picture  scale.Picture
	channels channels
	h        int // rows that it is scaled to, as it lies in memory

	size inputSize
	area image.Rectangle // where it comes to lie in the input
	fill uint8           // what lies around it
	// order tells which channel of the picture is number k of the input.
	order [3]int
	// first is the place of the first pixel in the tensor, channel 0; the next pixel of the
	// row is dx further on, the next row dy, the next channel dc.
	first, dx, dy, dc int
}

// showings are kept for the memory and the tables that they have.
var showings = sync.Pool{New: func() any { return new(showing) }}

// begin gets a picture ready.
func (s *showing) begin(in *Input, img image.Image, p Placement) {
	o := upright
	if t, ok := img.(*turnedImage); ok {
		img, o = t.Image, t.o
	}
	s.size, s.area, s.fill = in.size, p.Area, in.c.fill
	s.order = [3]int{0, 1, 2}
	if in.c.bgr {
		s.order = [3]int{2, 1, 0}
	}
	if in.size.c == 1 {
		s.order = [3]int{}
	}
	s.turn(o)
	// It is scaled as it lies, and turned on its way into the tensor.
	w, h := o.size(p.Area.Dx(), p.Area.Dy())
	size := img.Bounds().Size()
	s.h = h
	s.channels = planesOf(&s.picture, img, o.lying(p.Crop, size.X, size.Y), in.size.c)
	s.scaler.Begin(&s.picture, w, h, engines[in.filter])
}

// turn finds where the pixels of a picture that lies turned go.
func (s *showing) turn(o orientation) {
	dx, dy, dc := s.size.steps()
	place := func(x, y int) int {
		x, y = o.inverse().source(x, y, s.area.Dx(), s.area.Dy())
		return (s.area.Min.X+x)*dx + (s.area.Min.Y+y)*dy
	}
	s.first, s.dc = place(0, 0), dc
	s.dx, s.dy = place(1, 0)-s.first, place(0, 1)-s.first
}

// row is the next one of the scaled picture in the input's colours.
func (s *showing) row(y int) [3][]uint8 {
	row := s.scaler.Row(y)
	s.channels.convert(&row, s.size.c)
	return row
}

// end lets go of the picture.
func (s *showing) end() {
	s.scaler.End()
	s.picture = scale.Picture{}
}
