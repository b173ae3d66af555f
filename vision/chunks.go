package vision

import (
	"encoding/binary"
	"io"
)

// chunkReader passes on those chunks of a PNG or WebP file that a decoder has to see,
// and keeps the one with EXIF data. A chunk is a name, a size, and so many bytes.
type chunkReader struct {
	r       io.Reader
	layout  chunkLayout
	exif    []byte
	pending []byte // to be passed on before anything else
	left    int64  // bytes of the present chunk to be passed on
}

// chunkLayout is where the formats differ.
type chunkLayout struct {
	// header takes the 8 bytes before the data apart. total counts what follows the
	// data, too.
	header func([8]byte) (name string, size, total int64)
	exif   string // the name of the chunk
	// passed are the chunks for the decoder.
	passed map[string]bool
}

var pngChunks = chunkLayout{
	header: func(b [8]byte) (string, int64, int64) {
		size := int64(binary.BigEndian.Uint32(b[:4]))
		return string(b[4:]), size, size + 4 // and a checksum
	},
	exif:   "eXIf",
	passed: map[string]bool{"IHDR": true, "PLTE": true, "tRNS": true, "IDAT": true, "IEND": true},
}

var webpChunks = chunkLayout{
	header: func(b [8]byte) (string, int64, int64) {
		size := int64(binary.LittleEndian.Uint32(b[4:]))
		return string(b[:4]), size, size + size&1 // the next one begins at an even position
	},
	exif:   "EXIF",
	passed: map[string]bool{"VP8X": true, "ALPH": true, "VP8 ": true, "VP8L": true}, //nolint:gocritic // its name has a blank
}

// maxEXIF is far above what EXIF data take, in bytes.
const maxEXIF = 1 << 20

// newChunkReader begins with so many bytes that belong to no chunk.
func newChunkReader(r io.Reader, layout chunkLayout, start int64) *chunkReader {
	return &chunkReader{r: r, layout: layout, left: start}
}

func (c *chunkReader) Read(b []byte) (int, error) {
	for len(c.pending) == 0 && c.left == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if len(c.pending) > 0 {
		n := copy(b, c.pending)
		c.pending = c.pending[n:]
		return n, nil
	}
	n, err := c.r.Read(b[:min(int64(len(b)), c.left)])
	c.left -= int64(n)
	if err == io.EOF && c.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// next goes on to the next chunk, passing on its header or all of it by.
func (c *chunkReader) next() error {
	var header [8]byte
	if _, err := io.ReadFull(c.r, header[:]); err != nil {
		return err
	}
	name, size, total := c.layout.header(header)
	if c.layout.passed[name] {
		c.pending, c.left = header[:], total
		return nil
	}
	if name == c.layout.exif && c.exif == nil && size <= maxEXIF {
		c.exif = make([]byte, size)
		if _, err := io.ReadFull(c.r, c.exif); err != nil {
			return err
		}
		total -= size
	}
	_, err := io.CopyN(io.Discard, c.r, total)
	return err
}

// finish reads on to the EXIF data behind the pixels. What is wrong there does not
// matter: the pixels are good.
func (c *chunkReader) finish() {
	for c.exif == nil {
		if _, err := io.CopyN(io.Discard, c, max(c.left, 1)); err != nil {
			return
		}
	}
}
