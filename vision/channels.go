package vision

import "image/color"

// channels says what the channels of a picture are.
type channels uint8

const (
	grey         channels = iota
	rgb                   // red, green, blue
	ycc                   // brightness, blue and red difference, from 0 to 255
	yccLimited            // the same, from 16 to 235 and 240
	brightness            // the first one of ycc alone
	brightness16          // the first one of yccLimited alone
)

// count is how many there are.
func (c channels) count() int {
	if c == grey || c == brightness || c == brightness16 {
		return 1
	}
	return 3
}

// convert turns a row of channels into grey for one, red, green and blue for three. It
// changes the row, and may have one channel thrice.
func (c channels) convert(row *[3][]uint8, wanted int) {
	switch c {
	case ycc:
		p, q, r := row[0], row[1][:len(row[0])], row[2][:len(row[0])]
		for x := range p {
			p[x], q[x], r[x] = color.YCbCrToRGB(p[x], q[x], r[x])
		}
	case yccLimited:
		p, q, r := row[0], row[1][:len(row[0])], row[2][:len(row[0])]
		for x := range p {
			p[x], q[x], r[x] = limitedToRGB(p[x], q[x], r[x])
		}
	case brightness16:
		for x, y := range row[0] {
			row[0][x], _, _ = limitedToRGB(y, 128, 128)
		}
	case rgb:
		if wanted == 1 {
			red, green, blue := row[0], row[1][:len(row[0])], row[2][:len(row[0])]
			for x := range red {
				red[x] = luma(red[x], green[x], blue[x])
			}
		}
	}
	if c.count() == 1 {
		row[1], row[2] = row[0], row[0]
	}
}

// limitedToRGB is color.YCbCrToRGB for brightness from 16 to 235 and differences from 16 to
// 240, as ITU-R BT.601 has them.
func limitedToRGB(y, cb, cr uint8) (r, g, b uint8) {
	// The factors are 255/219, and 255/224 times 1.402, 0.344136, 0.714136 and 1.772, with
	// 16 bits after the point.
	const half = 1 << 15
	y1 := 76309*(int32(y)-16) + half
	cb1, cr1 := int32(cb)-128, int32(cr)-128
	return clamped(y1 + 104597*cr1), clamped(y1 - 25675*cb1 - 53279*cr1), clamped(y1 + 132201*cb1)
}

func clamped(x int32) uint8 { return uint8(min(max(x>>16, 0), 255)) }

// luma has the weights of ITU-R BT.601, which JPEG and Pillow use.
func luma(r, g, b uint8) uint8 {
	return uint8((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16)
}

// WithBGR is for an input with the colours in the order blue, green, red, as models have them
// that were trained with OpenCV. Numbers for each channel ([WithChannelNormalization], and
// what the model tells) are in the order of the input. It has no effect on grey.
func WithBGR() Option {
	return func(c *config) error {
		c.bgr = true
		return nil
	}
}
