package vision

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"slices"
	"strings"
)

// Markers of JPEG segments, the second of their two bytes.
const (
	markerSOF  = 0xc0 // to 0xcf, but for the next three
	markerDHT  = 0xc4
	markerJPG  = 0xc8
	markerDAC  = 0xcc
	markerRST0 = 0xd0
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerDQT  = 0xdb
	markerDRI  = 0xdd
	markerAPP0 = 0xe0
	markerAPP1 = 0xe1
	// markerAPP14 tells the colour space, in the files of Adobe's programs.
	markerAPP14 = 0xee
)

func decodeJPEG(s *source, c loadConfig) (image.Image, orientation, error) {
	h, err := readJPEGHeader(s)
	if err != nil {
		return nil, upright, err
	}
	p := h.cost()
	if err := c.check(p); err != nil {
		return nil, upright, err
	}
	s.allow(p.bytes)
	o := exifOrientation(h.exif)
	img, s, err := h.decodeTurbo(s, c, o, p.bytes)
	if img == nil && err == nil {
		img, err = h.decodeGo(s)
	}
	return img, o, err
}

// decodeGo decodes what stands in s behind the header by package image/jpeg.
func (h *jpegHeader) decodeGo(s *source) (img image.Image, err error) {
	if h.mustSplit() {
		img, err = decodeSplit(s, h, 2*area(h.frame.width, h.frame.height)+maxJPEGHeader)
	} else {
		img, err = jpeg.Decode(io.MultiReader(bytes.NewReader(h.bytes), &scanCounter{r: s}))
	}
	if u, ok := errors.AsType[jpeg.UnsupportedError](err); ok && strings.Contains(string(u), "subsampling") {
		err = variantError("its components have the sampling factors " + h.frame.sampling())
	}
	return img, err
}

// jpegHeader is a file up to the first scan.
type jpegHeader struct {
	// bytes are what a decoder needs of it, the marker of the scan included.
	bytes []byte
	frame jpegFrame
	exif  []byte
	// jfif and adobe are markers that tell the colours; transform is the latter's.
	jfif, adobe bool
	transform   byte
	restarts    bool // there are restart markers
	partial     bool // the first scan lacks components
}

// maxJPEGHeader is far above what tables take, in bytes. Profiles, previews and notes do
// not count.
const maxJPEGHeader = 1 << 20

// readJPEGHeader reads up to the data of the first scan.
func readJPEGHeader(s *source) (*jpegHeader, error) {
	h := &jpegHeader{bytes: append([]byte{0xff, markerSOI}, standardTables...)}
	if _, err := s.Discard(2); err != nil {
		return nil, err
	}
	for {
		marker, err := nextMarker(s)
		switch {
		case err != nil:
			return nil, unexpected(err)
		case marker == markerSOS:
			h.bytes = append(h.bytes, 0xff, marker)
			first := s.peek(3) // length and number of components
			h.partial = len(first) == 3 && int(first[2]) < len(h.frame.components)
			return h, nil
		case marker == markerEOI:
			return nil, jpeg.FormatError("it ends before its pixels")
		case len(h.bytes) > maxJPEGHeader:
			return nil, jpeg.FormatError("its header is too long")
		}
		if err := h.readSegment(s, marker); err != nil {
			return nil, unexpected(err)
		}
	}
}

// nextMarker skips what stands between segments, as libjpeg and image/jpeg do.
func nextMarker(s *source) (byte, error) {
	last := byte(0)
	for {
		b, err := s.ReadByte()
		if err != nil {
			return 0, err
		}
		isFill, isRestart := b == 0 || b == 0xff, b >= markerRST0 && b < markerSOI
		if last == 0xff && !isFill && !isRestart {
			return b, nil
		}
		last = b
	}
}

// readSegment takes in what follows a marker, if it counts.
func (h *jpegHeader) readSegment(s *source, marker byte) error {
	if !wanted(marker) {
		return skipSegment(s)
	}
	data, err := readSegmentData(s)
	if err != nil {
		return err
	}
	if marker == markerAPP1 {
		if h.exif == nil && bytes.HasPrefix(data, []byte(exifPrefix)) {
			h.exif = data
		}
		return nil
	}
	h.restarts = h.restarts || marker == markerDRI && bytes.ContainsFunc(data, func(r rune) bool { return r != 0 })
	h.jfif = h.jfif || marker == markerAPP0 && bytes.HasPrefix(data, []byte("JFIF\x00"))
	if marker == markerAPP14 && len(data) >= 12 && string(data[:5]) == "Adobe" {
		h.adobe, h.transform = true, data[11]
	}
	h.bytes = binary.BigEndian.AppendUint16(append(h.bytes, 0xff, marker), uint16(2+len(data)))
	h.bytes = append(h.bytes, data...)
	if isFrame(marker) {
		return h.frame.read(marker, data)
	}
	return nil
}

// readSegmentData reads what follows a marker.
func readSegmentData(s *source) ([]byte, error) {
	n, err := segmentLength(s)
	if err != nil {
		return nil, err
	}
	data := make([]byte, n)
	_, err = io.ReadFull(s, data)
	return data, err
}

func skipSegment(s *source) error {
	n, err := segmentLength(s)
	if err == nil {
		_, err = s.Discard(n)
	}
	return err
}

func segmentLength(s *source) (int, error) {
	var length [2]byte
	if _, err := io.ReadFull(s, length[:]); err != nil {
		return 0, err
	}
	n := int(binary.BigEndian.Uint16(length[:])) - len(length)
	if n < 0 {
		return 0, jpeg.FormatError("short segment length")
	}
	return n, nil
}

// wanted leaves out profiles, previews and comments, which can be long.
func wanted(marker byte) bool {
	return marker < markerAPP0 || marker == markerAPP0 || marker == markerAPP1 || marker == markerAPP14
}

func isFrame(marker byte) bool {
	return marker >= markerSOF && marker <= 0xcf && marker != markerDHT && marker != markerJPG && marker != markerDAC
}

// jpegFrame is what a SOF segment says.
type jpegFrame struct {
	width, height int
	progressive   bool
	components    []jpegComponent
}

type jpegComponent struct {
	id    byte
	h, v  int // sampling factors: how many samples for how many of the finest component
	table byte
}

func (f *jpegFrame) read(marker byte, b []byte) error {
	switch process := marker - markerSOF; {
	case process > 8:
		return variantError("it has arithmetic coding")
	case process%4 == 3:
		return variantError("it is lossless")
	case process > 4:
		return variantError("it is hierarchical")
	case len(b) < 6:
		return jpeg.FormatError("SOF has wrong length")
	default:
		f.progressive = process == 2
	}
	f.height, f.width = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	f.components = nil
	for c := b[6:]; len(c) >= 3; c = c[3:] {
		f.components = append(f.components, jpegComponent{c[0], int(c[1] >> 4), int(c[1] & 15), c[2]})
	}
	return nil
}

// cost is what decoding takes: all components in whole blocks, their coefficients with 4
// bytes each if the file is progressive, and the picture again if its colours have to be
// converted or its components put together.
func (h *jpegHeader) cost() cost {
	f := &h.frame
	p := cost{width: f.width, height: f.height, bytes: f.samples()}
	if f.progressive {
		p.bytes *= 1 + 4
	}
	pixels := area(f.width, f.height)
	if len(f.components) == 4 || h.isRGB() {
		p.bytes += 4 * pixels
	}
	if h.mustSplit() {
		p.bytes += 9 * pixels // three planes with all samples, and the files that they come from
	}
	return p
}

// samples is how many there are in whole blocks of all components.
func (f *jpegFrame) samples() int64 {
	blocks := int64(0)
	for _, c := range f.components {
		blocks += int64(c.h * c.v)
	}
	columns, lines := f.units()
	return 64 * blocks * area(columns, lines)
}

// isRGB reports whether three components are colours rather than brightness and two
// differences, as image/jpeg and libjpeg see it.
func (h *jpegHeader) isRGB() bool {
	c := h.frame.components
	if len(c) != 3 || h.jfif {
		return false
	}
	return h.adobe && h.transform == 0 || c[0].id == 'R' && c[1].id == 'G' && c[2].id == 'B'
}

// mustSplit reports whether the file is one that image/jpeg does not read, and that
// [decodeSplit] does: one with unusual sampling factors, or one that has scans of a single
// component with several blocks in a unit, of which it takes the wrong number if the
// component is not the finest one, and counts restart markers wrongly.
func (h *jpegHeader) mustSplit() bool {
	c, several := h.frame.components, false
	for _, x := range c {
		if x.h < 1 || x.h > 4 || x.v < 1 || x.v > 4 {
			return false
		}
		several = several || x.h*x.v > 1
	}
	if len(c) == 3 && several && (h.restarts || h.frame.hasBetween()) && (h.frame.progressive || h.partial) {
		return true
	}
	three := func(x jpegComponent) bool { return x.h == 3 || x.v == 3 }
	switch len(c) {
	case 1:
		return three(c[0])
	case 3:
		return three(c[0]) || c[0].v == 4 || c[0].h%c[1].h != 0 || c[0].v%c[1].v != 0 || c[1].h != c[2].h || c[1].v != c[2].v
	}
	return false
}

// hasBetween reports whether a component has several blocks in a unit, but fewer than the
// finest in one direction.
func (f *jpegFrame) hasBetween() bool {
	across, along := f.finest()
	return slices.ContainsFunc(f.components, func(c jpegComponent) bool {
		return c.h > 1 && c.h < across || c.v > 1 && c.v < along
	})
}

// sampling is the factors of the components, as cjpeg takes them.
func (f *jpegFrame) sampling() string {
	texts := make([]string, len(f.components))
	for k, c := range f.components {
		texts[k] = fmt.Sprintf("%dx%d", c.h, c.v)
	}
	return strings.Join(texts, ",")
}

// unexpected is the error of a file that ends too early.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// maxScans is far above what encoders make, which is some ten. A scan of a few bytes can
// cover the whole picture, and costs the time for it.
const maxScans = 100

var errScans = fmt.Errorf("%w: it has more than %d scans", ErrTooLarge, maxScans)

// scanCounter refuses files with too many scans.
type scanCounter struct {
	r     io.Reader
	scans int
	last  byte
}

func (c *scanCounter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if n == 0 {
		return n, err
	}
	if c.last == 0xff && b[0] == markerSOS {
		c.scans++
	}
	c.last = b[n-1]
	if c.scans += bytes.Count(b[:n], []byte{0xff, markerSOS}); c.scans >= maxScans {
		return 0, errScans
	}
	return n, err
}

// standardTables are the Huffman tables of ITU-T T.81, section K.3.3, as a DHT segment.
// The frames of cameras (USB Video Class, MJPEG) leave them out. A file's own replace
// them.
var standardTables = huffmanSegment(
	huffmanTable{0x00, "\x00\x01\x05\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00", dcCategories},
	huffmanTable{0x10, "\x00\x02\x01\x03\x03\x02\x04\x03\x05\x05\x04\x04\x00\x00\x01\x7d", luminanceAC},
	huffmanTable{0x01, "\x00\x03\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x00", dcCategories},
	huffmanTable{0x11, "\x00\x02\x01\x02\x04\x04\x03\x04\x07\x05\x04\x04\x00\x01\x02\x77", chrominanceAC},
)

const (
	dcCategories = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"
	luminanceAC  = "\x01\x02\x03\x00\x04\x11\x05\x12\x21\x31\x41\x06\x13\x51\x61\x07\x22\x71\x14\x32\x81\x91\xa1\x08" +
		"\x23\x42\xb1\xc1\x15\x52\xd1\xf0\x24\x33\x62\x72\x82\x09\x0a\x16\x17\x18\x19\x1a\x25\x26\x27\x28" +
		"\x29\x2a\x34\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49\x4a\x53\x54\x55\x56\x57\x58\x59" +
		"\x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x83\x84\x85\x86\x87\x88\x89" +
		"\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6" +
		"\xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xe1\xe2" +
		"\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa"
	chrominanceAC = "\x00\x01\x02\x03\x11\x04\x05\x21\x31\x06\x12\x41\x51\x07\x61\x71\x13\x22\x32\x81\x08\x14\x42\x91" +
		"\xa1\xb1\xc1\x09\x23\x33\x52\xf0\x15\x62\x72\xd1\x0a\x16\x24\x34\xe1\x25\xf1\x17\x18\x19\x1a\x26" +
		"\x27\x28\x29\x2a\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49\x4a\x53\x54\x55\x56\x57\x58" +
		"\x59\x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x82\x83\x84\x85\x86\x87" +
		"\x88\x89\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4" +
		"\xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda" +
		"\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa"
)

// huffmanTable has how many codes there are of each length, and their values in order.
type huffmanTable struct {
	id              byte
	lengths, values string
}

func huffmanSegment(tables ...huffmanTable) []byte {
	var data []byte
	for _, t := range tables {
		data = append(append(append(data, t.id), t.lengths...), t.values...)
	}
	segment := binary.BigEndian.AppendUint16([]byte{0xff, markerDHT}, uint16(2+len(data)))
	return append(segment, data...)
}
