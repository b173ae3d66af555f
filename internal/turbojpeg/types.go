package turbojpeg

import (
	"errors"
	"image"
)

// The errors of decoding.
var (
	// ErrHeader: the library reads another size, or other colours, in the file's header
	// than the caller.
	ErrHeader = errors.New("libjpeg-turbo reads the header otherwise")
	// ErrDecode: the file is damaged, or one that the library does not read.
	ErrDecode = errors.New("libjpeg-turbo")
)

// Header is what the caller knows of a file.
type Header struct {
	// Width and Height are in pixels, from 1 to 65535.
	Width, Height int
	// Sampling is that of the colours. It counts for [Library.YCbCr] only.
	Sampling image.YCbCrSubsampleRatio
}

// Scales are by what the sides of a picture may be divided while it is decoded, where the
// library has fast code for it. The result is rounded up.
var Scales = []int{8, 4, 2, 1}

// Scaled is a side of a picture, divided.
func Scaled(side, scale int) int { return (side + scale - 1) / scale }

func (h Header) scaled(scale int) image.Rectangle {
	return image.Rect(0, 0, Scaled(h.Width, scale), Scaled(h.Height, scale))
}

// sampling is how the library calls one, and how many pixels share a sample of colour, across
// and along.
type sampling struct{ number, across, along int }

// samplings have the library's numbers (TJSAMP).
var samplings = map[image.YCbCrSubsampleRatio]sampling{
	image.YCbCrSubsampleRatio444: {0, 1, 1},
	image.YCbCrSubsampleRatio422: {1, 2, 1},
	image.YCbCrSubsampleRatio420: {2, 2, 2},
	image.YCbCrSubsampleRatio440: {4, 1, 2},
	image.YCbCrSubsampleRatio411: {5, 4, 1},
}

const samplingGrey = 3

// Knows reports whether [Library.YCbCr] decodes files of that sampling.
func Knows(r image.YCbCrSubsampleRatio) bool {
	_, ok := samplings[r]
	return ok
}

// newYCbCr has room for what the library writes: brightness up to the edges of the last
// samples of colour, beyond the picture's.
func (s sampling) newYCbCr(size image.Rectangle, r image.YCbCrSubsampleRatio) *image.YCbCr {
	img := image.NewYCbCr(image.Rect(0, 0, up(size.Dx(), s.across), up(size.Dy(), s.along)), r)
	img.Rect = size
	return img
}

// up is the next multiple of unit.
func up(n, unit int) int { return (n + unit - 1) / unit * unit }

// PlaneScale is the largest of [Scales], and none above most, by which [Library.YCbCr] makes
// a picture smaller. The library fills rows of brightness up to the edge of the last sample
// of colour from whole blocks of 8 pixels; where those end before, as they may when little is
// left of a block, libjpeg-turbo 2.1 reads what lies behind its memory.
func (h Header) PlaneScale(most int) int {
	s := samplings[h.Sampling]
	for _, scale := range Scales {
		if scale <= most && up(Scaled(h.Width, scale), max(s.across, 1)) <= up(h.Width, blockSide)/scale {
			return scale
		}
	}
	return 1
}

const blockSide = 8
