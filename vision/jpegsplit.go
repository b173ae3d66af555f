package vision

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
)

// Package image/jpeg reads the usual sampling factors only. A file with others is taken
// apart into a grey file for each component, which it reads, and the planes are put
// together again. Nothing is decoded for that but where a symbol ends and what the means
// of the blocks are: these are differences, and the blocks come in another order.

// splitter takes a JPEG file apart.
type splitter struct {
	source  *source // stands behind the marker of a scan
	frame   jpegFrame
	codes   [2][4]*huffmanCode // of means (DC) and of other coefficients (AC)
	restart int                // units between two restart markers, 0 for none
	files   []bytes.Buffer     // one for each component
	limit   int64              // bytes of all files
}

// decodeSplit decodes a file of one or three components.
func decodeSplit(s *source, h *jpegHeader, limit int64) (image.Image, error) {
	sp := &splitter{source: s, frame: h.frame, limit: limit, files: make([]bytes.Buffer, len(h.frame.components))}
	for k := range sp.files {
		sp.files[k].Write([]byte{0xff, markerSOI})
	}
	if err := sp.run(h.bytes); err != nil {
		return nil, err
	}
	planes := make([]*image.Gray, len(sp.files))
	for k := range sp.files {
		img, err := jpeg.Decode(&sp.files[k])
		if err != nil {
			return nil, err
		}
		planes[k] = img.(*image.Gray) // as every file of one component
	}
	return h.joined(planes), nil
}

// run reads the segments of the header again, and the rest of the file.
func (sp *splitter) run(header []byte) error {
	for b := header[2:]; len(b) > 2; {
		n := 2 + int(binary.BigEndian.Uint16(b[2:]))
		if err := sp.segment(b[1], b[4:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	for marker, scans := byte(markerSOS), 0; marker != markerEOI; {
		var err error
		if marker == markerSOS {
			if scans++; scans > maxScans {
				return errScans
			}
			marker, err = sp.scan()
		} else {
			marker, err = sp.between(marker)
		}
		if err != nil {
			return unexpected(err)
		}
	}
	for k := range sp.files {
		sp.files[k].Write([]byte{0xff, markerEOI})
	}
	return nil
}

// between reads a segment between two scans, and the next marker.
func (sp *splitter) between(marker byte) (next byte, err error) {
	data, err := readSegmentData(sp.source)
	if err == nil {
		err = sp.segment(marker, data)
	}
	if err != nil {
		return 0, err
	}
	return nextMarker(sp.source)
}

func (sp *splitter) segment(marker byte, data []byte) error {
	switch {
	case marker == markerDHT:
		return sp.readCodes(data)
	case marker == markerDRI && len(data) == 2:
		sp.restart = int(binary.BigEndian.Uint16(data))
	case marker == markerDQT:
		for k := range sp.files {
			writeSegment(&sp.files[k], marker, data)
		}
		return sp.checkSize()
	case isFrame(marker):
		for k, c := range sp.frame.components {
			w, h := sp.frame.plane(c)
			own := binary.BigEndian.AppendUint16([]byte{8}, uint16(h))
			own = binary.BigEndian.AppendUint16(own, uint16(w))
			writeSegment(&sp.files[k], marker, append(own, 1, 0, 0x11, c.table))
		}
	}
	return nil
}

func writeSegment(w *bytes.Buffer, marker byte, data []byte) {
	w.Write(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(data))))
	w.Write(data)
}

func (sp *splitter) checkSize() error {
	total := int64(0)
	for k := range sp.files {
		total += int64(sp.files[k].Len())
	}
	if total > sp.limit {
		return fmt.Errorf("%w: its components take more than %d bytes", ErrTooLarge, sp.limit)
	}
	return nil
}

// jpegScan is what a SOS segment says.
type jpegScan struct {
	components []scanComponent
	spectrum   []byte // first and last coefficient, and their bits
}

type scanComponent struct {
	index  int
	dc, ac byte // numbers of the Huffman codes
}

func (sp *splitter) readScan() (*jpegScan, error) {
	data, err := readSegmentData(sp.source)
	if err != nil {
		return nil, err
	}
	if len(data) < 1 || len(data) != 4+2*int(data[0]) || data[0] == 0 {
		return nil, jpeg.FormatError("SOS has wrong length")
	}
	scan := &jpegScan{spectrum: data[len(data)-3:]}
	if !sp.frame.progressive {
		scan.spectrum = []byte{0, 63, 0} // whatever stands there
	}
	for c := data[1 : len(data)-3]; len(c) > 0; c = c[2:] {
		index := -1
		for k, known := range sp.frame.components {
			if known.id == c[0] {
				index = k
			}
		}
		if index < 0 || c[1]>>4 > 3 || c[1]&15 > 3 {
			return nil, jpeg.FormatError("unknown component selector")
		}
		scan.components = append(scan.components, scanComponent{index, c[1] >> 4, c[1] & 15})
	}
	return scan, nil
}

// scan reads one scan, and the marker behind it.
func (sp *splitter) scan() (marker byte, err error) {
	scan, err := sp.readScan()
	if err != nil {
		return 0, err
	}
	if len(scan.components) == 1 {
		return sp.copyScan(scan)
	}
	if err := sp.splitScan(scan); err != nil {
		return 0, err
	}
	return nextMarker(sp.source)
}

// begin writes what comes before the data of a scan.
func (sp *splitter) begin(scan *jpegScan, c scanComponent, dc *huffmanCode, restart int) {
	file := &sp.files[c.index]
	if dc != nil {
		writeSegment(file, markerDHT, append([]byte{0x00}, dc.spec...))
	}
	if ac := sp.codes[1][c.ac]; ac != nil {
		writeSegment(file, markerDHT, append([]byte{0x10}, ac.spec...))
	}
	writeSegment(file, markerDRI, binary.BigEndian.AppendUint16(nil, uint16(restart)))
	writeSegment(file, markerSOS, append([]byte{1, 0, 0x00}, scan.spectrum...))
}

// copyScan copies the scan of one component as it is: its blocks are in the order that
// they have in a file of their own.
func (sp *splitter) copyScan(scan *jpegScan) (marker byte, err error) {
	c := scan.components[0]
	sp.begin(scan, c, sp.codes[0][c.dc], sp.restart)
	file := &sp.files[c.index]
	for n := 0; ; n++ {
		b, err := sp.source.ReadByte()
		if err == nil && n%4096 == 0 {
			err = sp.checkSize()
		}
		if err != nil {
			return 0, err
		}
		file.WriteByte(b)
		if b != 0xff {
			continue
		}
		for b == 0xff {
			if b, err = sp.source.ReadByte(); err != nil {
				return 0, err
			}
		}
		if b != 0 && (b < markerRST0 || b >= markerSOI) {
			file.Truncate(file.Len() - 1)
			return b, nil
		}
		file.WriteByte(b)
	}
}

// blockSymbols are what a scan says of a block of 8 by 8.
type blockSymbols struct {
	mean     int32 // or, in a refining scan, one bit of it
	from, to int   // the other coefficients, among the symbols of a row
}

// splitRow is a row of units of one component.
type splitRow struct {
	scanComponent
	jpegComponent
	wide, high int // blocks of the component that lie in the picture
	last       int32
	blocks     []blockSymbols
	symbols    []uint32 // the symbol in the upper half, the bits that follow it below
	out        bitWriter
	dc, ac     *huffmanCode
}

// splitScan sorts the blocks of several components.
func (sp *splitter) splitScan(scan *jpegScan) error {
	columns, lines := sp.frame.units()
	rows := make([]*splitRow, len(scan.components))
	for k, c := range scan.components {
		f := sp.frame.components[c.index]
		w, h := sp.frame.plane(f)
		rows[k] = &splitRow{
			scanComponent: c, jpegComponent: f, wide: (w + 7) / 8, high: (h + 7) / 8,
			blocks: make([]blockSymbols, columns*f.h*f.v), out: bitWriter{w: &sp.files[c.index]},
			dc: sp.codes[0][c.dc], ac: sp.codes[1][c.ac],
		}
		sp.begin(scan, c, fixedCode, 0)
	}
	in := &bitReader{r: sp.source}
	for y := range lines {
		for x := range columns {
			if n := y*columns + x; sp.restart > 0 && n > 0 && n%sp.restart == 0 {
				if err := in.restart(); err != nil {
					return err
				}
				for _, r := range rows {
					r.last = 0
				}
			}
			for _, r := range rows {
				if err := r.readUnit(in, scan, x, columns); err != nil {
					return err
				}
			}
		}
		for _, r := range rows {
			if err := r.write(scan, y, columns); err != nil {
				return err
			}
		}
		if err := sp.checkSize(); err != nil {
			return err
		}
	}
	for _, r := range rows {
		r.out.flush()
	}
	return nil
}

func (s *jpegScan) refines() bool { return s.spectrum[2]>>4 != 0 }

// readUnit reads the blocks of a component in one unit.
func (r *splitRow) readUnit(in *bitReader, scan *jpegScan, x, columns int) error {
	for j := range r.h * r.v {
		b := &r.blocks[j/r.h*columns*r.h+x*r.h+j%r.h]
		if scan.refines() {
			bit, err := in.bits(1)
			if err != nil {
				return err
			}
			b.mean = int32(bit)
			continue
		}
		size, err := in.symbol(r.dc)
		if err != nil {
			return err
		}
		value, err := in.bits(int(min(size, 17)))
		if err != nil {
			return err
		}
		r.last += extend(value, int(size))
		b.mean, b.from = r.last, len(r.symbols)
		if scan.spectrum[1] > 0 {
			if err := r.readCoefficients(in); err != nil {
				return err
			}
		}
		b.to = len(r.symbols)
	}
	return nil
}

// readCoefficients reads the symbols of a block up to its end.
func (r *splitRow) readCoefficients(in *bitReader) error {
	const endOfBlock, sixteenZeros = 0x00, 0xf0
	for k := 1; k < 64; {
		symbol, err := in.symbol(r.ac)
		if err != nil {
			return err
		}
		value, err := in.bits(int(symbol & 15))
		if err != nil {
			return err
		}
		r.symbols = append(r.symbols, uint32(symbol)<<16|value)
		switch {
		case symbol == endOfBlock:
			return nil
		case symbol&15 == 0 && symbol != sixteenZeros:
			return jpeg.FormatError("unexpected Huffman code")
		}
		k += int(symbol>>4) + 1
	}
	return nil
}

// write puts out a row of units, block line by block line, and forgets it. The
// predictions are those of the new order.
func (r *splitRow) write(scan *jpegScan, y, columns int) error {
	for line := range r.v {
		if y*r.v+line >= r.high {
			break
		}
		for _, b := range r.blocks[line*columns*r.h:][:r.wide] {
			if scan.refines() {
				r.out.put(uint32(b.mean), 1)
				continue
			}
			if err := r.out.putMean(b.mean); err != nil {
				return err
			}
			for _, s := range r.symbols[b.from:b.to] {
				symbol := byte(s >> 16)
				r.out.put(uint32(r.ac.codes[symbol]), int(r.ac.lengths[symbol]))
				r.out.put(s&0xffff, int(symbol&15))
			}
		}
	}
	r.symbols = r.symbols[:0]
	return nil
}

// extend makes a signed difference of its bits.
func extend(value uint32, size int) int32 {
	if size > 0 && value < 1<<(size-1) {
		return int32(value) - 1<<size + 1
	}
	return int32(value)
}

// plane is the size of a component in samples.
func (f *jpegFrame) plane(c jpegComponent) (w, h int) {
	across, along := f.finest()
	return (f.width*c.h + across - 1) / across, (f.height*c.v + along - 1) / along
}

// finest are the factors of a component with all samples.
func (f *jpegFrame) finest() (h, v int) {
	for _, c := range f.components {
		h, v = max(h, c.h), max(v, c.v)
	}
	return max(h, 1), max(v, 1)
}

// units is how many groups of blocks there are, across and along.
func (f *jpegFrame) units() (columns, lines int) {
	h, v := f.finest()
	return (f.width + 8*h - 1) / (8 * h), (f.height + 8*v - 1) / (8 * v)
}

// ratios are those that image.YCbCr has, by how many pixels share a sample of colour.
var ratios = map[image.Point]image.YCbCrSubsampleRatio{
	{X: 1, Y: 1}: image.YCbCrSubsampleRatio444, {X: 2, Y: 1}: image.YCbCrSubsampleRatio422,
	{X: 2, Y: 2}: image.YCbCrSubsampleRatio420, {X: 1, Y: 2}: image.YCbCrSubsampleRatio440,
	{X: 4, Y: 1}: image.YCbCrSubsampleRatio411, {X: 4, Y: 2}: image.YCbCrSubsampleRatio410,
}

// joined puts planes together: as they are if image.YCbCr can hold them, or with each
// sample for all pixels that share it.
func (h *jpegHeader) joined(planes []*image.Gray) image.Image {
	if len(planes) == 1 {
		return planes[0]
	}
	f := &h.frame
	across, along := f.finest()
	y, cb, cr := f.components[0], f.components[1], f.components[2]
	ratio, known := ratios[image.Pt(across/cb.h, along/cb.v)]
	whole := across%cb.h == 0 && along%cb.v == 0 && y.h == across && y.v == along
	if known && whole && cb.h == cr.h && cb.v == cr.v && !h.isRGB() {
		return &image.YCbCr{
			Y: planes[0].Pix, Cb: planes[1].Pix, Cr: planes[2].Pix, YStride: planes[0].Stride, CStride: planes[1].Stride,
			SubsampleRatio: ratio, Rect: image.Rect(0, 0, f.width, f.height),
		}
	}
	return h.spread(planes)
}

// spread gives each pixel its own sample of each component.
func (h *jpegHeader) spread(planes []*image.Gray) image.Image {
	f := &h.frame
	across, along := f.finest()
	img := image.NewYCbCr(image.Rect(0, 0, f.width, f.height), image.YCbCrSubsampleRatio444)
	for k, dst := range [][]uint8{img.Y, img.Cb, img.Cr} {
		c, src := f.components[k], planes[k]
		for y := range f.height {
			row := src.Pix[y*c.v/along*src.Stride:]
			for x, out := 0, dst[y*img.YStride:][:f.width]; x < f.width; x++ {
				out[x] = row[x*c.h/across]
			}
		}
	}
	if !h.isRGB() {
		return img
	}
	rgb := image.NewRGBA(img.Rect)
	for k := range img.Y {
		copy(rgb.Pix[4*k:], []uint8{img.Y[k], img.Cb[k], img.Cr[k], 255})
	}
	return rgb
}
