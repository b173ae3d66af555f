package stream

import (
	"bytes"
	"fmt"
	"image"

	"github.com/gocoral/coral/vision"
)

func fromJPEG(data []byte) (image.Image, error) { return vision.Decode(bytes.NewReader(data)) }

// fromYUYV takes apart a frame in which two pixels are four bytes: brightness, blue
// difference, brightness, red difference. Cameras use the range of television for
// them, from 16 to 235 and from 16 to 240; pictures have 0 to 255.
func fromYUYV(data []byte, size image.Point) (image.Image, error) {
	w, h := size.X, size.Y
	if w < 1 || h < 1 || len(data)/h < 2*(w+w%2) {
		return nil, fmt.Errorf("%w: the camera sends %d bytes, a YUYV frame of %d×%d has %d", ErrDamaged, len(data), w, h, 2*(w+w%2)*h)
	}
	stride := len(data) / h // rows may be longer than their pixels
	img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio422)
	for y := range h {
		row := data[y*stride:]
		luma := img.Y[y*img.YStride:][:w]
		cb, cr := img.Cb[y*img.CStride:][:(w+1)/2], img.Cr[y*img.CStride:][:(w+1)/2]
		for x := range luma {
			luma[x] = fullLuma[row[2*x]]
		}
		for x := range cb {
			cb[x], cr[x] = fullChroma[row[4*x+1]], fullChroma[row[4*x+3]]
		}
	}
	return img, nil
}

// What the numbers of television are in pictures.
var fullLuma, fullChroma = fullRange(16, 219, 0), fullRange(128, 224, 128)

// fullRange stretches a range of numbers, of which zero becomes base, to one of 255.
func fullRange(zero, length, base int) (table [256]uint8) {
	for k := range table {
		d := (k - zero) * 255
		half := length / 2
		if d < 0 {
			half = -half
		}
		table[k] = uint8(min(max(base+(d+half)/length, 0), 255))
	}
	return table
}
