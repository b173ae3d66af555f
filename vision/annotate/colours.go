package annotate

import "image/color"

// palette has the colours of Okabe and Ito, without black, and the same with half of white.
var palette = func() []color.RGBA {
	base := []color.RGBA{
		{0xE6, 0x9F, 0x00, 0xFF}, // orange
		{0x56, 0xB4, 0xE9, 0xFF}, // sky blue
		{0x00, 0x9E, 0x73, 0xFF}, // bluish green
		{0xF0, 0xE4, 0x42, 0xFF}, // yellow
		{0xCC, 0x79, 0xA7, 0xFF}, // reddish purple
		{0xD5, 0x5E, 0x00, 0xFF}, // vermilion
		{0x00, 0x72, 0xB2, 0xFF}, // blue
	}
	for _, c := range base {
		pale := func(x uint8) uint8 { return x/2 + 0x7F }
		base = append(base, color.RGBA{pale(c.R), pale(c.G), pale(c.B), 0xFF})
	}
	return base
}()

var (
	dark  = color.RGBA{A: 0xC0} // black that lets a little of the picture through
	black = color.RGBA{A: 0xFF}
	white = color.RGBA{0xFF, 0xFF, 0xFF, 0xFF}
)

// colourOf is the same for the same number.
func colourOf(n int) color.RGBA {
	n %= len(palette)
	if n < 0 {
		n += len(palette)
	}
	return palette[n]
}

// faded lets the picture through.
func faded(c color.RGBA, alpha uint8) color.RGBA {
	part := func(x uint8) uint8 { return uint8(int(x) * int(alpha) / 0xFF) }
	return color.RGBA{part(c.R), part(c.G), part(c.B), alpha}
}
