package vision

import (
	"encoding/binary"
	"image"
	"image/png"
)

func decodePNG(s *source, c loadConfig) (image.Image, orientation, error) {
	p, ok := pngCost(s.peek(len(pngSignature) + 8 + 13))
	if !ok {
		return nil, upright, png.FormatError("it does not begin with its size")
	}
	if err := c.check(p); err != nil {
		return nil, upright, err
	}
	s.allow(p.bytes)
	chunks := newChunkReader(s, pngChunks, int64(len(pngSignature)))
	img, err := png.Decode(chunks)
	return img, exifOrientation(chunks.exif), err
}

const pngSignature = "\x89PNG\r\n\x1a\n"

// pngCost reads the chunk IHDR, which comes first.
func pngCost(head []byte) (cost, bool) {
	const at = len(pngSignature) + 8
	if len(head) < at+13 || string(head[at-4:at]) != "IHDR" {
		return cost{}, false
	}
	w, h := binary.BigEndian.Uint32(head[at:]), binary.BigEndian.Uint32(head[at+4:])
	depth, colour, interlaced := head[at+8], head[at+9], head[at+12] != 0
	if w > 1<<31-1 || h > 1<<31-1 {
		return cost{}, false
	}
	bytes := int64(4) // red, green, blue and alpha, as the decoder lays out all but these:
	switch {
	case depth == 16 && colour == 0: // grey; may become 8 bytes with a transparent value
		bytes = 8
	case depth == 16:
		bytes = 8
	case colour == 3: // palette
		bytes = 1
	}
	if interlaced { // the seven passes are pictures of their own
		bytes *= 2
	}
	p := cost{width: int(w), height: int(h)}
	if w <= maxSide && h <= maxSide {
		p.bytes = bytes * area(p.width, p.height)
	}
	return p, true
}
