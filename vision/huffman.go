package vision

import (
	"bytes"
	"image/jpeg"
	"math/bits"
)

// huffmanCode is one of the codes of a JPEG file, both ways.
type huffmanCode struct {
	spec    []byte // as in the file: how many codes there are of each length, and their symbols
	codes   [256]uint16
	lengths [256]uint8
	// Of each length: the code after the last one, and what to add to a code to get the
	// place of its symbol.
	ends, offsets [17]int
}

// newHuffmanCode reads the code at the start of b, and returns what follows.
func newHuffmanCode(b []byte) (h *huffmanCode, rest []byte, err error) {
	if len(b) < 16 {
		return nil, nil, jpeg.FormatError("DHT has wrong length")
	}
	total := 0
	for _, n := range b[:16] {
		total += int(n)
	}
	if total == 0 || total > 256 || len(b) < 16+total {
		return nil, nil, jpeg.FormatError("Huffman table has bad length")
	}
	h = &huffmanCode{spec: b[:16+total]}
	code, place := 0, 0
	for length := 1; length <= 16; length++ {
		n := int(b[length-1])
		h.offsets[length] = place - code
		for _, symbol := range b[16+place:][:n] {
			h.codes[symbol], h.lengths[symbol] = uint16(code), uint8(length)
			code++
		}
		if code > 1<<length {
			return nil, nil, jpeg.FormatError("Huffman table has too many codes")
		}
		place += n
		h.ends[length] = code
		code <<= 1
	}
	return h, b[16+total:], nil
}

// fixedCode has five bits for each of sixteen symbols.
var fixedCode, _, _ = newHuffmanCode([]byte("\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"))

// readCodes reads a DHT segment.
func (sp *splitter) readCodes(data []byte) error {
	for len(data) > 0 {
		class, id := data[0]>>4, data[0]&15
		if class > 1 || id > 3 {
			return jpeg.FormatError("bad Huffman table number")
		}
		code, rest, err := newHuffmanCode(data[1:])
		if err != nil {
			return err
		}
		sp.codes[class][id], data = code, rest
	}
	return nil
}

// bitReader reads the data of a scan.
type bitReader struct {
	r    *source
	byte byte
	left int // bits of byte
}

func (b *bitReader) bit() (uint32, error) {
	if b.left == 0 {
		c, err := b.r.ReadByte()
		if err != nil {
			return 0, err
		}
		if c == 0xff {
			if zero, err := b.r.ReadByte(); err != nil {
				return 0, err
			} else if zero != 0 {
				return 0, jpeg.FormatError("a scan ends too early")
			}
		}
		b.byte, b.left = c, 8
	}
	b.left--
	return uint32(b.byte>>b.left) & 1, nil
}

func (b *bitReader) bits(n int) (value uint32, err error) {
	for range n {
		bit, err := b.bit()
		if err != nil {
			return 0, err
		}
		value = value<<1 | bit
	}
	return value, nil
}

func (b *bitReader) symbol(h *huffmanCode) (byte, error) {
	if h == nil {
		return 0, jpeg.FormatError("a Huffman table is missing")
	}
	code := 0
	for length := 1; length <= 16; length++ {
		bit, err := b.bit()
		if err != nil {
			return 0, err
		}
		code = code<<1 | int(bit)
		if code < h.ends[length] {
			return h.spec[16+code+h.offsets[length]], nil
		}
	}
	return 0, jpeg.FormatError("bad Huffman code")
}

// restart skips the rest of a byte and the marker behind it.
func (b *bitReader) restart() error {
	b.left = 0
	c, err := b.r.ReadByte()
	if err != nil {
		return err
	}
	if c != 0xff {
		return jpeg.FormatError("bad RST marker")
	}
	for c == 0xff { // more of them may come before a marker
		if c, err = b.r.ReadByte(); err != nil {
			return err
		}
	}
	if c < markerRST0 || c >= markerSOI {
		return jpeg.FormatError("bad RST marker")
	}
	return nil
}

// bitWriter writes the data of a scan.
type bitWriter struct {
	w    *bytes.Buffer
	acc  uint32
	n    int
	last int32 // mean
}

// put writes the n lower bits of value, 16 at most.
func (b *bitWriter) put(value uint32, n int) {
	b.acc, b.n = b.acc<<n|value, b.n+n
	for ; b.n >= 8; b.n -= 8 {
		c := byte(b.acc >> (b.n - 8))
		b.w.WriteByte(c)
		if c == 0xff {
			b.w.WriteByte(0)
		}
	}
}

// putMean writes the difference from the last one, in the fixed code.
func (b *bitWriter) putMean(mean int32) error {
	diff := mean - b.last
	b.last = mean
	size := bits.Len32(uint32(max(diff, -diff)))
	if size > 15 {
		return jpeg.FormatError("excessive DC component")
	}
	if diff < 0 {
		diff += 1<<size - 1
	}
	b.put(uint32(size), 5)
	b.put(uint32(diff), size)
	return nil
}

// flush fills the last byte with ones.
func (b *bitWriter) flush() {
	if b.n > 0 {
		b.put(1<<(8-b.n)-1, 8-b.n)
	}
}
