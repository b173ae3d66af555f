package vision

import (
	"bytes"
	"encoding/binary"
	"image"
	"io"
	"math"

	"golang.org/x/image/webp"
)

// riffHeader is "RIFF", the size of all that follows, and "WEBP".
const riffHeader = 4 + 4 + 4

func decodeWebP(s *source, c loadConfig) (image.Image, orientation, error) {
	p, err := webpCost(s.peek(riffHeader + 8 + 32))
	if err == nil {
		err = c.check(p)
	}
	if err != nil {
		return nil, upright, err
	}
	s.allow(p.bytes)
	size := int64(binary.LittleEndian.Uint32(s.peek(8)[4:])) + 8
	chunks := newChunkReader(io.LimitReader(s, size), webpChunks, riffHeader)
	img, err := webp.Decode(chunks)
	if err != nil {
		return nil, upright, err
	}
	chunks.finish()
	return fullRange(img), exifOrientation(chunks.exif), nil
}

// webpCost reads the header of the first chunk.
func webpCost(head []byte) (cost, error) {
	const animation, alpha = 2, 16
	extended := len(head) > riffHeader+8 && string(head[riffHeader:][:4]) == "VP8X"
	if extended && head[riffHeader+8]&animation != 0 {
		return cost{}, variantError("it is an animation")
	}
	config, err := webp.DecodeConfig(bytes.NewReader(head))
	if err != nil {
		return cost{}, err
	}
	w, h := config.Width, config.Height
	if w > maxSide || h > maxSide {
		return cost{width: w, height: h}, nil
	}
	// In whole blocks of 16 by 16, brightness and two planes of colour.
	lossy := area((w+15)&^15, (h+15)&^15) * 3 / 2
	// Red, green, blue and alpha, again with the indices of a palette, and up to four
	// transforms with 4 bytes for 16 pixels each; and Huffman trees.
	lossless := (4+4+1)*area(w, h) + min(area(w, h)/16+1, 2600)*(32<<10)
	p := cost{w, h, max(lossy, lossless)}
	if string(head[riffHeader:][:4]) == "VP8 " {
		p.bytes = lossy
	} else if extended && head[riffHeader+8]&alpha != 0 {
		p.bytes = lossy + lossless + area(w, h) // transparency is a lossless picture of its own
	}
	return p, nil
}

// fullRange puts right what the decoder leaves (golang.org/issue/40173): lossy WebP has
// brightness from 16 to 235 and colours from 16 to 240, as in video, while image.YCbCr
// stands for JPEG's full range, so that white would be light grey.
func fullRange(img image.Image) image.Image {
	switch img := img.(type) {
	case *image.YCbCr:
		toFullRange(img)
	case *image.NYCbCrA:
		toFullRange(&img.YCbCr)
	}
	return img
}

func toFullRange(img *image.YCbCr) {
	stretch(img.Y, 16, 219, 0)
	stretch(img.Cb, 128, 224, 128)
	stretch(img.Cr, 128, 224, 128)
}

// stretch widens the given number of steps to 255, and makes what was from be to.
func stretch(plane []uint8, from, steps, to float64) {
	var table [256]uint8
	for k := range table {
		table[k] = uint8(min(max(math.Round((float64(k)-from)*255/steps+to), 0), 255))
	}
	for k, v := range plane {
		plane[k] = table[v]
	}
}
