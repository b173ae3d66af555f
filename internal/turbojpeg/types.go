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

// newYCbCr has room for what the library writes: it fills up the last samples of colour with
// brightness, beyond the picture's edges.
func (s sampling) newYCbCr(size image.Rectangle, r image.YCbCrSubsampleRatio) *image.YCbCr {
	up := func(n, unit int) int { return (n + unit - 1) / unit * unit }
	img := image.NewYCbCr(image.Rect(0, 0, up(size.Dx(), s.across), up(size.Dy(), s.along)), r)
	img.Rect = size
	return img
}

// tidy fills what is right of the picture, where the library may leave whatever its memory
// held, and cuts off what is below.
func tidy(img *image.YCbCr) {
	w := img.Rect.Dx()
	img.Y = img.Y[:img.Rect.Dy()*img.YStride]
	if w == img.YStride {
		return
	}
	for row := img.Y; len(row) > 0; row = row[img.YStride:] {
		for x := w; x < img.YStride; x++ {
			row[x] = row[w-1]
		}
	}
}
