package scale

// Picture is what is to be scaled: up to three channels, which lie in as many planes or
// side by side in fewer.
type Picture struct {
	Planes [3]Plane
	// Count is how many of the planes there are.
	Count int
}

// Plane is memory with samples of one channel or several.
type Plane struct {
	// Pix has row y from its byte y*Stride on. It is not used if Row is there.
	Pix    []uint8
	Stride int
	// Row returns row y, for pictures whose rows have to be made first. What it returns is
	// good until the call after the next one.
	Row func(y int) []uint8

	// A sample of channel k, of Channels, is at byte Offsets[k] of its pixel; the next pixel
	// begins Step bytes further on.
	Step     int
	Channels int
	Offsets  [3]int

	// X and Y tell how the picture lies on the samples.
	X, Y Span
}

// row is a row of samples from its first byte on.
func (p *Plane) row(y int) []uint8 {
	if p.Row != nil {
		return p.Row(y)
	}
	return p.Pix[y*p.Stride:]
}

// width is the length of a row up to its last sample, in bytes.
func (p *Plane) width() int {
	last := 0
	for _, at := range p.Offsets[:p.Channels] {
		last = max(last, at)
	}
	return (p.X.N-1)*p.Step + last + 1
}

// Span is how a picture lies along one direction of N samples: it covers those from position
// From to position To, sample k reaching from k to k+1.
type Span struct {
	N        int
	From, To float64
}

// Whole is the span of a picture that has a sample for each pixel.
func Whole(n int) Span { return Span{n, 0, float64(n)} }

// Coarse is the span of a plane with one sample for every factor pixels, under a picture
// from pixel low to pixel high. The picture may begin and end within a sample.
func Coarse(low, high, factor int) Span {
	first := low / factor // as image.YCbCr.COffset counts
	scale := float64(factor)
	return Span{
		N:    (high+factor-1)/factor - first,
		From: max(float64(low)/scale-float64(first), 0),
		To:   float64(high)/scale - float64(first),
	}
}
