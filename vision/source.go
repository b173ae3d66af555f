package vision

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// source is the stream that a picture is read from.
type source struct {
	*bufio.Reader
	in *metered
}

const (
	// peekable is how many bytes of a file can be looked at before they are read.
	peekable = 1 << 16
	// maxMetadata is how much a file may hold besides its pixels, in bytes. What comes
	// from a pipe without an end must end somewhere.
	maxMetadata = 16 << 20
)

func newSource(r io.Reader) *source {
	in := &metered{r: r, left: maxMetadata}
	return &source{bufio.NewReaderSize(in, peekable), in}
}

// allow makes room for pixels that take so many bytes in memory, and less than twice that
// in any file.
func (s *source) allow(pixels int64) { s.in.left += 2 * pixels }

// peek returns up to n bytes from the start of the file.
func (s *source) peek(n int) []byte {
	b, _ := s.Peek(n)
	return b
}

// explain tells broken data from a stream that failed or went on for ever. Decoders do
// not all wrap the errors of their reader.
func (s *source) explain(f *format, err error) error {
	switch {
	case errors.Is(err, ErrFormat), errors.Is(err, ErrDamaged), errors.Is(err, ErrTooLarge):
		return err
	case s.in.err != nil:
		return s.in.err
	}
	return f.explain(err)
}

// metered is a reader with a limit, which remembers how it failed.
type metered struct {
	r    io.Reader
	left int64
	err  error
}

func (m *metered) Read(b []byte) (int, error) {
	if m.left <= 0 {
		m.err = fmt.Errorf("%w: the file goes on for more than %d bytes beyond its pixels", ErrTooLarge, int64(maxMetadata))
		return 0, m.err
	}
	n, err := m.r.Read(b[:min(int64(len(b)), m.left)])
	m.left -= int64(n)
	if err != nil && err != io.EOF {
		m.err = err
	}
	return n, err
}
