package vision

import "math"

// The resampler does what resize with LANCZOS does in Pillow 9.5, of the time of pycoral,
// whose examples feed that to models, bit by bit: two passes, first along the rows, then
// along the columns, in fixed-point numbers, rounded to 8 bits in between. Later versions
// (13.0) may take the columns first where that is less work; a pixel can then differ by
// what the rounding in between makes of it.
//
// Package golang.org/x/image/draw has no Lanczos kernel, takes 32 bytes for each
// source row and destination column where this takes 3, and computes in float64
// (BenchmarkResize compares).

const (
	fraction = 22 // bits after the point of a weight: 8+22 and the sum's overshoot fit into 31
	half     = 1 << (fraction - 1)
)

// lanczosSupport is how far the kernel reaches to either side, in samples of the input
// or the output, whichever are coarser.
const lanczosSupport = 3

// lanczos is the sinc function, windowed by the main lobe of one that is thrice as wide.
func lanczos(x float64) float64 {
	if x == 0 {
		return 1
	}
	if math.Abs(x) >= lanczosSupport {
		return 0
	}
	return sinc(x) * sinc(x/lanczosSupport)
}

func sinc(x float64) float64 {
	x *= math.Pi
	return math.Sin(x) / x
}

// taps are the weights of consecutive input samples, the first one being number
// first, whose sum is one output sample.
type taps struct {
	first   int
	weights []int32
}

// newTaps computes the weights for n output samples that cover the positions from to
// to of an input of in samples, sample k of which reaches from k to k+1.
func newTaps(n, in int, from, to float64) []taps {
	step := (to - from) / float64(n)
	wide := max(step, 1) // shrinking takes in as many samples as it skips
	reach := lanczosSupport * wide
	all := make([]taps, n)
	exact := make([]float64, 0, int(2*reach)+2)
	rounded := make([]int32, 0, n*cap(exact))
	for k := range all {
		centre := from + (float64(k)+0.5)*step
		first, last := max(int(centre-reach+0.5), 0), min(int(centre+reach+0.5), in)
		total := 0.0
		exact = exact[:0]
		for x := first; x < last; x++ {
			weight := lanczos((float64(x) + 0.5 - centre) / wide)
			exact = append(exact, weight)
			total += weight
		}
		start := len(rounded)
		for _, weight := range exact {
			rounded = append(rounded, int32(math.Round(weight/total*(1<<fraction))))
		}
		all[k] = taps{first, rounded[start:]}.trimmed()
	}
	return all
}

// trimmed drops the zeros at both ends.
func (t taps) trimmed() taps {
	for len(t.weights) > 1 && t.weights[0] == 0 {
		t.first, t.weights = t.first+1, t.weights[1:]
	}
	for len(t.weights) > 1 && t.weights[len(t.weights)-1] == 0 {
		t.weights = t.weights[:len(t.weights)-1]
	}
	return t
}

// resample scales a picture to len(columns) by len(lines), and returns its channels one
// by one.
func resample(src scanlines, columns, lines []taps) [][]uint8 {
	w := len(columns)
	first, last := rowsOf(lines)
	planes := make([][]uint8, src.channels)
	for k := range planes {
		planes[k] = make([]uint8, 0, w*(last-first+1))
	}
	pair := make([]int64, src.width)
	for y := first; y < last; y += 2 {
		a, b := src.row(y), src.row(min(y+1, last-1)) // one too many does no harm
		for k := range planes {
			src.pair(pair, a, b, k)
			planes[k] = across(planes[k], pair, columns)
		}
	}
	for k, narrow := range planes {
		planes[k] = down(narrow, w, first, lines)
	}
	return planes
}

// rowsOf returns the range of input rows that have a weight.
func rowsOf(lines []taps) (first, last int) {
	first = lines[0].first
	for _, t := range lines {
		first, last = min(first, t.first), max(last, t.first+len(t.weights))
	}
	return first, last
}

// across scales two rows, and appends them to dst one after the other. Almost all time
// goes into it, so the rows lie in the halves of each number of pair, and one
// multiplication does for both. The sums stay apart because both fit into 32 bits.
func across(dst []uint8, pair []int64, columns []taps) []uint8 {
	w, start := len(columns), len(dst)
	dst = dst[:start+2*w]
	a, b := dst[start:][:w], dst[start+w:][:w]
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
	return dst
}

// down scales the columns of rows of w samples, the first of which is number first of
// the picture.
func down(rows []uint8, w, first int, lines []taps) []uint8 {
	out := make([]uint8, 0, w*len(lines))
	sums := make([]int32, w)
	for _, t := range lines {
		for x := range sums {
			sums[x] = half
		}
		for k, weight := range t.weights {
			row := rows[(t.first-first+k)*w:][:w]
			for x := range sums {
				sums[x] += weight * int32(row[x])
			}
		}
		for _, sum := range sums {
			out = append(out, toByte(sum))
		}
	}
	return out
}

// toByte drops the fraction; Lanczos overshoots beside sharp edges.
func toByte(sum int32) uint8 { return uint8(min(max(sum>>fraction, 0), 255)) }
