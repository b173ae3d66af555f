package vision

import (
	"fmt"
	"image"
	"image/color"
)

// check makes sure that there are as many classes as width and height say.
func (m ClassMap) check() error {
	if n, ok := elements([]int{m.Width, m.Height}); !ok || n != len(m.IDs) {
		return fmt.Errorf("a map of %d×%d places with %d classes: %w", m.Width, m.Height, len(m.IDs), ErrSize)
	}
	return nil
}

// At returns the class at a place of the picture, in pixels from its upper left corner, and
// whether the map has that place.
func (m ClassMap) At(x, y int) (id int, ok bool) {
	if !image.Pt(x, y).In(m.Part) || m.Width < 1 || m.Height < 1 {
		return 0, false
	}
	k := nearestOf(y-m.Part.Min.Y, m.Part.Dy(), m.Height)*m.Width + nearestOf(x-m.Part.Min.X, m.Part.Dx(), m.Width)
	if k >= len(m.IDs) {
		return 0, false
	}
	return int(m.IDs[k]), true
}

// nearestOf is which of n places has the middle of pixel at, of size pixels.
func nearestOf(at, size, n int) int {
	return min(int((float64(at)+0.5)*float64(n)/float64(size)), n-1)
}

// Scaled returns the map in another size, with the nearest class for each place. The map of
// a whole picture in its own size is m.Scaled(m.Part.Dx(), m.Part.Dy()).
//
// A size below 1 or above 65535 gives [ErrSize], and so does a map without content.
func (m ClassMap) Scaled(width, height int) (ClassMap, error) {
	err := m.check()
	if err == nil && (width < 1 || height < 1 || width > maxSide || height > maxSide || len(m.IDs) == 0) {
		err = fmt.Errorf("from %d×%d to %d×%d places, sides go from 1 to %d: %w", m.Width, m.Height, width, height, maxSide, ErrSize)
	}
	if err != nil {
		return ClassMap{}, fmt.Errorf("vision: scale a class map: %w", err)
	}
	out := ClassMap{Width: width, Height: height, Part: m.Part, IDs: make([]uint16, width*height)}
	for y := range height {
		from := m.IDs[nearestOf(y, height, m.Height)*m.Width:][:m.Width]
		to := out.IDs[y*width:][:width]
		for x := range to {
			to[x] = from[nearestOf(x, width, m.Width)]
		}
	}
	return out, nil
}

// Image returns a picture of the map in the colours of [PascalColor], one pixel for each
// place. A map that contradicts itself gives an empty picture.
func (m ClassMap) Image() *image.RGBA {
	if m.check() != nil {
		return image.NewRGBA(image.Rectangle{})
	}
	img := image.NewRGBA(image.Rect(0, 0, m.Width, m.Height))
	for k, id := range m.IDs {
		c := PascalColor(int(id))
		copy(img.Pix[4*k:], []uint8{c.R, c.G, c.B, c.A})
	}
	return img
}

// PascalColor is the colour of a class in the pictures of the Pascal VOC data set, which
// others show their classes in as well: class 0, the background there, is black. It is that
// of pycoral's create_pascal_label_colormap, for the classes from 0 to 255; others have that
// of their lowest eight bits.
func PascalColor(id int) color.RGBA {
	var c color.RGBA
	for shift := 7; id != 0 && shift >= 0; shift-- {
		c.R |= uint8(id&1) << shift
		c.G |= uint8(id>>1&1) << shift
		c.B |= uint8(id>>2&1) << shift
		id = id >> 3 & 0x1f
	}
	c.A = 255
	return c
}
