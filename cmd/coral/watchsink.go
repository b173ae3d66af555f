package main

import (
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gocoral/coral/vision/annotate"
	"github.com/gocoral/coral/vision/stream"
)

// sink is where annotated frames go: into a folder or a video. A nil one takes nothing.
//
// A video has a steady rate, and frames come when they come: each is repeated until the time
// of the next one.
type sink struct {
	folder string
	path   string
	video  *stream.Writer // nil before the second frame
	rate   float64        // of the video, 0: as the first two frames tell
	first  time.Duration
	last   image.Image // not yet written
	n      int         // frames written
}

// videoEndings are those of videos that can be written.
var videoEndings = []string{".mp4", ".mov", ".mkv", ".webm", ".avi", ".gif"}

// usualRate is that of a video whose source does not tell.
const usualRate = 25

// newSink makes the folder, but no file. The rate is 0 if it is not known.
func newSink(output, source string, rate float64, live bool) (*sink, error) {
	if output == "" {
		return nil, nil
	}
	folder := !stream.IsVideo(output)
	if ending := strings.ToLower(filepath.Ext(output)); folder && ending != "" {
		var err error
		if folder, err = isFolderName(output, videoEndings...); err != nil {
			return nil, err
		}
		if !folder {
			return nil, usagef("%s does not hold many frames: give --output a video or a folder", output)
		}
	}
	if err := notOver(output, []string{source}); err != nil {
		return nil, err
	}
	if !folder {
		if live && rate == 0 {
			rate = usualRate
		}
		return &sink{path: output, rate: rate}, nil
	}
	return &sink{folder: output}, os.MkdirAll(output, 0o755)
}

// write takes the next frame, which belongs at that time.
func (s *sink) write(at time.Duration, img image.Image) error {
	if s.folder != "" {
		s.n++
		return annotate.Save(filepath.Join(s.folder, fmt.Sprintf("frame%06d.jpg", s.n)), img)
	}
	if s.last == nil {
		s.first, s.last = at, img
		return nil
	}
	if s.rate == 0 && at > s.first {
		s.rate = min(max(float64(time.Second)/float64(at-s.first), 1), 120)
	}
	err := s.fill(int(math.Round((at - s.first).Seconds() * s.rate)))
	s.last = img
	return err
}

// fill writes the frame before until there are n.
func (s *sink) fill(n int) (err error) {
	if s.rate == 0 {
		s.rate = usualRate
	}
	if s.video == nil {
		if s.video, err = stream.Create(s.path, stream.WithRate(s.rate)); err != nil {
			return err
		}
	}
	for ; s.n < n; s.n++ {
		if err := s.video.Write(s.last); err != nil {
			return err
		}
	}
	return nil
}

// close finishes the video.
func (s *sink) close() error {
	if s == nil || s.last == nil {
		return nil
	}
	err := s.fill(s.n + 1)
	if s.video == nil {
		return err
	}
	if closed := s.video.Close(); err == nil {
		err = closed
	}
	return err
}
