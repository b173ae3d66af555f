package vision

import (
	"image"
	"image/color"
	"image/draw"
)

// scanlines gives the rows of a picture.
type scanlines struct {
	// row returns row y, counted from 0. It is good until the next call but one.
	row func(y int) []uint8
	// A row has width pixels of step bytes; channel k of one is at its byte k*apart.
	width, step, channels, apart int
}

// pair joins channel k of two rows, the second one in the upper half of each number.
func (s scanlines) pair(dst []int64, a, b []uint8, k int) {
	a, b = a[k*s.apart:], b[k*s.apart:]
	for x := range dst {
		dst[x] = int64(a[x*s.step]) | int64(b[x*s.step])<<32
	}
}

// colours gives the rows of any picture as red, green and blue.
//
// Transparency is dropped where the layout still has the colours beneath it, as the
// decoders of Pillow and TensorFlow do; where it has not (image.RGBA), black shows.
func colours(img image.Image) scanlines {
	rgba := scanlines{width: img.Bounds().Dx(), step: 4, channels: 3, apart: 1}
	switch img := img.(type) {
	case *image.RGBA:
		rgba.row = func(y int) []uint8 { return img.Pix[y*img.Stride:] }
	case *image.NRGBA:
		rgba.row = func(y int) []uint8 { return img.Pix[y*img.Stride:] }
	case *image.NRGBA64: // the upper byte of each channel comes first
		rgba.row = func(y int) []uint8 { return img.Pix[y*img.Stride:] }
		rgba.step, rgba.apart = 8, 2
	default:
		rgba.row = converted(img)
	}
	return rgba
}

// converted draws rows of img as red, green, blue and a byte that does not count.
func converted(img image.Image) func(y int) []uint8 {
	b := img.Bounds()
	one := image.Rect(0, 0, b.Dx(), 1)
	lines := []*image.RGBA{image.NewRGBA(one), image.NewRGBA(one)}
	if p, ok := img.(*image.Paletted); ok {
		palette := opaque(p.Palette)
		return func(y int) []uint8 {
			pix := lines[y%2].Pix
			for x, index := range p.Pix[y*p.Stride:][:b.Dx()] {
				copy(pix[4*x:][:4], palette[index][:])
			}
			return pix
		}
	}
	return func(y int) []uint8 {
		line := lines[y%2]
		draw.Draw(line, one, img, b.Min.Add(image.Pt(0, y)), draw.Src)
		return line.Pix
	}
}

// opaque returns the colours of p without their transparency.
func opaque(p color.Palette) (colours [256][4]uint8) {
	for k, entry := range p[:min(len(p), len(colours))] {
		c := color.NRGBAModel.Convert(entry).(color.NRGBA)
		colours[k] = [4]uint8{c.R, c.G, c.B}
	}
	return colours
}

// span is how a picture lies along one direction of a plane of n samples: it covers
// those from position from to position to, sample k reaching from k to k+1.
type span struct {
	n        int
	from, to float64
}

func (s span) taps(n int) []taps { return newTaps(n, s.n, s.from, s.to) }

func whole(n int) span { return span{n, 0, float64(n)} }

// coarse is the span of a plane with one sample for every factor pixels, under a
// picture from pixel low to pixel high. The picture may begin and end within a sample.
func coarse(low, high, factor int) span {
	first := low / factor // as image.YCbCr.COffset counts
	scale := float64(factor)
	return span{
		n:    (high+factor-1)/factor - first,
		from: max(float64(low)/scale-float64(first), 0),
		to:   float64(high)/scale - float64(first),
	}
}

// subsampling returns how many pixels share a sample of colour, across and along.
func subsampling(r image.YCbCrSubsampleRatio) (fx, fy int) {
	switch r {
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	}
	return 1, 1
}
