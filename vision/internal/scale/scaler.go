package scale

import "slices"

// Scaler brings pictures to other sizes, one at a time. Its zero value is ready; it keeps
// memory and tables of weights for the next picture.
type Scaler struct {
	tables tables
	planes [3]planeScaler
	count  int
}

// planeScaler scales the channels of one plane. Which engine does it is fixed by begin.
type planeScaler struct {
	engine       engine
	rowsFirst    rowsFirst
	columnsFirst columnsFirst
	points       points
	channels     int
}

// engine computes rows of the result, which must be asked for in order. They are good until
// the next row is asked for, and the caller may change them.
type engine interface {
	row(y int) [3][]uint8
	// release forgets the picture.
	release()
}

// Begin gets ready to scale a picture to w by h samples, all of which must be at least 1. The
// picture must not change until End.
//
// Where memory is smaller than the description of a plane says, Begin or Row panics.
func (s *Scaler) Begin(p *Picture, w, h int, f Filter) {
	s.count = p.Count
	for k := range p.Count {
		s.planes[k].begin(&s.tables, &p.Planes[k], w, h, f)
	}
}

// Row returns the channels of row y, which counts up from 0 to h-1 from call to call. They
// are the Scaler's memory, good until the next call, and the caller may change them.
func (s *Scaler) Row(y int) (channels [3][]uint8) {
	filled := 0
	for k := range s.count {
		own := s.planes[k].engine.row(y)
		filled += copy(channels[filled:], own[:s.planes[k].channels])
	}
	return channels
}

// End lets go of the picture.
func (s *Scaler) End() {
	for k := range s.count {
		s.planes[k].engine.release()
	}
	s.count = 0
}

func (s *planeScaler) begin(t *tables, p *Plane, w, h int, f Filter) {
	s.channels = p.Channels
	switch {
	case f == Linear && p.Row == nil:
		s.points.begin(t, p, w, h)
		s.engine = &s.points
	case f == Lanczos || p.Row != nil || p.width() < wordSize:
		s.rowsFirst.begin(t, p, w, h, f)
		s.engine = &s.rowsFirst
	default:
		s.columnsFirst.begin(t, p, w, h, f)
		s.engine = &s.columnsFirst
	}
}

// sized returns memory for n elements, that of s if it is large enough.
func sized[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }
