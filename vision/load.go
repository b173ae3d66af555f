package vision

import (
	"bufio"
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"io"
	"os"
)

// DefaultMaxPixels is how many pixels a picture may have unless [WithMaxPixels] says
// otherwise. It admits what cameras and scanners make, 12000 by 9000 for example.
//
// In memory a pixel takes 1.5 to 4 bytes, 8 with 16 bits a channel, and while a
// progressive JPEG is read up to 15.
const DefaultMaxPixels = 1 << 27

// maxSide is the largest width or height. A picture of 1 by 100 million pixels would
// pass the other limit, and is only ever made to do harm.
const maxSide = 1<<16 - 1

// LoadOption changes how [Load] and [Decode] read a picture.
type LoadOption func(*loadConfig)

type loadConfig struct{ maxPixels int64 }

// WithMaxPixels sets how many pixels a picture may have, width times height. The
// header is checked against it before memory is taken, so that a small file cannot
// claim gigabytes. No side may be longer than 65535 pixels in any case.
func WithMaxPixels(n int) LoadOption {
	return func(c *loadConfig) { c.maxPixels = int64(n) }
}

// Load reads the picture in the file at path: PNG, JPEG, BMP, GIF (the first frame)
// or WebP, told apart by their content. The EXIF orientation of JPEG, PNG and WebP
// files is respected: the image is upright, its bounds are those that a viewer shows.
//
// The image keeps the file's own layout, such as *image.YCbCr. A picture that has to
// be turned stays as it is in memory, and the image returned turns coordinates; this
// package's functions know it and turn only what they have made small.
//
// Errors wrap those of os.Open, [ErrFormat], [ErrDamaged] and [ErrTooLarge]. A broken
// EXIF block is not one: the picture is then taken as upright.
func Load(path string, opts ...LoadOption) (image.Image, error) {
	img, err := load(path, newLoadConfig(opts))
	if err != nil {
		return nil, fmt.Errorf("vision: load: %w", err)
	}
	return img, nil
}

// Decode reads a picture as [Load] does. A reader that cannot seek is first read to
// its end into memory; one that can is read from where it stands, and stands anywhere
// afterwards.
func Decode(r io.Reader, opts ...LoadOption) (image.Image, error) {
	img, err := decode(r, newLoadConfig(opts))
	if err != nil {
		return nil, fmt.Errorf("vision: decode: %w", err)
	}
	return img, nil
}

func newLoadConfig(opts []LoadOption) loadConfig {
	c := loadConfig{maxPixels: DefaultMaxPixels}
	for _, o := range opts {
		o(&c)
	}
	return c
}

func load(path string, c loadConfig) (image.Image, error) {
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
	s, err := newStream(r, c)
	if err != nil {
		return nil, err
	}
	f, err := s.format()
	if err != nil {
		return nil, err
	}
	config, err := read(s, f.config)
	if err != nil {
		return nil, f.failed(err)
	}
	if err := c.check(config); err != nil {
		return nil, err
	}
	o := upright
	if f.exif != noEXIF {
		o = s.orientation(f.exif)
	}
	img, err := read(s, f.decode)
	if err != nil {
		return nil, f.failed(err)
	}
	return o.turned(onCanvas(img, config)), nil
}

// check guards against pictures that would take all memory.
func (c loadConfig) check(config image.Config) error {
	w, h := int64(config.Width), int64(config.Height)
	switch {
	case w < 1 || h < 1:
		return fmt.Errorf("%w: it has %d×%d pixels", ErrDamaged, w, h)
	case w > maxSide || h > maxSide:
		return fmt.Errorf("%w: %d×%d pixels, the longest side possible is %d", ErrTooLarge, w, h, maxSide)
	case w*h > c.maxPixels:
		return fmt.Errorf("%w: %d×%d is %d pixels, the limit is %d: make it smaller, or raise the limit (WithMaxPixels)", ErrTooLarge, w, h, w*h, c.maxPixels)
	}
	return nil
}

// onCanvas returns img with the bounds that the header promised: the first frame of a
// GIF may cover only a part of them, and the rest is then black.
func onCanvas(img image.Image, config image.Config) image.Image {
	full := image.Rect(0, 0, config.Width, config.Height)
	if img.Bounds() == full {
		return img
	}
	canvas := image.NewRGBA(full)
	draw.Draw(canvas, img.Bounds(), img, img.Bounds().Min, draw.Src)
	return canvas
}

// stream is a picture file that several readers look at from its start.
type stream struct {
	io.ReadSeeker
	start int64
}

// newStream makes r seekable, at the price of its bytes in memory if it is not.
func newStream(r io.Reader, c loadConfig) (*stream, error) {
	if s, ok := r.(io.ReadSeeker); ok {
		if start, err := s.Seek(0, io.SeekCurrent); err == nil { // a pipe is a File that fails here
			return &stream{s, start}, nil
		}
	}
	if r == nil {
		return nil, fmt.Errorf("%w: the reader is nil", ErrFormat)
	}
	limit := 4*max(c.maxPixels, 0) + 1<<20 // what the pixels take uncompressed, and metadata
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes, which is too much for the limit of %d pixels (WithMaxPixels)", ErrTooLarge, limit, c.maxPixels)
	}
	return &stream{bytes.NewReader(data), 0}, nil
}

func (s *stream) rewind() error {
	_, err := s.Seek(s.start, io.SeekStart)
	return err
}

// read gives the stream to one of the decoders, from its start.
func read[T any](s *stream, decoder func(io.Reader) (T, error)) (T, error) {
	if err := s.rewind(); err != nil {
		return *new(T), err
	}
	return decoder(bufio.NewReaderSize(s, 1<<16))
}
