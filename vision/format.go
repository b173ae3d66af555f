package vision

import (
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"

	"github.com/bep/imagemeta"
	"golang.org/x/image/bmp"
	"golang.org/x/image/webp"
)

// format is a kind of picture file.
//
// The formats stand in a table of our own because the one of package image belongs to
// the whole program: what can be read would depend on who imports what.
type format struct {
	name   string
	magic  string // the first bytes, ? for any
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	exif   imagemeta.ImageFormat
}

// noEXIF is the exif of formats that have none.
const noEXIF = imagemeta.ImageFormatAuto

var formats = []format{
	{"PNG", "\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode, imagemeta.PNG},
	{"JPEG", "\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode, imagemeta.JPEG},
	{"BMP", "BM????\x00\x00\x00\x00", bmp.DecodeConfig, bmp.Decode, noEXIF},
	{"GIF", "GIF8?a", gif.DecodeConfig, gif.Decode, noEXIF},
	{"WebP", "RIFF????WEBPVP8", webp.DecodeConfig, decodeWebP, imagemeta.WebP},
}

// format tells the format by the first bytes.
func (s *stream) format() (format, error) {
	if err := s.rewind(); err != nil {
		return format{}, err
	}
	head := make([]byte, 32)
	n, err := io.ReadFull(s, head)
	switch {
	case err == io.EOF:
		return format{}, fmt.Errorf("%w: it is empty", ErrFormat)
	case err != nil && err != io.ErrUnexpectedEOF:
		return format{}, err
	}
	for _, f := range formats {
		if f.matches(head[:n]) {
			return f, f.refuses(head)
		}
	}
	return format{}, fmt.Errorf("%w: it is none of PNG, JPEG, BMP, GIF, WebP", ErrFormat)
}

func (f format) matches(head []byte) bool {
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

// refuses gives a reason of its own to animated WebP files, which the decoder would
// call invalid.
func (f format) refuses(head []byte) error {
	const animation = 2
	if f.name == "WebP" && head[15] == 'X' && head[20]&animation != 0 {
		return fmt.Errorf("%w: it is an animated WebP", ErrFormat)
	}
	return nil
}

// decodeWebP puts right what the decoder leaves (golang.org/issue/40173): lossy WebP has
// brightness from 16 to 235 and colours from 16 to 240, as in video, while image.YCbCr
// stands for JPEG's full range, so that white would be light grey.
func decodeWebP(r io.Reader) (image.Image, error) {
	img, err := webp.Decode(r)
	switch img := img.(type) {
	case *image.YCbCr:
		toFullRange(img)
	case *image.NYCbCrA:
		toFullRange(&img.YCbCr)
	}
	return img, err
}

func toFullRange(img *image.YCbCr) {
	stretch(img.Y, 16, 219, 0)
	stretch(img.Cb, 128, 224, 128)
	stretch(img.Cr, 128, 224, 128)
}

// stretch widens the given number of steps to 255, and makes what was from be to.
func stretch(plane []uint8, from, steps, to float64) {
	var table [256]uint8
	for k := range table {
		table[k] = uint8(min(max(math.Round((float64(k)-from)*255/steps+to), 0), 255))
	}
	for k, v := range plane {
		plane[k] = table[v]
	}
}

// failed tells a decoder's complaint about a variant it does not know from one about
// broken data.
func (f format) failed(err error) error {
	_, isJPEG := errors.AsType[jpeg.UnsupportedError](err)
	_, isPNG := errors.AsType[png.UnsupportedError](err)
	if isJPEG || isPNG || errors.Is(err, bmp.ErrUnsupported) {
		return fmt.Errorf("%w: this kind of %s is not supported (%w)", ErrFormat, f.name, err)
	}
	return fmt.Errorf("%w (%s: %w)", ErrDamaged, f.name, err)
}
