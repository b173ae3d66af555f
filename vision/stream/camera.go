package stream

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"slices"
	"strings"
	"time"
)

// Camera reads a camera of Linux by its device, such as /dev/video0, over V4L2. Frames come as
// JPEG (MJPG) or as YUYV, whichever the camera has; of both, YUYV up to 640×480 pixels, which
// need no decoding, and JPEG above, since USB is too slow for the other. The size is the
// smallest one of the camera that covers [WithSize], or its largest one.
//
// A frame that is damaged, as happens on USB, gives an error, and the next one follows. A
// device that is not there, is busy, or is silent for longer than [WithTimeout] gives
// [ErrSource], one that has neither format [ErrFormat], and another system than Linux
// [ErrPlatform]. The end of the context is noticed with the next frame, or after a second.
func Camera(device string, opts ...Option) Source {
	return cameraOf(openDevice, device, opts)
}

// fourCC is a format of pixels by its four letters.
type fourCC uint32

const (
	yuyv fourCC = 'Y' | 'U'<<8 | 'Y'<<16 | 'V'<<24
	mjpg fourCC = 'M' | 'J'<<8 | 'P'<<16 | 'G'<<24
)

func (f fourCC) String() string {
	return strings.TrimSpace(string([]byte{byte(f), byte(f >> 8), byte(f >> 16), byte(f >> 24)}))
}

// sizes are those from least to most in steps; a single one has both equal.
type sizes struct{ least, most, step image.Point }

// device is a camera as the system shows it.
type device interface {
	formats() []fourCC
	sizes(f fourCC) []sizes
	// start begins to deliver frames. A rate of 0 is the camera's own; one that the camera
	// does not have is no error.
	start(f fourCC, size image.Point, rate float64) error
	// frame has read look at the next frame. It reports false if none came within a second.
	frame(read func(data []byte)) (bool, error)
	close() error
}

// cameraOf is [Camera] with a way to open it.
func cameraOf(open func(path string) (device, error), path string, opts []Option) Source {
	return from(opts, func(ctx context.Context, c config, deliver func(Frame, error) bool) error {
		if err := c.watch(ctx, open, path, deliver); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
}

func (c config) watch(ctx context.Context, open func(string) (device, error), path string, deliver func(Frame, error) bool) error {
	d, err := open(path)
	if err != nil {
		return err
	}
	defer d.close()
	want := image.Pt(c.width, c.height)
	if want == (image.Point{}) {
		want = image.Pt(640, 480)
	}
	format, err := choose(d.formats(), want)
	if err != nil {
		return err
	}
	size := nearest(d.sizes(format), want)
	if err := d.start(format, size, c.rate); err != nil {
		return err
	}
	decode := func(data []byte) (image.Image, error) { return fromYUYV(data, size) }
	if format == mjpg {
		decode = fromJPEG
	}
	return c.film(ctx, d, decode, deliver)
}

// film delivers frames until deliver has enough.
func (c config) film(ctx context.Context, d device, decode func([]byte) (image.Image, error), deliver func(Frame, error) bool) error {
	var k clock
	for last := time.Now(); ctx.Err() == nil; {
		var img image.Image
		var bad error
		came, err := d.frame(func(data []byte) { img, bad = decode(data) })
		switch {
		case err != nil:
			return err
		case came:
			if !deliver(Frame{Image: img, Time: k.now()}, bad) {
				return nil
			}
			last = time.Now()
		case time.Since(last) > c.timeout:
			return silent(c.timeout)
		}
	}
	return nil
}

// slowUSB is the largest picture, in pixels, of which USB 2 carries 30 a second as YUYV.
const slowUSB = 640 * 480

func choose(has []fourCC, size image.Point) (fourCC, error) {
	order := []fourCC{mjpg, yuyv}
	if size.X*size.Y <= slowUSB {
		order = []fourCC{yuyv, mjpg}
	}
	for _, f := range order {
		if slices.Contains(has, f) {
			return f, nil
		}
	}
	names := make([]string, len(has))
	for k, f := range has {
		names[k] = f.String()
	}
	slices.Sort(names)
	return 0, fmt.Errorf("%w: the camera has neither MJPG nor YUYV but %s: have ffmpeg read it", ErrFormat, cmp.Or(strings.Join(names, ", "), "nothing"))
}

// nearest is the smallest size that covers what is wanted, or else the largest. A camera
// that tells no sizes is asked for what is wanted.
func nearest(has []sizes, want image.Point) image.Point {
	var best image.Point
	for _, s := range has {
		size := image.Pt(s.fit(want.X, s.least.X, s.most.X, s.step.X), s.fit(want.Y, s.least.Y, s.most.Y, s.step.Y))
		if better(size, best, want) {
			best = size
		}
	}
	if best == (image.Point{}) {
		return want
	}
	return best
}

// fit is the smallest number that covers what is wanted, or else the largest.
func (sizes) fit(want, least, most, step int) int {
	step = max(step, 1)
	want = min(max(want, least), most)
	if up := least + (want-least+step-1)/step*step; up <= most {
		return up
	}
	return most
}

func better(a, b, want image.Point) bool {
	covers := func(p image.Point) bool { return p.X >= want.X && p.Y >= want.Y }
	area := func(p image.Point) int { return p.X * p.Y }
	if covers(a) != covers(b) {
		return covers(a)
	}
	return covers(a) == (area(a) < area(b)) && area(a) != area(b)
}
