package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/vision"
)

// JPEGs reads pictures that follow each other on a pipe, such as those of
//
//	ffmpeg -i … -f image2pipe -codec:v mjpeg -
//
// It looks for where each picture begins and ends, so that what stands between them may be
// anything of up to 64 KiB, such as the headers of a multipart message. The reader is read by
// one loop at a time, and is not closed. A read that lasts is ended by the context if the
// reader has the method SetReadDeadline, as connections and pipes have.
//
// A damaged picture gives an error, and the next one follows. What is no JPEG at all ends
// the source with [ErrFormat], and a picture of more bytes than [WithMaxFrame] allows with
// [ErrTooLarge]. How many pixels it may have is limited as in vision.Decode.
func JPEGs(r io.Reader, opts ...Option) Source {
	return from(opts, func(ctx context.Context, c config, deliver func(Frame, error) bool) error {
		if errs.IsNil(r) {
			return fmt.Errorf("%w: the reader is nil", ErrSource)
		}
		if d, ok := r.(interface{ SetReadDeadline(time.Time) error }); ok {
			defer context.AfterFunc(ctx, func() { _ = d.SetReadDeadline(time.Now()) })()
		}
		return readJPEGs(r, c, deliver)
	})
}

func readJPEGs(r io.Reader, c config, deliver func(Frame, error) bool) error {
	var k clock
	for s := newScanner(r, c.maxFrame); ; {
		data, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, ErrDamaged) {
			return err
		}
		f, err := frameOf(data, err, k.now())
		if !deliver(f, err) {
			return nil
		}
	}
}

// frameOf decodes a JPEG that was read without an error.
func frameOf(data []byte, err error, at time.Duration) (Frame, error) {
	f := Frame{Time: at}
	if err == nil {
		f.Image, err = vision.Decode(bytes.NewReader(data))
	}
	return f, err
}
