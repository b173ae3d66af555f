package track

// inZone is what is known of an object and a zone.
type inZone struct {
	inside bool
	// other counts the frames since the object has been on the other side of the border.
	other int
}

// move reports whether the object has come in or gone out.
func (w *inZone) move(inside bool, inertia int) bool {
	if inside == w.inside {
		w.other = 0
		return false
	}
	if w.other++; w.other < inertia {
		return false
	}
	*w = inZone{inside: inside}
	return true
}

// atLine is what is known of an object and a line.
type atLine struct {
	side float64 // 0: it was on the line ever since
	last Point   // where it was last on that side
	// other counts the frames since the object has been on the other side, where first was
	// its place.
	other int
	first Point
}

// move reports whether the object has crossed the line, and to which side.
func (w *atLine) move(l Line, p Point, inertia int) (Direction, bool) {
	s := side(l.From, l.To, p)
	if s == 0 {
		return "", false
	}
	if w.side == 0 || (s > 0) == (w.side > 0) {
		*w = atLine{side: s, last: p}
		return "", false
	}
	if w.other++; w.other == 1 {
		w.first = p
	}
	if w.other < inertia {
		return "", false
	}
	crossed := l.passed(w.last, w.first)
	*w = atLine{side: s, last: p}
	if s > 0 {
		return ToRight, crossed
	}
	return ToLeft, crossed
}
