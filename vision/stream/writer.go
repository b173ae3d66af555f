package stream

import (
	"context"
	"fmt"
	"image"
	"image/draw"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Writer writes a video by way of the program ffmpeg. It is safe for concurrent use, though
// frames have an order.
type Writer struct {
	mu     sync.Mutex
	path   string
	config config

	closed bool
	size   image.Point // of all frames, once there is one
	child  *child
	kill   context.CancelFunc
	in     io.WriteCloser
	pixels *image.RGBA // of a frame that is not RGBA itself
	failed error
}

// videoEnds are the ends of names of videos, and what ffmpeg is told for them.
var videoEnds = map[string][]string{
	".mp4":  {"-pix_fmt", "yuv420p", "-movflags", "+faststart"},
	".mov":  {"-pix_fmt", "yuv420p", "-movflags", "+faststart"},
	".mkv":  {"-pix_fmt", "yuv420p"},
	".webm": {"-pix_fmt", "yuv420p"},
	".avi":  {"-pix_fmt", "yuv420p"},
}

// Create returns a writer of the video at path, whose name ends in .mp4, .mov, .mkv,
// .webm or .avi; another end gives [ErrFormat], and a machine without ffmpeg [ErrFFmpeg]. The
// frame rate is that of [WithRate], 25 by default. The file is begun with the first frame,
// and replaces one that is there already.
//
// Ctrl-C ends the program, not ffmpeg: call [Writer.Close], or the video cannot be played.
func Create(path string, opts ...Option) (*Writer, error) {
	w, err := create(path, opts)
	if err != nil {
		return nil, fmt.Errorf("stream: create: %w", err)
	}
	return w, nil
}

func create(path string, opts []Option) (*Writer, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	if c.rate == 0 {
		c.rate = assumedRate
	}
	if !IsVideo(path) {
		return nil, fmt.Errorf("%s: %w: end the name in .mp4, .mov, .mkv, .webm or .avi", path, ErrFormat)
	}
	if _, err := ffmpeg(context.Background()); err != nil {
		return nil, err
	}
	return &Writer{path: path, config: c}, nil
}

// IsVideo reports whether [Create] can write a file of that name.
func IsVideo(path string) bool {
	_, ok := videoEnds[strings.ToLower(filepath.Ext(path))]
	return ok
}

// Write adds a frame. All frames must have the size of the first one ([ErrSize]); an odd
// number of pixels is filled up with a black line, since most videos cannot have it. A nil
// or empty picture gives ErrSize too, one whose pixels cannot be read [ErrDamaged]. What
// ffmpeg cannot do gives [ErrWrite] with its own words.
func (w *Writer) Write(img image.Image) error {
	if err := w.write(img); err != nil {
		return fmt.Errorf("stream: write: %w", err)
	}
	return nil
}

func (w *Writer) write(img image.Image) error {
	if w == nil {
		return fmt.Errorf("the writer is nil: %w", ErrClosed)
	}
	if err := checkPicture(img); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch size := img.Bounds().Size(); {
	case w.closed:
		return ErrClosed
	case w.failed != nil:
		return w.failed
	case size.X > maxSide || size.Y > maxSide:
		return fmt.Errorf("a frame of %v pixels, the longest side possible is %d: %w", size, maxSide, ErrSize)
	case w.child == nil:
		if w.failed = w.begin(size); w.failed != nil {
			return w.failed
		}
	case size != w.size:
		return fmt.Errorf("a frame of %v pixels, the video has %v: %w", size, w.size, ErrSize)
	}
	pixels, err := w.rgba(img)
	if err != nil {
		return err
	}
	if _, err := w.in.Write(pixels); err != nil {
		w.failed = w.finish(err)
	}
	return w.failed
}

// begin starts ffmpeg.
func (w *Writer) begin(size image.Point) error {
	ctx, kill := context.WithCancel(context.Background())
	arguments := slices.Concat(
		[]string{"-y", "-f", "rawvideo", "-pix_fmt", "rgba", "-s", fmt.Sprintf("%dx%d", size.X, size.Y)},
		[]string{"-framerate", strconv.FormatFloat(w.config.rate, 'g', -1, 64), "-i", "pipe:0"},
		[]string{"-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2"}, videoEnds[strings.ToLower(filepath.Ext(w.path))],
		w.config.outputs, []string{"file:" + w.path})
	p, err := ffmpeg(ctx, arguments...)
	if err == nil {
		w.in, err = p.StdinPipe()
	}
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		kill()
		return fmt.Errorf("%s: %w: %w", w.path, ErrWrite, err)
	}
	w.size, w.child, w.kill = size, p, kill
	return nil
}

// rgba are the pixels in rows.
func (w *Writer) rgba(img image.Image) (pixels []byte, err error) {
	defer recovered(img, &err)
	row := 4 * w.size.X
	if m, ok := img.(*image.RGBA); ok && m.Stride == row {
		from := m.PixOffset(m.Rect.Min.X, m.Rect.Min.Y)
		return m.Pix[from : from+row*w.size.Y], nil
	}
	if w.pixels == nil {
		w.pixels = image.NewRGBA(image.Rectangle{Max: w.size})
	}
	draw.Draw(w.pixels, w.pixels.Rect, img, img.Bounds().Min, draw.Src)
	return w.pixels.Pix, nil
}

// finish waits for ffmpeg to end; why is an error that there was before.
func (w *Writer) finish(why error) error {
	closed := w.in.Close()
	defer w.kill()
	err := w.child.Wait()
	if err == nil {
		err = why
	}
	if err == nil {
		err = closed
	}
	if err = w.child.failed(ErrWrite, err); err != nil {
		return fmt.Errorf("%s: %w", w.path, err)
	}
	return nil
}

// Close finishes the file, which may take a moment. Without a frame there is no file. The
// error is that of ffmpeg, if Write has not returned it already; a second Close gives
// [ErrClosed].
func (w *Writer) Close() error {
	if w == nil {
		return fmt.Errorf("stream: close: the writer is nil: %w", ErrClosed)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return fmt.Errorf("stream: close: %w", ErrClosed)
	}
	w.closed = true
	if w.child == nil || w.failed != nil {
		return nil
	}
	if err := w.finish(nil); err != nil {
		return fmt.Errorf("stream: close: %w", err)
	}
	return nil
}
