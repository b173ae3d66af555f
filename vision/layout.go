package vision

import (
	"image"
	"image/color"
	"image/draw"
)

// splitRows returns a function that gives row y of img, counted from 0, as three rows
// of red, green and blue, good until the next call.
//
// Transparency is dropped where the layout still has the colours beneath it, as the
// decoders of Pillow and TensorFlow do; where it has not (image.RGBA), black shows.
func splitRows(img image.Image) func(y int) [][]uint8 {
	b := img.Bounds()
	w := b.Dx()
	rows := [][]uint8{make([]uint8, w), make([]uint8, w), make([]uint8, w)}
	// split takes a pixel each so many bytes, its channels lying apart.
	split := func(pix []uint8, pixel, apart int) [][]uint8 {
		for k, row := range rows {
			for x := range row {
				row[x] = pix[x*pixel+k*apart]
			}
		}
		return rows
	}
	switch img := img.(type) {
	case *image.RGBA:
		return func(y int) [][]uint8 { return split(img.Pix[y*img.Stride:], 4, 1) }
	case *image.NRGBA:
		return func(y int) [][]uint8 { return split(img.Pix[y*img.Stride:], 4, 1) }
	case *image.NRGBA64: // the upper byte comes first
		return func(y int) [][]uint8 { return split(img.Pix[y*img.Stride:], 8, 2) }
	case *image.Paletted:
		colours := opaque(img.Palette)
		return func(y int) [][]uint8 {
			indices := img.Pix[y*img.Stride:][:w]
			for k, row := range rows {
				for x, index := range indices {
					row[x] = colours[k][index]
				}
			}
			return rows
		}
	}
	line := image.NewRGBA(image.Rect(0, 0, w, 1))
	return func(y int) [][]uint8 {
		draw.Draw(line, line.Rect, img, b.Min.Add(image.Pt(0, y)), draw.Src)
		return split(line.Pix, 4, 1)
	}
}

// opaque returns the red, green and blue of the colours of p, without transparency.
func opaque(p color.Palette) (colours [3][256]uint8) {
	for k, entry := range p[:min(len(p), 256)] {
		c := color.NRGBAModel.Convert(entry).(color.NRGBA)
		colours[0][k], colours[1][k], colours[2][k] = c.R, c.G, c.B
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
