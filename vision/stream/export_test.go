package stream

import (
	"errors"
	"image"
	"io"
	"time"
)

// Count has a meter count at a given time.
func (m *Meter) Count(f Frame, err error, now time.Time) {
	if m != nil {
		m.count(f, err, now)
	}
}

// Y4M returns the pictures of a YUV4MPEG2 stream.
func Y4M(r io.Reader) (all []image.Image, err error) {
	s, err := newY4M(r)
	if err != nil {
		return nil, err
	}
	for {
		img, err := s.next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, img)
	}
}

// Scan counts the pictures of a stream of JPEGs, and those that are damaged.
func Scan(r io.Reader, limit int) (pictures, bad int, err error) {
	for s := newScanner(r, limit); ; {
		switch _, err := s.next(); {
		case err == nil:
			pictures++
		case errors.Is(err, ErrDamaged):
			bad++
		case errors.Is(err, io.EOF):
			return pictures, bad, nil
		default:
			return pictures, bad, err
		}
	}
}

// What a camera is to tests.
type (
	FourCC = fourCC
	Sizes  = sizes
)

const (
	YUYV = yuyv
	MJPG = mjpg
)

// FakeCamera is a device made of functions.
type FakeCamera struct {
	Has     []FourCC
	HasSize []Sizes
	Start   func(f FourCC, size image.Point, rate float64) error
	Frame   func(read func([]byte)) (bool, error)
	Close   func()
}

func (d FakeCamera) formats() []fourCC    { return d.Has }
func (d FakeCamera) sizes(fourCC) []sizes { return d.HasSize }
func (d FakeCamera) start(f fourCC, size image.Point, rate float64) error {
	return d.Start(f, size, rate)
}
func (d FakeCamera) frame(read func([]byte)) (bool, error) { return d.Frame(read) }
func (d FakeCamera) close() error                          { d.Close(); return nil }

// CameraOf is Camera with a device that needs not be there.
func CameraOf(d FakeCamera, opts ...Option) Source {
	return cameraOf(func(string) (device, error) { return d, nil }, "camera", opts)
}

var Natural = natural

// SizesOf are those from least to most.
func SizesOf(least, most, step image.Point) Sizes { return sizes{least, most, step} }
