package vision

import (
	"fmt"

	"github.com/gocoral/coral/vision/internal/scale"
)

// Filter is how the pixels of a picture become those of the input: which of them count for
// one, and how much.
type Filter int

// The filters. All but Linear look at every pixel when a picture is made smaller, which keeps
// fine patterns from turning into coarse ones.
const (
	// Lanczos is that of Pillow 9.5, bit by bit, which pycoral's examples use.
	Lanczos Filter = iota
	// Bilinear is that of Pillow: weights that fall off in a straight line, over twice the
	// distance between two pixels of the input.
	Bilinear
	// Area is the mean of what lies under a pixel of the input, parts of pixels by their
	// size, as OpenCV's INTER_AREA. Along a side that becomes longer it is Bilinear.
	Area
	// Linear takes the four pixels around the middle of the input's pixel and leaves out all
	// others, as TensorFlow's resize_bilinear does with half-pixel centres, and OpenCV's
	// INTER_LINEAR. It is the fastest, and what some models, such as MoveNet, were tested
	// with.
	Linear
)

var filterNames = [...]string{Lanczos: "lanczos", Bilinear: "bilinear", Area: "area", Linear: "linear"}

// engines are their names in package scale.
var engines = [...]scale.Filter{Lanczos: scale.Lanczos, Bilinear: scale.Bilinear, Area: scale.Area, Linear: scale.Linear}

// String is the name that [ParseFilter] reads.
func (f Filter) String() string {
	if f < 0 || int(f) >= len(filterNames) {
		return fmt.Sprintf("Filter(%d)", int(f))
	}
	return filterNames[f]
}

// ParseFilter reads "lanczos", "bilinear", "area" or "linear". Anything else gives
// [ErrRange].
func ParseFilter(name string) (Filter, error) {
	for f, n := range filterNames {
		if n == name {
			return Filter(f), nil
		}
	}
	return 0, fmt.Errorf("vision: filter %q: it is one of %v: %w", name, filterNames, ErrRange)
}

// WithFilter says how a picture is scaled. The default of [SetInput] and [NewInput] is
// Lanczos, for the pixels that Pillow gives; that of [Run] and the tasks is Area. A frame of
// 1920×1080 pixels in YCbCr, for an input of 224×224, took 8 ms by Lanczos, 2.0 by Bilinear,
// 1.4 by Area and 0.6 by Linear on one core of a server.
func WithFilter(f Filter) Option {
	return func(c *config) error {
		if f < 0 || int(f) >= len(filterNames) {
			return fmt.Errorf("%v is none of %v: %w", f, filterNames, ErrRange)
		}
		c.filter = &f
		return nil
	}
}

// filterOr is the filter of the options, or else a default.
func (c *config) filterOr(otherwise Filter) Filter {
	if c.filter != nil {
		return *c.filter
	}
	return otherwise
}

// taskFilter is the default of [Run] and the tasks. Of Coral's pictures, as many classes are
// right by each filter, and the best scores are as high; Area is the nearest to Lanczos, in a
// fifth of its time. "bench/run.sh pictures" measures both.
const taskFilter = Area
