package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Video reads a video by way of the program ffmpeg: a file, or any URL that it knows, such as
// rtsp://. Frames are scaled by ffmpeg ([WithSize]) and arrive as *image.YCbCr with 4:2:0
// sampling, in the colours of JPEG, which is what package vision scales fastest; it takes half
// of the memory of RGB.
//
// Without ffmpeg the error is [ErrFFmpeg], which says how to install it. What ffmpeg cannot
// read, or stops sending for longer than [WithTimeout], gives [ErrSource] with its own
// words. The process is gone when the loop has ended.
func Video(address string, opts ...Option) Source {
	return from(opts, func(ctx context.Context, c config, deliver func(Frame, error) bool) error {
		input, err := inputName(address)
		if err != nil {
			return err
		}
		return c.play(ctx, input, liveURL(address), deliver)
	})
}

// inputName is what ffmpeg calls a file or URL. A file's name may look like something else.
func inputName(address string) (string, error) {
	if strings.Contains(address, "://") {
		return address, nil
	}
	info, err := os.Stat(address)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return "", fmt.Errorf("%s: %w: it is a folder", address, ErrFormat)
	}
	return "file:" + address, nil
}

// liveSchemes are those of URLs where frames come when they come.
var liveSchemes = []string{"rtsp", "rtsps", "rtmp", "rtmps", "rtp", "srt", "tcp", "udp"}

func liveURL(address string) bool {
	scheme, _, ok := strings.Cut(address, "://")
	return ok && slices.Contains(liveSchemes, strings.ToLower(scheme))
}

// play runs ffmpeg and delivers what it sends.
func (c config) play(ctx context.Context, input string, live bool, deliver func(Frame, error) bool) error {
	ctx, dog := newWatchdog(ctx, c.timeout)
	defer dog.end() // which kills the process
	arguments := slices.Concat(c.inputs, []string{"-i", input, "-map", "0:v:0", "-vf", c.filters(), "-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "pipe:1"})
	p, err := ffmpeg(ctx, arguments...)
	if err != nil {
		return err
	}
	out, err := p.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.Start(); err != nil {
		return fmt.Errorf("%w: ffmpeg: %w", ErrSource, err)
	}
	ended := false
	defer func() {
		if !ended { // there is more, which nobody wants; or the program has panicked
			dog.end()
			_ = p.Wait() // says that it was killed
		}
	}()
	enough, err := c.frames(&watched{out, dog}, live, deliver)
	if enough || err != nil && !atEnd(err) {
		return err
	}
	ended = true
	if failed := p.failed(ErrSource, p.Wait()); failed != nil {
		return failed // which explains why the video ended
	}
	return err
}

// filters has ffmpeg scale, and make the colours those of JPEG.
func (c config) filters() string {
	colours := "out_range=full:out_color_matrix=bt601"
	scale := "scale=" + colours
	if c.width > 0 || c.height > 0 {
		// -2 keeps the proportions, with an even number of pixels.
		side := func(n int) int {
			if n == 0 {
				return -2
			}
			return n
		}
		scale = fmt.Sprintf("scale=%d:%d:%s", side(c.width), side(c.height), colours)
	}
	if c.rate > 0 {
		return fmt.Sprintf("fps=%g,%s", c.rate, scale)
	}
	return scale
}

// assumedRate is that of a video that tells none, in frames a second.
const assumedRate = 25

// frames delivers frames until there are no more or deliver has enough.
func (c config) frames(r io.Reader, live bool, deliver func(Frame, error) bool) (enough bool, err error) {
	s, err := newY4M(r)
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: ffmpeg sends no frame: %w", ErrSource, err)
	}
	if err != nil {
		return false, err
	}
	rate := s.rate
	if rate == 0 {
		rate = assumedRate
	}
	var k clock
	for index := 0; ; index++ {
		img, err := s.next()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		when := at(index, rate)
		if live {
			when = k.now()
		}
		if !deliver(Frame{Image: img, Time: when}, nil) {
			return true, nil
		}
	}
}

// atEnd reports whether a child has sent all that it will.
func atEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
