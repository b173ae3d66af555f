package vision

import (
	"fmt"
	"image"
	"image/color"
)

// FrameFormat is how a camera or a video decoder lays out pixels in memory.
type FrameFormat int

// The formats of a [Frame], by the names of Video4Linux where it has them.
const (
	// NV12 has a brightness for each pixel and then, for every two by two pixels, a byte of
	// blue difference (Cb) and one of red difference (Cr).
	NV12 FrameFormat = iota
	// YUYV, also called YUY2, has four bytes for every two pixels in a row: brightness, blue
	// difference, brightness, red difference.
	YUYV
	// RGB has three bytes for a pixel: red, green, blue.
	RGB
	// BGR has them in the other order, as OpenCV.
	BGR
	// RGBA has four bytes for a pixel, the last of which does not count.
	RGBA
	// Grey has one byte for a pixel.
	Grey
)

var frameFormatNames = [...]string{NV12: "NV12", YUYV: "YUYV", RGB: "RGB", BGR: "BGR", RGBA: "RGBA", Grey: "grey"}

// String is the format's name.
func (f FrameFormat) String() string {
	if !f.valid() {
		return fmt.Sprintf("FrameFormat(%d)", int(f))
	}
	return frameFormatNames[f]
}

func (f FrameFormat) valid() bool { return f >= 0 && int(f) < len(frameFormatNames) }

// Frame is a picture as a camera sends it. It is an image.Image, so that everything takes
// it; this package's functions take its bytes as they are, without a copy.
type Frame struct {
	Format FrameFormat
	// Width and Height are in pixels.
	Width, Height int
	// Stride is how many bytes further on the next row begins; in NV12 that is so for both
	// kinds of rows.
	Stride int
	// Pix is the memory. The rows of differences of NV12 follow after Height rows of
	// brightness.
	Pix []uint8
	// FullRange: in NV12 and YUYV, brightness goes from 0 to 255 and the differences too, as
	// in JPEG and what webcams make of it. Otherwise brightness goes from 16 to 235 and the
	// differences from 16 to 240, which is what video and most cameras have. The colours are
	// those of ITU-R BT.601 either way.
	FullRange bool
}

// NewFrame makes a Frame of memory that stays the caller's, in limited range. A stride of 0
// stands for rows without a gap between them. It refuses sizes below 1 and memory that is
// too small ([ErrSize]), sides above 65535 ([ErrTooLarge]), and formats that there are not
// ([ErrRange]).
func NewFrame(format FrameFormat, width, height, stride int, pix []uint8) (*Frame, error) {
	f := &Frame{Format: format, Width: width, Height: height, Stride: stride, Pix: pix}
	if stride == 0 && width > 0 && width <= maxSide && format.valid() {
		f.Stride = f.rowBytes()
	}
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("vision: frame: %w", err)
	}
	return f, nil
}

// rowBytes is what a row takes. Pixels that share a colour come in twos.
func (f *Frame) rowBytes() int {
	even := f.Width + f.Width%2
	switch f.Format {
	case NV12:
		return even
	case YUYV:
		return 2 * even
	case RGB, BGR:
		return 3 * f.Width
	case RGBA:
		return 4 * f.Width
	}
	return f.Width
}

// check tells what is wrong with a Frame.
func (f *Frame) check() error {
	switch {
	case !f.Format.valid():
		return fmt.Errorf("%v is none of %v: %w", f.Format, frameFormatNames, ErrRange)
	case f.Width < 1 || f.Height < 1:
		return fmt.Errorf("a frame of %d×%d pixels has none: %w", f.Width, f.Height, ErrSize)
	case f.Width > maxSide || f.Height > maxSide:
		return fmt.Errorf("%w: a frame of %d×%d pixels, the longest side possible is %d", ErrTooLarge, f.Width, f.Height, maxSide)
	}
	row := f.rowBytes()
	if f.Stride < row {
		return fmt.Errorf("a stride of %d bytes, a row of %d pixels in %v takes %d: %w", f.Stride, f.Width, f.Format, row, ErrSize)
	}
	const farTooMuch = 1 << 40 // keeps the product within 63 bits
	if need := min(int64(f.Stride), farTooMuch)*int64(f.rows()-1) + int64(row); int64(len(f.Pix)) < need {
		return fmt.Errorf("%d bytes for %d×%d pixels in %v with a stride of %d, it takes %d: %w", len(f.Pix), f.Width, f.Height, f.Format, f.Stride, need, ErrSize)
	}
	return nil
}

// rows is how many there are in memory.
func (f *Frame) rows() int {
	if f.Format == NV12 {
		return f.Height + (f.Height+1)/2
	}
	return f.Height
}

// ColorModel is color.RGBAModel, whatever the format.
func (f *Frame) ColorModel() color.Model { return color.RGBAModel }

// Bounds begin at 0, 0.
func (f *Frame) Bounds() image.Rectangle {
	if f == nil {
		return image.Rectangle{}
	}
	return image.Rect(0, 0, f.Width, f.Height)
}

// At is a pixel as a color.RGBA, opaque, and black outside of the picture or where Pix is
// too short.
func (f *Frame) At(x, y int) color.Color { return f.rgba(x, y) }

// RGBA64At spares package draw an allocation for each pixel.
func (f *Frame) RGBA64At(x, y int) color.RGBA64 {
	c := f.rgba(x, y)
	const double = 0x101
	return color.RGBA64{R: uint16(c.R) * double, G: uint16(c.G) * double, B: uint16(c.B) * double, A: 0xffff}
}

func (f *Frame) rgba(x, y int) color.RGBA {
	black := color.RGBA{A: 255}
	if f == nil || x < 0 || y < 0 || x >= f.Width || y >= f.Height || f.check() != nil {
		return black
	}
	row := f.Pix[y*f.Stride:]
	switch f.Format {
	case NV12:
		c := f.Pix[(f.Height+y/2)*f.Stride+x/2*2:][:2]
		return f.fromYCbCr(row[x], c[0], c[1])
	case YUYV:
		p := row[x/2*4:][:4]
		return f.fromYCbCr(p[x%2*2], p[1], p[3])
	case RGB:
		return color.RGBA{row[3*x], row[3*x+1], row[3*x+2], 255}
	case BGR:
		return color.RGBA{row[3*x+2], row[3*x+1], row[3*x], 255}
	case RGBA:
		return color.RGBA{row[4*x], row[4*x+1], row[4*x+2], 255}
	}
	return color.RGBA{row[x], row[x], row[x], 255}
}

func (f *Frame) fromYCbCr(y, cb, cr uint8) color.RGBA {
	var r, g, b uint8
	if f.FullRange {
		r, g, b = color.YCbCrToRGB(y, cb, cr)
	} else {
		r, g, b = limitedToRGB(y, cb, cr)
	}
	return color.RGBA{r, g, b, 255}
}
