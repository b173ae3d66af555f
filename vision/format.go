package vision

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
)

// format is a kind of picture file.
//
// The formats stand in a table of our own because the one of package image belongs to
// the whole program: what can be read would depend on who imports what.
type format struct {
	name   string
	magic  string // the first bytes, ? for any
	decode func(*source, loadConfig) (image.Image, orientation, error)
	// convert is how to make a file of another kind from one that cannot be read.
	convert string
}

var formats = []format{
	{"PNG", "\x89PNG\r\n\x1a\n", decodePNG, "convert in.png -depth 8 out.png"},
	{"JPEG", "\xff\xd8\xff", decodeJPEG, "convert in.jpg -sampling-factor 4:2:0 -colorspace sRGB out.jpg, or with libjpeg: djpeg in.jpg | cjpeg >out.jpg"},
	{"BMP", "BM????\x00\x00\x00\x00", decodeBMP, "convert in.bmp out.png"},
	{"GIF", "GIF8?a", decodeGIF, "convert 'in.gif[0]' out.png"},
	{"WebP", "RIFF????WEBPVP8", decodeWebP, "convert 'in.webp[0]' out.png"},
}

// format tells the format by the first bytes.
func (s *source) format() (*format, error) {
	head := s.peek(32)
	if len(head) == 0 {
		if s.in.err != nil {
			return nil, s.in.err
		}
		return nil, fmt.Errorf("%w: it is empty", ErrFormat)
	}
	for k := range formats {
		if formats[k].matches(head) {
			return &formats[k], nil
		}
	}
	if s.in.err != nil {
		return nil, s.in.err
	}
	return nil, fmt.Errorf("%w: it is none of PNG, JPEG, BMP, GIF, WebP", ErrFormat)
}

func (f *format) matches(head []byte) bool {
	if len(head) < len(f.magic) {
		return false
	}
	for k, c := range []byte(f.magic) {
		if c != '?' && c != head[k] {
			return false
		}
	}
	return true
}

// variantError is the cause of an error about a file that is not damaged.
type variantError string

func (e variantError) Error() string { return string(e) }

// explain tells a decoder's complaint about a variant it does not know from one about
// broken data.
func (f *format) explain(err error) error {
	_, isOurs := errors.AsType[variantError](err)
	_, isJPEG := errors.AsType[jpeg.UnsupportedError](err)
	_, isPNG := errors.AsType[png.UnsupportedError](err)
	if isOurs || isJPEG || isPNG || errors.Is(err, bmp.ErrUnsupported) {
		return fmt.Errorf("%w: this kind of %s is not supported (%w): convert it first, for example with ImageMagick: %s", ErrFormat, f.name, err, f.convert)
	}
	return fmt.Errorf("%w (%s: %w)", ErrDamaged, f.name, err)
}

func decodeBMP(s *source, c loadConfig) (image.Image, orientation, error) {
	const header = 14 + 124 + 4*256 // the longest one, and a palette
	config, err := bmp.DecodeConfig(bytes.NewReader(s.peek(header)))
	if err != nil {
		return nil, upright, err
	}
	p := cost{config.Width, config.Height, 4 * area(config.Width, config.Height)}
	img, err := decodeChecked(s, c, p, bmp.Decode)
	return img, upright, err
}

// decodeChecked decodes what costs p, unless that is too much.
func decodeChecked(s *source, c loadConfig, p cost, decode func(io.Reader) (image.Image, error)) (image.Image, error) {
	if err := c.check(p); err != nil {
		return nil, err
	}
	s.allow(p.bytes)
	return decode(s)
}

func area(w, h int) int64 { return int64(w) * int64(h) }
