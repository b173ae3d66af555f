package stream

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"io"
	"strconv"
	"strings"

	"github.com/gocoral/coral/vision"
)

// y4m reads a YUV4MPEG2 stream: a line that tells the size and the rate, and then the
// planes of one picture after the other, with 4:2:0 sampling. Whatever their range and
// matrix, they are taken as those of JPEG.
type y4m struct {
	r             *bufio.Reader
	width, height int
	rate          float64 // 0: not told
}

// maxLine is how long a line of the stream may be.
const maxLine = 1 << 10

func newY4M(r io.Reader) (*y4m, error) {
	s := &y4m{r: bufio.NewReaderSize(r, 64<<10)}
	fields, err := s.line("YUV4MPEG2")
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		key, value := f[:1], f[1:]
		switch key {
		case "W":
			s.width, err = strconv.Atoi(value)
		case "H":
			s.height, err = strconv.Atoi(value)
		case "F":
			s.rate = ratio(value)
		case "C":
			if value != "420" && value != "420jpeg" && value != "420mpeg2" && value != "420paldv" {
				err = errors.New("its sampling is not 4:2:0 with 8 bits")
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%w: a YUV4MPEG2 stream with %q: %w", ErrFormat, f, err)
		}
	}
	switch {
	case s.width < 1 || s.height < 1:
		return nil, fmt.Errorf("%w: a YUV4MPEG2 stream of %d×%d pixels", ErrFormat, s.width, s.height)
	case s.width > maxSide || s.height > maxSide || int64(s.width)*int64(s.height) > vision.DefaultMaxPixels:
		return nil, fmt.Errorf("%w: frames of %d×%d pixels: have them scaled (WithSize)", ErrTooLarge, s.width, s.height)
	}
	return s, nil
}

// ratio is that of "30000:1001", and 0 for what is none.
func ratio(text string) float64 {
	above, below, _ := strings.Cut(text, ":")
	n, _ := strconv.ParseUint(above, 10, 31)
	m, _ := strconv.ParseUint(below, 10, 31)
	if m == 0 {
		return 0
	}
	return float64(n) / float64(m)
}

// next returns the next picture, and io.EOF at the end.
func (s *y4m) next() (*image.YCbCr, error) {
	if _, err := s.r.Peek(1); err != nil {
		return nil, err
	}
	if _, err := s.line("FRAME"); err != nil {
		return nil, err
	}
	// A header alone claims no memory.
	if _, err := s.r.Peek(min(s.width*s.height, s.r.Size())); err != nil {
		return nil, cutOff(err)
	}
	img := image.NewYCbCr(image.Rect(0, 0, s.width, s.height), image.YCbCrSubsampleRatio420)
	for _, plane := range [][]uint8{img.Y, img.Cb, img.Cr} {
		if _, err := io.ReadFull(s.r, plane); err != nil {
			return nil, cutOff(err)
		}
	}
	return img, nil
}

// line reads a line that begins with a word, and returns its other words.
func (s *y4m) line(word string) ([]string, error) {
	text, err := s.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull) || len(text) > maxLine:
		return nil, fmt.Errorf("%w: a YUV4MPEG2 stream has no line that begins with %s", ErrFormat, word)
	case errors.Is(err, io.EOF) && len(text) == 0:
		return nil, err
	case err != nil:
		return nil, cutOff(err)
	}
	rest, ok := strings.CutPrefix(strings.TrimSuffix(string(text), "\n"), word)
	if !ok || rest != "" && rest[0] != ' ' {
		return nil, fmt.Errorf("%w: a YUV4MPEG2 stream has no line that begins with %s", ErrFormat, word)
	}
	return strings.Fields(rest), nil
}

// cutOff is the error of a read within a frame.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the video ends within a frame: %w", ErrDamaged, io.ErrUnexpectedEOF)
	}
	return err
}
