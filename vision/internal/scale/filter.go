package scale

import "math"

// Filter says which samples make one of the result, and with which weights.
type Filter uint8

// The filters, which package vision describes.
const (
	Lanczos Filter = iota
	Bilinear
	Area
	Linear
)

// weigher computes the weights of samples for one of the result after the other.
type weigher struct {
	filter  Filter
	span    Span
	step    float64 // samples of the input for one of the result
	weights []float64
}

// at returns the number of the first sample that counts for number k of the result, and the
// weights of it and those after it. Their sum is 1. They are good until the next call.
func (w *weigher) at(k int) (first int, weights []float64) {
	low, centre := w.span.From+float64(k)*w.step, w.span.From+(float64(k)+0.5)*w.step
	w.weights = w.weights[:0]
	switch {
	case w.filter == Linear:
		return w.neighbours(centre - 0.5)
	case w.filter == Lanczos:
		first = w.kernel(centre, lanczosSupport, lanczos)
	case w.filter == Area && w.step > 1: // its blocks would show in a larger picture
		first = w.overlaps(low, w.span.From+float64(k+1)*w.step)
	default:
		first = w.kernel(centre, 1, triangle)
	}
	total := 0.0
	for _, weight := range w.weights {
		total += weight
	}
	for j := range w.weights {
		w.weights[j] /= total
	}
	return first, w.weights
}

// kernel weighs the samples around centre, as Pillow does: shrinking, it takes in as many
// samples as it skips.
func (w *weigher) kernel(centre, support float64, f func(float64) float64) int {
	wide := max(w.step, 1)
	reach := support * wide
	first, last := max(int(centre-reach+0.5), 0), min(int(centre+reach+0.5), w.span.N)
	for x := first; x < last; x++ {
		w.weights = append(w.weights, f((float64(x)+0.5-centre)/wide))
	}
	return first
}

// overlaps weighs samples by what lies between two positions of each.
func (w *weigher) overlaps(low, high float64) int {
	first, last := max(int(low), 0), min(int(math.Ceil(high)), w.span.N)
	first = min(first, w.span.N-1)
	for x := first; x < max(last, first+1); x++ {
		w.weights = append(w.weights, max(min(high, float64(x+1))-max(low, float64(x)), 1e-9))
	}
	return first
}

// neighbours weighs the two samples on both sides of a position, where sample k is at k.
// Beyond the first and the last there is no change.
func (w *weigher) neighbours(at float64) (int, []float64) {
	at = min(max(at, 0), float64(w.span.N-1))
	first := min(int(at), max(w.span.N-2, 0))
	w.weights = append(w.weights, 1-(at-float64(first)), at-float64(first))
	return first, w.weights
}

// lanczosSupport is how far the kernel reaches to either side, in samples of the input or
// the output, whichever are coarser.
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

func triangle(x float64) float64 { return max(1-math.Abs(x), 0) }
