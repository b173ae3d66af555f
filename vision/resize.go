package vision

import (
	"fmt"
	"image"
	"image/color"

	"github.com/gocoral/coral/internal/errs"
)

// resize scales img to w by h pixels of c channels, in row-major order: 3 for red,
// green and blue, 1 for grey. The proportions are not kept, as in pycoral's examples.
func resize(img image.Image, w, h, c int) (pix []uint8, err error) {
	defer func() {
		// An image may be of any type, and have fewer pixels than its bounds say.
		if r := recover(); r != nil {
			pix, err = nil, fmt.Errorf("%w: the pixels of this %T cannot be read: %v", ErrDamaged, img, r)
		}
	}()
	if err := checkImage(img); err != nil {
		return nil, err
	}
	o := upright
	if t, ok := img.(*turnedImage); ok {
		img, o = t.Image, t.o
	}
	w, h = o.size(w, h) // scaled as it lies, then turned
	pix = toPixels(scale(img, w, h, c), c)
	return o.turnPixels(pix, w, h, c), nil
}

func checkImage(img image.Image) error {
	if errs.IsNil(img) {
		return fmt.Errorf("the picture is nil: %w", ErrSize)
	}
	switch b := img.Bounds(); {
	case b.Empty():
		return fmt.Errorf("the picture has no pixels, its bounds are %v: %w", b, ErrSize)
	case b.Dx() > maxSide || b.Dy() > maxSide:
		return fmt.Errorf("%w: %d×%d pixels, the longest side possible is %d", ErrTooLarge, b.Dx(), b.Dy(), maxSide)
	}
	return nil
}

// scale returns one plane of w by h samples for grey, three for red, green and blue.
// How many depends on the picture, unless it can save work for c channels.
func scale(img image.Image, w, h, c int) [][]uint8 {
	switch img := img.(type) {
	case *image.Gray:
		return scalePlane(img.Pix, img.Stride, w, h, whole(img.Rect.Dx()), whole(img.Rect.Dy()))
	case *image.YCbCr:
		return scaleYCbCr(img, w, h, c)
	case *image.NYCbCrA:
		return scaleYCbCr(&img.YCbCr, w, h, c)
	}
	b := img.Bounds()
	return resample(colours(img), whole(b.Dx()).taps(w), whole(b.Dy()).taps(h))
}

func scalePlane(pix []uint8, stride, w, h int, across, along span) [][]uint8 {
	rows := scanlines{func(y int) []uint8 { return pix[y*stride:] }, across.n, 1, 1, 0}
	return resample(rows, across.taps(w), along.taps(h))
}

// scaleYCbCr scales the three planes before it converts them to colours, which gives
// the same but for colours that do not exist, and leaves few pixels to convert. The
// coarser planes of blue and red need not be spread out for it.
func scaleYCbCr(img *image.YCbCr, w, h, c int) [][]uint8 {
	b := img.Rect
	planes := scalePlane(img.Y, img.YStride, w, h, whole(b.Dx()), whole(b.Dy()))
	if c == 1 {
		return planes
	}
	fx, fy := subsampling(img.SubsampleRatio)
	across, along := coarse(b.Min.X, b.Max.X, fx), coarse(b.Min.Y, b.Max.Y, fy)
	planes = append(planes, scalePlane(img.Cb, img.CStride, w, h, across, along)...)
	planes = append(planes, scalePlane(img.Cr, img.CStride, w, h, across, along)...)
	p, q, r := planes[0], planes[1], planes[2]
	for k := range p {
		p[k], q[k], r[k] = color.YCbCrToRGB(p[k], q[k], r[k])
	}
	return planes
}

// toPixels interleaves planes, and turns colours into grey or the reverse if c says so.
func toPixels(planes [][]uint8, c int) []uint8 {
	red := planes[0]
	if len(planes) == 1 && c == 1 {
		return red
	}
	green, blue := planes[len(planes)/2], planes[len(planes)-1] // of grey the same plane
	pix := make([]uint8, 0, c*len(red))
	for k, r := range red {
		if c == 1 {
			pix = append(pix, luma(r, green[k], blue[k]))
		} else {
			pix = append(pix, r, green[k], blue[k])
		}
	}
	return pix
}

// luma has the weights of ITU-R BT.601, which JPEG and Pillow use.
func luma(r, g, b uint8) uint8 {
	return uint8((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16)
}
