package vision

import (
	"image"
	"image/color"
	"image/draw"

	"github.com/gocoral/coral/vision/internal/scale"
)

// planesOf tells where the samples of a part of a picture lie in memory, and what they are.
// The part is in pixels from the upper left corner; wanted is 1 if grey will do.
//
// Transparency is dropped where the layout still has the colours beneath it, as the
// decoders of Pillow and TensorFlow do; where it has not (image.RGBA), black shows. Of
// values with 16 bits the upper byte counts, which comes first.
func planesOf(p *scale.Picture, img image.Image, part image.Rectangle, wanted int) channels {
	at := part.Add(img.Bounds().Min)
	p.Count = 1
	switch img := img.(type) {
	case *Frame:
		return framePlanes(p, img, part, wanted)
	case *image.YCbCr:
		return planesOfYCbCr(p, img, at, wanted)
	case *image.NYCbCrA:
		return planesOfYCbCr(p, &img.YCbCr, at, wanted)
	case *image.Gray:
		p.Planes[0] = pixels(img.Pix[img.PixOffset(at.Min.X, at.Min.Y):], img.Stride, 1, part, 0)
		return grey
	case *image.Gray16:
		p.Planes[0] = pixels(img.Pix[img.PixOffset(at.Min.X, at.Min.Y):], img.Stride, 2, part, 0)
		return grey
	case *image.RGBA:
		p.Planes[0] = pixels(img.Pix[img.PixOffset(at.Min.X, at.Min.Y):], img.Stride, 4, part, 0, 1, 2)
	case *image.NRGBA:
		p.Planes[0] = pixels(img.Pix[img.PixOffset(at.Min.X, at.Min.Y):], img.Stride, 4, part, 0, 1, 2)
	case *image.NRGBA64:
		p.Planes[0] = pixels(img.Pix[img.PixOffset(at.Min.X, at.Min.Y):], img.Stride, 8, part, 0, 2, 4)
	default:
		p.Planes[0] = pixels(nil, 0, 4, part, 0, 1, 2)
		p.Planes[0].Row = converted(img, at)
	}
	return rgb
}

// pixels is a plane of pixels with step bytes, the channels of which are at the offsets.
func pixels(pix []uint8, stride, step int, part image.Rectangle, offsets ...int) scale.Plane {
	p := scale.Plane{
		Pix: pix, Stride: stride, Step: step, Channels: len(offsets),
		X: scale.Whole(part.Dx()), Y: scale.Whole(part.Dy()),
	}
	copy(p.Offsets[:], offsets)
	return p
}

// planesOfYCbCr has the three planes apart: they are scaled before they are converted to
// colours, which gives the same but for colours that do not exist, and leaves few pixels to
// convert. The coarser planes of blue and red need not be spread out for it.
func planesOfYCbCr(p *scale.Picture, img *image.YCbCr, at image.Rectangle, wanted int) channels {
	p.Planes[0] = pixels(img.Y[img.YOffset(at.Min.X, at.Min.Y):], img.YStride, 1, at, 0)
	if wanted == 1 {
		return brightness
	}
	p.Count = 3
	fx, fy := subsampling(img.SubsampleRatio)
	first := img.COffset(at.Min.X, at.Min.Y)
	for k, pix := range [...][]uint8{img.Cb, img.Cr} {
		c := pixels(pix[first:], img.CStride, 1, at, 0)
		c.X, c.Y = scale.Coarse(at.Min.X, at.Max.X, fx), scale.Coarse(at.Min.Y, at.Max.Y, fy)
		p.Planes[1+k] = c
	}
	return ycc
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

// framePlanes is for a frame that was checked.
func framePlanes(p *scale.Picture, f *Frame, part image.Rectangle, wanted int) channels {
	row := f.Pix[part.Min.Y*f.Stride:]
	switch f.Format {
	case NV12, YUYV:
		return frameDifferences(p, f, part, wanted)
	case RGB:
		p.Planes[0] = pixels(row[3*part.Min.X:], f.Stride, 3, part, 0, 1, 2)
	case BGR:
		p.Planes[0] = pixels(row[3*part.Min.X:], f.Stride, 3, part, 2, 1, 0)
	case RGBA:
		p.Planes[0] = pixels(row[4*part.Min.X:], f.Stride, 4, part, 0, 1, 2)
	default:
		p.Planes[0] = pixels(row[part.Min.X:], f.Stride, 1, part, 0)
		return grey
	}
	return rgb
}

// frameDifferences is for formats with brightness and differences of colour.
func frameDifferences(p *scale.Picture, f *Frame, part image.Rectangle, wanted int) channels {
	row := f.Pix[part.Min.Y*f.Stride:]
	var c scale.Plane
	switch f.Format {
	case NV12:
		p.Planes[0] = pixels(row[part.Min.X:], f.Stride, 1, part, 0)
		c = pixels(f.Pix[(f.Height+part.Min.Y/2)*f.Stride+part.Min.X/2*2:], f.Stride, 2, part, 0, 1)
		c.Y = scale.Coarse(part.Min.Y, part.Max.Y, 2)
	default:
		p.Planes[0] = pixels(row[2*part.Min.X:], f.Stride, 2, part, 0)
		c = pixels(row[part.Min.X/2*4:], f.Stride, 4, part, 1, 3)
	}
	switch {
	case wanted == 1 && f.FullRange:
		return brightness
	case wanted == 1:
		return brightness16
	}
	c.X = scale.Coarse(part.Min.X, part.Max.X, 2)
	p.Count, p.Planes[1] = 2, c
	if f.FullRange {
		return ycc
	}
	return yccLimited
}

// converted draws rows of a part of img as red, green, blue and a byte that does not count.
func converted(img image.Image, part image.Rectangle) func(y int) []uint8 {
	one := image.Rect(0, 0, part.Dx(), 1)
	lines := []*image.RGBA{image.NewRGBA(one), image.NewRGBA(one)}
	next := 0
	line := func() *image.RGBA {
		next = 1 - next
		return lines[next]
	}
	if p, ok := img.(*image.Paletted); ok {
		palette := opaque(p.Palette)
		return func(y int) []uint8 {
			pix := line().Pix
			for x, index := range p.Pix[p.PixOffset(part.Min.X, part.Min.Y+y):][:part.Dx()] {
				copy(pix[4*x:][:4], palette[index][:])
			}
			return pix
		}
	}
	return func(y int) []uint8 {
		line := line()
		draw.Draw(line, one, img, part.Min.Add(image.Pt(0, y)), draw.Src)
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
