package stream

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// scanner finds the JPEGs in a stream of bytes, by their own structure: a picture ends where
// its last marker says so, and what comes before the next one is passed over. It needs neither
// lengths nor the boundaries of multipart messages, which many cameras get wrong, and has a
// picture as soon as its last byte has arrived, not when the next one begins.
type scanner struct {
	r     *bufio.Reader
	limit int
	data  []byte // the picture that is being read
	begun bool   // its first two bytes have been read already
}

// maxGap is how many bytes may stand between two pictures.
const maxGap = 64 << 10

// The markers of JPEG that matter here, each after a byte 0xFF.
const (
	markerStart = 0xD8
	markerEnd   = 0xD9
	markerScan  = 0xDA
)

func newScanner(r io.Reader, limit int) *scanner {
	return &scanner{r: bufio.NewReaderSize(r, 32<<10), limit: limit}
}

// next returns the next picture, which is valid until the next call. At the end it returns
// io.EOF, and for a picture that ends too early or goes on where it should not, ErrDamaged,
// after which there may be others. Other errors are the last.
func (s *scanner) next() ([]byte, error) {
	if !s.begun {
		if err := s.find(); err != nil {
			return nil, err
		}
	}
	s.begun = false
	s.data = append(s.data[:0], 0xFF, markerStart)
	marker, err := s.marker()
	for err == nil {
		switch {
		case marker == markerEnd:
			return s.data, nil
		case marker == markerStart:
			s.begun = true // this one lacks its end, and another begins
			return nil, fmt.Errorf("%w: a JPEG ends after %d bytes, before its end", ErrDamaged, len(s.data)-2)
		case !alone(marker):
			err = s.segment()
		}
		switch {
		case err != nil:
		case marker == markerScan:
			marker, err = s.scan()
		default:
			marker, err = s.marker()
		}
	}
	return nil, s.explain(err)
}

// find goes to the first three bytes of a picture, and reads two of them.
func (s *scanner) find() error {
	for range maxGap {
		head, err := s.r.Peek(3)
		if len(head) == 3 && head[0] == 0xFF && head[1] == markerStart && head[2] == 0xFF {
			_, err = s.r.Discard(2)
			return err
		}
		if err != nil {
			return err // io.EOF after a gap at the end
		}
		_, _ = s.r.Discard(1) // it is there
	}
	return fmt.Errorf("%w: there is no JPEG in %d bytes", ErrFormat, maxGap)
}

// explain tells a picture that ends too early from a stream that fails.
func (s *scanner) explain(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: a JPEG ends after %d bytes, before its end", ErrDamaged, len(s.data))
	}
	return err
}

// alone reports whether nothing belongs to a marker.
func alone(marker byte) bool { return marker == 0x01 || restart(marker) }

// restart reports whether a marker stands within a scan.
func restart(marker byte) bool { return 0xD0 <= marker && marker <= 0xD7 }

func (s *scanner) add(b ...byte) error {
	if len(s.data)+len(b) > s.limit {
		return fmt.Errorf("%w: a JPEG has more than %d bytes (WithMaxFrame)", ErrTooLarge, s.limit)
	}
	s.data = append(s.data, b...)
	return nil
}

func (s *scanner) read() (byte, error) {
	b, err := s.r.ReadByte()
	if err == nil {
		err = s.add(b)
	}
	return b, err
}

// marker reads a marker, which any number of bytes 0xFF may come before.
func (s *scanner) marker() (byte, error) {
	for first := true; ; first = false {
		b, err := s.read()
		switch {
		case err != nil:
			return 0, err
		case first && b != 0xFF || b == 0:
			return 0, fmt.Errorf("%w: a JPEG has 0x%02X after %d bytes, where a marker should be", ErrDamaged, b, len(s.data)-1)
		case b != 0xFF:
			return b, nil
		}
	}
}

// segment reads two bytes of length, which count themselves, and what belongs to them.
func (s *scanner) segment() error {
	high, err := s.read()
	if err != nil {
		return err
	}
	low, err := s.read()
	if err != nil {
		return err
	}
	length := int(high)<<8 | int(low)
	if length < 2 {
		return fmt.Errorf("%w: a JPEG has a segment of %d bytes", ErrDamaged, length)
	}
	for length -= 2; length > 0; {
		chunk, err := s.r.Peek(min(length, s.r.Size()))
		if len(chunk) == 0 {
			return err
		}
		if err := s.add(chunk...); err != nil {
			return err
		}
		_, _ = s.r.Discard(len(chunk)) // it is there
		length -= len(chunk)
	}
	return nil
}

// scan reads the compressed pixels, and returns the marker that ends them.
func (s *scanner) scan() (byte, error) {
	for {
		chunk, err := s.r.ReadSlice(0xFF)
		if full := s.add(chunk...); full != nil {
			return 0, full
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		b := byte(0xFF)
		for err == nil && b == 0xFF {
			b, err = s.read()
		}
		if err != nil {
			return 0, err
		}
		if b != 0 && !restart(b) {
			return b, nil
		}
	}
}
