package scale

// points takes for each sample of the result the four around its place, and no other.
type points struct {
	plane          Plane
	lines, columns *table
	out            [3][]uint8
}

func (s *points) begin(t *tables, p *Plane, w, h int) {
	s.plane = *p
	s.lines, s.columns = t.get(p.Y, h, Linear, pairs), t.get(p.X, w, Linear, pairs)
	for k := range p.Channels {
		s.out[k] = sized(s.out[k], w)
	}
}

func (s *points) release() { s.plane = Plane{} }

func (s *points) row(y int) [3][]uint8 {
	p := &s.plane
	line := &s.lines.taps[y]
	upper := p.row(line.first)
	lower := p.row(min(line.first+1, p.Y.N-1))
	wu, wl := uint32(line.weights[0]), uint32(line.weights[1])
	// In a picture of one column the right neighbour is the pixel itself.
	right := p.Step * min(p.X.N-1, 1)
	for k := range p.Channels {
		out := s.out[k]
		for x := range out {
			t := &s.columns.taps[x]
			i := t.first*p.Step + p.Offsets[k]
			wi, wj := uint32(t.weights[0]), uint32(t.weights[1])
			u := uint32(upper[i])*wi + uint32(upper[i+right])*wj
			l := uint32(lower[i])*wi + uint32(lower[i+right])*wj
			out[x] = uint8((u*wu + l*wl + 1<<(2*pairBits-1)) >> (2 * pairBits))
		}
	}
	return s.out
}
