package scale

import "encoding/binary"

// columnsFirst scales along the columns first: rows lie in memory as they are added up,
// whatever the samples in them are, so that eight bytes can be taken at a time. Every other
// byte becomes one of the four 16-bit numbers of a word, with room for weights whose sum is
// 256; the rest go into another word.
//
// Of what comes out, 16 bits for each byte of a row, two rows lie in the halves of 64-bit
// numbers, and one multiplication scales both of them along the rows.
type columnsFirst struct {
	plane          Plane
	lines, columns *table
	h              int
	upper, lower   []uint64 // the sums of all columns for two rows of the result
	group, wide    []uint64 // where a sum has several groups
	pair           []uint64 // both rows
	out            [2][3][]uint8
}

const (
	wordSize = 8
	// evenBytes are those of a word, evenNumbers its 16-bit numbers.
	evenBytes   = 0x00ff00ff00ff00ff
	evenNumbers = 0x0000ffff0000ffff
)

func (c *columnsFirst) begin(t *tables, p *Plane, w, h int, f Filter) {
	c.plane, c.h = *p, h
	c.lines, c.columns = t.get(p.Y, h, f, grouped), t.get(p.X, w, f, exact)
	width := p.width()
	words := (width + wordSize - 1) / wordSize
	c.upper, c.lower, c.pair = sized(c.upper, 2*words), sized(c.lower, 2*words), sized(c.pair, width)
	if c.lines.groups > 1 {
		c.group, c.wide = sized(c.group, 2*words), sized(c.wide, 4*words)
	}
	for k := range p.Channels {
		c.out[0][k], c.out[1][k] = sized(c.out[0][k], w), sized(c.out[1][k], w)
	}
}

func (c *columnsFirst) release() { c.plane = Plane{} }

// row computes two rows when it is asked for the first of them.
func (c *columnsFirst) row(y int) [3][]uint8 {
	if y%2 == 0 {
		c.sum(c.upper, y)
		c.sum(c.lower, min(y+1, c.h-1))
		c.spread()
		for k := range c.plane.Channels {
			c.across(k)
		}
	}
	return c.out[y%2]
}

// sum adds up all columns for row y. Of eight columns, dst has those with even numbers in
// one word, and the others in the next.
func (c *columnsFirst) sum(dst []uint64, y int) {
	groups := c.lines.taps[y*c.lines.groups:][:c.lines.groups]
	if len(groups) == 1 {
		c.addUp(dst, &groups[0])
		return
	}
	clear(c.wide)
	for k := range groups {
		c.addUp(c.group, &groups[k])
		widen(c.wide, c.group, groups[k].share)
	}
	narrow(dst, c.wide)
}

// addUp is for one group of taps.
func (c *columnsFirst) addUp(dst []uint64, t *taps) {
	clear(dst)
	for k := 0; k < len(t.weights); k += 4 {
		var rows [4][]uint8
		var weights [4]uint64
		for j := range rows {
			at := min(k+j, len(t.weights)-1)
			rows[j] = c.plane.Pix[(t.first+at)*c.plane.Stride:][:len(c.pair)]
			if k+j == at {
				weights[j] = uint64(t.weights[at])
			}
		}
		whole := len(c.pair) / wordSize
		add(dst[:2*whole], &rows, &weights, len(t.weights)-k)
		if len(dst) > 2*whole { // the last columns lie across two words
			for j := range rows {
				rows[j] = rows[j][len(c.pair)-wordSize:]
			}
			add(dst[2*whole:], &rows, &weights, len(t.weights)-k)
		}
	}
}

// add adds rows, as many as there are still, and four at most.
func add(dst []uint64, rows *[4][]uint8, weights *[4]uint64, left int) {
	if left <= 2 {
		add2(dst, rows, weights)
	} else {
		add4(dst, rows, weights)
	}
}

// add4 adds four rows, each times its weight.
func add4(dst []uint64, rows *[4][]uint8, weights *[4]uint64) {
	n := len(dst) / 2 * wordSize
	r0, r1, r2, r3 := rows[0][:n], rows[1][:n], rows[2][:n], rows[3][:n]
	w0, w1, w2, w3 := weights[0], weights[1], weights[2], weights[3]
	for x := 0; x <= n-wordSize; x += wordSize {
		a, b := binary.LittleEndian.Uint64(r0[x:]), binary.LittleEndian.Uint64(r1[x:])
		c, d := binary.LittleEndian.Uint64(r2[x:]), binary.LittleEndian.Uint64(r3[x:])
		s := dst[x/4:][:2]
		s[0] += a&evenBytes*w0 + b&evenBytes*w1 + c&evenBytes*w2 + d&evenBytes*w3
		s[1] += a>>8&evenBytes*w0 + b>>8&evenBytes*w1 + c>>8&evenBytes*w2 + d>>8&evenBytes*w3
	}
}

// add2 adds the first two rows only.
func add2(dst []uint64, rows *[4][]uint8, weights *[4]uint64) {
	n := len(dst) / 2 * wordSize
	r0, r1 := rows[0][:n], rows[1][:n]
	w0, w1 := weights[0], weights[1]
	for x := 0; x <= n-wordSize; x += wordSize {
		a, b := binary.LittleEndian.Uint64(r0[x:]), binary.LittleEndian.Uint64(r1[x:])
		s := dst[x/4:][:2]
		s[0] += a&evenBytes*w0 + b&evenBytes*w1
		s[1] += a>>8&evenBytes*w0 + b>>8&evenBytes*w1
	}
}

// widen adds a group's part of the sums to dst, in 32 bits each.
func widen(dst, group []uint64, share uint64) {
	for k, word := range group {
		s := dst[2*k:][:2]
		s[0] += word & evenNumbers * share
		s[1] += word >> 16 & evenNumbers * share
	}
}

// narrow drops the lower halves of the 32 bits.
func narrow(dst, wide []uint64) {
	for k := range dst {
		s := wide[2*k:][:2]
		dst[k] = s[0]>>16&evenNumbers | s[1]&^evenNumbers
	}
}

// spread brings the sums of both rows into the order of the columns.
func (c *columnsFirst) spread() {
	const number = 1<<16 - 1
	for k := 0; k < len(c.upper); k += 2 {
		u, l := c.upper[k:][:2], c.lower[k:][:2]
		d := c.pair[min(k*wordSize/2, len(c.pair)-wordSize):][:wordSize]
		d[0], d[1] = u[0]&number|l[0]&number<<32, u[1]&number|l[1]&number<<32
		d[2], d[3] = u[0]>>16&number|l[0]>>16&number<<32, u[1]>>16&number|l[1]>>16&number<<32
		d[4], d[5] = u[0]>>32&number|l[0]&(number<<32), u[1]>>32&number|l[1]&(number<<32)
		d[6], d[7] = u[0]>>48|l[0]>>48<<32, u[1]>>48|l[1]>>48<<32
	}
}

// across scales both rows of a channel.
func (c *columnsFirst) across(channel int) {
	step := c.plane.Step
	pair := c.pair[c.plane.Offsets[channel]:]
	upper, lower := c.out[0][channel], c.out[1][channel]
	for x := range c.columns.taps {
		t := &c.columns.taps[x]
		sum := uint64(1<<23 | 1<<23<<32) // halves
		if step == 1 {
			samples := pair[t.first:][:len(t.weights)]
			for k, w := range t.weights {
				sum += uint64(uint32(w)) * samples[k]
			}
		} else {
			at := t.first * step
			for _, w := range t.weights {
				sum += uint64(uint32(w)) * pair[at]
				at += step
			}
		}
		upper[x], lower[x] = uint8(sum>>24), uint8(sum>>56)
	}
}
