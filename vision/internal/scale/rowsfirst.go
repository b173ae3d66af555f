package scale

// rowsFirst does what resize of Pillow 9.5 does, of the time of pycoral, whose examples feed
// that to models, bit by bit: two passes, first along the rows, then along the columns, in
// fixed-point numbers, rounded to 8 bits in between. Later versions (13.0) may take the
// columns first where that is less work; a pixel can then differ by what the rounding in
// between makes of it.
//
// Package golang.org/x/image/draw has no Lanczos kernel, takes 32 bytes for each source row
// and destination column where this takes 3, and computes in float64.
type rowsFirst struct {
	lines  *table
	w      int
	first  int        // the row of the picture that is the first one in narrow
	narrow [3][]uint8 // what the first pass made of each channel
	pair   []int64
	sums   []int32
	out    [3][]uint8
	n      int // channels
}

// begin does the first pass.
func (r *rowsFirst) begin(t *tables, p *Plane, w, h int, f Filter) {
	columns := t.get(p.X, w, f, rounded)
	r.lines, r.w, r.n = t.get(p.Y, h, f, rounded), w, p.Channels
	first, last := rowsOf(r.lines.taps)
	r.first = first
	for k := range r.n {
		// The rows come in pairs, so there may be one too many.
		r.narrow[k], r.out[k] = sized(r.narrow[k], w*(last-first+1)), sized(r.out[k], w)
	}
	r.pair, r.sums = sized(r.pair, p.X.N), sized(r.sums, w)
	reach := first
	for _, line := range r.lines.taps {
		// Rows without a weight are left out.
		from, to := max(line.first, reach), line.first+len(line.weights)
		for y := from; y < to; y += 2 {
			r.narrowPair(p, y, min(y+1, last-1), columns.taps)
		}
		reach = max(reach, from+(max(to-from, 0)+1)/2*2)
	}
}

// rowsOf returns the range of input rows that have a weight.
func rowsOf(lines []taps) (first, last int) {
	first = lines[0].first
	for _, t := range lines {
		first, last = min(first, t.first), max(last, t.first+len(t.weights))
	}
	return first, last
}

// narrowPair does the first pass for row y and another one, which becomes row y+1.
func (r *rowsFirst) narrowPair(p *Plane, y, other int, columns []taps) {
	a, b := p.row(y), p.row(other)
	for k := range r.n {
		join(r.pair, a[p.Offsets[k]:], b[p.Offsets[k]:], p.Step)
		rows := r.narrow[k][(y-r.first)*r.w:][:2*r.w]
		across(rows[:r.w], rows[r.w:], r.pair, columns)
	}
}

// join has the samples of two rows in one number each, those of b in the upper half.
func join(dst []int64, a, b []uint8, step int) {
	for x := range dst {
		dst[x] = int64(a[x*step]) | int64(b[x*step])<<32
	}
}

// across scales two rows. Almost all time goes into it, so the rows lie in the halves of
// each number of pair, and one multiplication does for both. The sums stay apart because
// both fit into 32 bits.
func across(a, b []uint8, pair []int64, columns []taps) {
	for x := range columns {
		t := &columns[x]
		samples := pair[t.first:][:len(t.weights)]
		sum := int64(half<<32 | half)
		for k, weight := range t.weights {
			sum += int64(weight) * samples[k]
		}
		low := int32(sum)
		a[x], b[x] = toByte(low), toByte(int32((sum-int64(low))>>32))
	}
}

// row does the second pass for one row.
func (r *rowsFirst) row(y int) [3][]uint8 {
	t := &r.lines.taps[y]
	for k := range r.n {
		for x := range r.sums {
			r.sums[x] = half
		}
		for j, weight := range t.weights {
			line := r.narrow[k][(t.first-r.first+j)*r.w:][:len(r.sums)]
			for x := range r.sums {
				r.sums[x] += weight * int32(line[x])
			}
		}
		out := r.out[k]
		for x, sum := range r.sums {
			out[x] = toByte(sum)
		}
	}
	return r.out
}

func (*rowsFirst) release() {}

// toByte drops the fraction; Lanczos overshoots beside sharp edges.
func toByte(sum int32) uint8 { return uint8(min(max(sum>>fraction, 0), 255)) }
