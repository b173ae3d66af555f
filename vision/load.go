package vision

import (
	"fmt"
	"image"
	"image/draw"
	"io"
	"os"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/options"
)

// Limits of a picture unless [WithMaxMemory] or [WithMaxPixels] say otherwise.
const (
	// DefaultMaxMemory is how many bytes the pixels of a picture may take while it is
	// decoded: a quarter of what a board with 1 GB has.
	DefaultMaxMemory = 256 << 20
	// DefaultMaxPixels is how many pixels a picture may have, however little memory
	// they take. It admits 12000 by 9000.
	DefaultMaxPixels = 1 << 27
)

// maxSide is the largest width or height. A picture of 1 by 100 million pixels would
// pass the other limits, and is only ever made to do harm.
const maxSide = 1<<16 - 1

// LoadOption changes how [Load] and [Decode] read a picture.
type LoadOption func(*loadConfig) error

type loadConfig struct {
	maxPixels, maxMemory int64
	hint                 image.Point // zero: none
	goDecoder            bool
}

// WithMaxPixels sets how many pixels a picture may have, width times height. No side may
// be longer than 65535 pixels in any case. A number below 1 gives [ErrRange].
func WithMaxPixels(n int) LoadOption {
	return func(c *loadConfig) error {
		if n < 1 {
			return fmt.Errorf("a limit of %d pixels, it must be at least 1: %w", n, ErrRange)
		}
		c.maxPixels = int64(n)
		return nil
	}
}

// WithMaxMemory sets how many bytes of memory the pixels of a picture may take while it
// is decoded; the package's documentation has a table of what pictures take. The limit is
// checked against the header before memory is taken, so that a small file cannot claim
// gigabytes. A number below 1 gives [ErrRange].
func WithMaxMemory(bytes int64) LoadOption {
	return func(c *loadConfig) error {
		if bytes < 1 {
			return fmt.Errorf("a limit of %d bytes of memory, it must be at least 1: %w", bytes, ErrRange)
		}
		c.maxMemory = bytes
		return nil
	}
}

// Load reads the picture in the file at path: PNG, JPEG, BMP, GIF (the first frame)
// or WebP, told apart by their content. The EXIF orientation of JPEG, PNG and WebP
// files is respected: the image is upright, its bounds are those that a viewer shows.
//
// The image keeps the file's own layout, such as *image.YCbCr. A picture that has to
// be turned stays as it is in memory, and the image returned turns coordinates; this
// package's functions know it and turn only what they have made small.
//
// Errors wrap those of os.Open, [ErrFormat], [ErrDamaged], [ErrTooLarge] and, for an
// option, [ErrRange]. A broken
// EXIF block is not one: the picture is then taken as upright.
func Load(path string, opts ...LoadOption) (image.Image, error) {
	img, err := load(path, opts)
	if err != nil {
		return nil, fmt.Errorf("vision: load: %w", err)
	}
	return img, nil
}

// Decode reads a picture as [Load] does, from where r stands. It needs no seeking and reads
// no further than the picture's end but for some kilobytes, so that r may be a pipe without
// an end: of a stream of JPEG frames it takes the first. r stands anywhere afterwards.
//
// An error of r itself is returned as it is.
func Decode(r io.Reader, opts ...LoadOption) (image.Image, error) {
	c, err := newLoadConfig(opts)
	if err != nil {
		return nil, fmt.Errorf("vision: decode: %w", err)
	}
	img, err := decode(r, c)
	if err != nil {
		return nil, fmt.Errorf("vision: decode: %w", err)
	}
	return img, nil
}

func newLoadConfig(opts []LoadOption) (loadConfig, error) {
	c := loadConfig{maxPixels: DefaultMaxPixels, maxMemory: DefaultMaxMemory}
	err := options.Apply(&c, opts)
	return c, err
}

func load(path string, opts []LoadOption) (image.Image, error) {
	c, err := newLoadConfig(opts)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: %w: it is a directory", path, ErrFormat)
	}
	img, err := decode(f, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return img, nil
}

func decode(r io.Reader, c loadConfig) (image.Image, error) {
	if errs.IsNil(r) {
		return nil, fmt.Errorf("%w: the reader is nil", ErrFormat)
	}
	s := newSource(r)
	f, err := s.format()
	if err != nil {
		return nil, err
	}
	img, o, err := f.decode(s, c)
	if err != nil {
		return nil, s.explain(f, err)
	}
	return o.turned(img), nil
}

// cost is what a header says about a picture.
type cost struct {
	width, height int
	bytes         int64 // of memory while the picture is decoded
}

// check guards against pictures that would take all memory.
func (c loadConfig) check(p cost) error {
	w, h := int64(p.width), int64(p.height)
	switch {
	case w < 1 || h < 1:
		return fmt.Errorf("%w: it has %d×%d pixels", ErrDamaged, w, h)
	case w > maxSide || h > maxSide:
		return fmt.Errorf("%w: %d×%d pixels, the longest side possible is %d", ErrTooLarge, w, h, maxSide)
	case w*h > c.maxPixels:
		return fmt.Errorf("%w: %d×%d is %d pixels, the limit is %d: make it smaller, or raise the limit (WithMaxPixels)", ErrTooLarge, w, h, w*h, c.maxPixels)
	case p.bytes > c.maxMemory:
		return fmt.Errorf("%w: %d×%d pixels take %d bytes of memory, the limit is %d: make it smaller, or raise the limit (WithMaxMemory)", ErrTooLarge, w, h, p.bytes, c.maxMemory)
	}
	return nil
}

// onCanvas returns img with the bounds that the header promised: the first frame of a
// GIF may cover only a part of them, and the rest is then black.
func onCanvas(img image.Image, w, h int) image.Image {
	full := image.Rect(0, 0, w, h)
	if img.Bounds() == full {
		return img
	}
	canvas := image.NewRGBA(full)
	draw.Draw(canvas, img.Bounds(), img, img.Bounds().Min, draw.Src)
	return canvas
}
