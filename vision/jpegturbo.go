package vision

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"sync"

	"github.com/gocoral/coral/internal/turbojpeg"
)

// Where libjpeg-turbo is installed, JPEG files are decoded by it, some three times as fast,
// and smaller than they are if that will do. It reads a file in memory. Whatever it does not
// decode without a warning, package image/jpeg decodes from there, or tells what is wrong
// with it. So no picture is refused because of what is installed, and errors are the same;
// a few damaged files are read that image/jpeg refuses.

// LibjpegTurbo is the file of libjpeg-turbo that JPEG files are decoded by, or the reason why
// they are decoded by package image/jpeg. It is looked for once, as libturbojpeg.so.0
// (Debian's package libturbojpeg0), or by the path in the environment variable
// CORAL_TURBOJPEG_LIB, where "none" is none.
func LibjpegTurbo() (path string, err error) {
	l, err := turbojpeg.Installed()
	if err != nil {
		return "", fmt.Errorf("vision: libjpeg-turbo: %w", err)
	}
	return l.Path(), nil
}

// WithGoDecoder has JPEG files decoded by package image/jpeg also where libjpeg-turbo is
// installed: for the same pixels on every machine, which otherwise differ by up to 3 of 255,
// or to have no C code read files of strangers.
func WithGoDecoder() LoadOption {
	return func(c *loadConfig) error {
		c.goDecoder = true
		return nil
	}
}

// WithSizeHint says that the picture will be scaled to at most width by height pixels, as
// SetInput does for a model's input. Where libjpeg-turbo is installed, a JPEG file is then
// decoded at a half, a quarter or an eighth of its size, as long as both sides stay at least
// twice what is needed: what comes out then differs from that of the whole picture by less
// than 1 of 255 in the mean. Pillow's thumbnail does the same.
//
// The picture is then the smaller one: its bounds, and so the parts for [WithCrop] and the
// places of what is found in it, are in its own pixels. Limits hold for the file's own size.
// Other files, and JPEG without libjpeg-turbo, are decoded as they are. Numbers below 1 give
// [ErrRange].
func WithSizeHint(width, height int) LoadOption {
	return func(c *loadConfig) error {
		if width < 1 || height < 1 {
			return fmt.Errorf("a size hint of %d×%d pixels, both must be at least 1: %w", width, height, ErrRange)
		}
		c.hint = image.Pt(width, height)
		return nil
	}
}

// SizeHint is [WithSizeHint] for pictures that are shown to this input whole. With the option
// [WithCrop], which counts in pixels of the whole picture, it changes nothing.
func (in *Input) SizeHint() LoadOption {
	if in == nil || in.c == nil || in.c.crop != nil {
		return nil
	}
	return WithSizeHint(in.size.w, in.size.h)
}

// enough is how much larger than needed a picture must stay: at once the size, what a model
// sees differs by up to 2.5 of 255 in the mean and 38 at most, at twice by 0.4 and 7.
const enough = 2

// turboScale is by what the picture may be divided for a hint, which is one of the picture
// when it is upright.
func (h *jpegHeader) turboScale(hint image.Point, o orientation) int {
	if hint == (image.Point{}) {
		return 1
	}
	hint.X, hint.Y = o.size(hint.X, hint.Y)
	header := h.turboHeader()
	for _, scale := range turbojpeg.Scales {
		if turbojpeg.Scaled(header.Width, scale)/enough < hint.X || turbojpeg.Scaled(header.Height, scale)/enough < hint.Y {
			continue
		}
		if _, planes := h.planarSampling(); planes {
			return header.PlaneScale(scale)
		}
		return scale
	}
	return 1
}

// turboHeader is what the library has to see in the file.
func (h *jpegHeader) turboHeader() turbojpeg.Header {
	sampling, _ := h.planarSampling()
	return turbojpeg.Header{Width: h.frame.width, Height: h.frame.height, Sampling: sampling}
}

// decodeTurbo decodes by libjpeg-turbo what stands in s behind the header; decoding it by
// image/jpeg takes so many bytes of memory. Without a picture and an error, it is for
// image/jpeg to decode what stands in the source returned.
func (h *jpegHeader) decodeTurbo(s *source, c loadConfig, o orientation, goBytes int64) (image.Image, *source, error) {
	if n := len(h.frame.components); c.goDecoder || n != 1 && n != 3 {
		return nil, s, nil
	}
	l, _ := turbojpeg.Installed() // why not, LibjpegTurbo tells
	if l == nil {
		return nil, s, nil
	}
	scale := h.turboScale(c.hint, o)
	g := gatherer{s: s, room: c.maxMemory - max(goBytes, h.turboBytes(scale))}
	if g.room < int64(len(h.bytes)) {
		return nil, s, nil
	}
	buffer := fileBuffers.Get().(*[]byte)
	*buffer = append((*buffer)[:0], h.bytes...)
	g.file = *buffer
	if err := g.run(); err == nil {
		if img, err := h.turboImage(l, g.file, scale); err == nil {
			if cap(g.file) <= maxFileBuffer {
				*buffer = g.file
				fileBuffers.Put(buffer)
			}
			return img, s, nil
		}
	} else if !errors.Is(err, errNotWhole) && !errors.Is(err, io.EOF) {
		return nil, s, err
	}
	return nil, s.after(g.file[len(h.bytes):]), nil
}

// fileBuffers are for files in memory, to be used again.
var fileBuffers = sync.Pool{New: func() any { return new([]byte) }}

// maxFileBuffer is what a camera's picture may take, in bytes. Larger buffers are left to the
// garbage collector.
const maxFileBuffer = 8 << 20

// turboImage has the library decode a file.
func (h *jpegHeader) turboImage(l *turbojpeg.Library, file []byte, scale int) (image.Image, error) {
	if len(h.frame.components) == 1 {
		return l.Gray(file, h.turboHeader(), scale)
	}
	if _, planes := h.planarSampling(); planes {
		return l.YCbCr(file, h.turboHeader(), scale)
	}
	return l.RGBA(file, h.turboHeader(), scale)
}

// planarSampling is that of a file whose planes the library gives, and false for others.
func (h *jpegHeader) planarSampling() (image.YCbCrSubsampleRatio, bool) {
	c := h.frame.components
	if len(c) != 3 || h.isRGB() || c[1].h*c[1].v != 1 || c[2].h*c[2].v != 1 {
		return 0, false
	}
	sampling, ok := ratios[image.Pt(c[0].h, c[0].v)]
	return sampling, ok && turbojpeg.Knows(sampling)
}

// turboBytes is what decoding takes besides the file: planes or pixels, and the coefficients
// of the whole picture, 2 bytes each, if they come in several scans.
func (h *jpegHeader) turboBytes(scale int) int64 {
	f := &h.frame
	bytes := f.samples() / int64(scale*scale)
	if _, ok := h.planarSampling(); !ok && len(f.components) == 3 {
		bytes = 4 * area(turbojpeg.Scaled(f.width, scale), turbojpeg.Scaled(f.height, scale))
	}
	if f.progressive || h.partial {
		bytes += 2 * f.samples()
	}
	return bytes
}

// gatherer collects a file in memory, from its first scan to its end.
type gatherer struct {
	s    *source
	file []byte // all that was read of s, behind the header
	room int64  // how long the file may become
}

// errNotWhole: there is no room for the file, or something in it that not every decoder
// knows.
var errNotWhole = errors.New("not the whole file")

func (g *gatherer) run() error {
	marker, scans := byte(markerSOS), 0
	for marker != markerEOI {
		switch marker {
		case markerSOS:
			if scans++; scans >= maxScans {
				return errNotWhole
			}
		case markerDHT, markerDQT, markerDRI:
		default:
			return errNotWhole
		}
		if err := g.segment(); err != nil {
			return err
		}
		var err error
		if marker, err = g.upToMarker(); err != nil {
			return err
		}
	}
	return nil
}

// segment takes what follows a marker.
func (g *gatherer) segment() error {
	if err := g.take(2); err != nil {
		return err
	}
	n := int(binary.BigEndian.Uint16(g.file[len(g.file)-2:]))
	return g.take(max(n-2, 0))
}

// upToMarker takes the data of a scan, or what else stands there, and the marker behind it.
func (g *gatherer) upToMarker() (byte, error) {
	afterFF := false
	for {
		chunk, err := g.s.Peek(max(g.s.Buffered(), 1))
		if err != nil {
			return 0, err
		}
		n := markerEnd(chunk, afterFF)
		if err := g.take(max(n, -n)); err != nil {
			return 0, err
		}
		last := g.file[len(g.file)-1]
		if n > 0 {
			return last, nil
		}
		afterFF = last == 0xff
	}
}

// markerEnd is how many bytes there are up to the first marker of a segment and with it, or
// minus their number if there is none. Before the first there may stand a byte 0xff.
func markerEnd(b []byte, afterFF bool) int {
	for i := 0; i < len(b); i++ {
		if !afterFF {
			n := bytes.IndexByte(b[i:], 0xff)
			if n < 0 {
				break
			}
			i, afterFF = i+n, true
			continue
		}
		if m := b[i]; m != 0 && m != 0xff && (m < markerRST0 || m >= markerSOI) {
			return i + 1
		}
		afterFF = b[i] == 0xff
	}
	return -len(b)
}

// take moves n bytes of the source to the file. What a source that ends too early has left is
// moved, too.
func (g *gatherer) take(n int) error {
	for n > 0 {
		chunk, err := g.s.Peek(min(n, max(g.s.Buffered(), 1)))
		if len(chunk) == 0 {
			return err
		}
		if int64(len(g.file)+len(chunk)) > g.room {
			return errNotWhole
		}
		g.file = append(g.file, chunk...)
		if _, err := g.s.Discard(len(chunk)); err != nil {
			return err
		}
		n -= len(chunk)
	}
	return nil
}

// after is a source of what was read of s, and then of the rest of it.
func (s *source) after(read []byte) *source {
	again := newSource(io.MultiReader(bytes.NewReader(read), s))
	again.in.left = math.MaxInt64 // s has the limit
	return again
}
