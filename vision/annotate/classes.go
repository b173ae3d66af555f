package annotate

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"

	"github.com/gocoral/coral/vision"
)

// veil is how much of the picture a class hides, out of 255.
const veil = 0x90

// Classes colours the pixels by their class, and lists the classes with their share of the
// picture. Pixels of a class with the label "background" keep their colour; without shares,
// those of class 0.
func (c *Canvas) Classes(m vision.ClassMap, shares []vision.ClassShare) {
	part := m.Part
	if !c.usable() || m.Width < 1 || m.Height < 1 || len(m.IDs)/m.Width < m.Height || part.Empty() {
		return
	}
	background := backgrounds(shares)
	r, ok := c.rect(vision.Box{
		XMin: float32(part.Min.X), YMin: float32(part.Min.Y), XMax: float32(part.Max.X), YMax: float32(part.Max.Y),
	})
	if !ok {
		return
	}
	columns := make([]int, r.Dx())
	for k := range columns {
		columns[k] = cell(r.Min.X+k, c.zoom, part.Min.X, part.Dx(), m.Width)
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := m.IDs[cell(y, c.zoom, part.Min.Y, part.Dy(), m.Height)*m.Width:]
		pix := c.pixels.Pix[c.pixels.PixOffset(r.Min.X, y):]
		for k, column := range columns {
			if id := int(row[column]); !background(id) {
				tint(pix[4*k:4*k+3], colourOf(id))
			}
		}
	}
	c.legend(shares, background)
}

// backgrounds tells which classes are left as they are.
func backgrounds(shares []vision.ClassShare) func(id int) bool {
	if len(shares) == 0 {
		return func(id int) bool { return id == 0 }
	}
	ids := make(map[int]bool)
	for _, s := range shares {
		if strings.EqualFold(s.Label, "background") {
			ids[s.ID] = true
		}
	}
	return func(id int) bool { return ids[id] }
}

// cell is which of n cells across part of a picture the pixel of the canvas shows.
func cell(pixel int, zoom float64, start, length, n int) int {
	at := ((float64(pixel)+.5)/zoom - float64(start)) / float64(length) * float64(n)
	return int(min(max(math.Floor(at), 0), float64(n-1)))
}

func tint(rgb []uint8, with color.RGBA) {
	for k, x := range []uint8{with.R, with.G, with.B} {
		rgb[k] = uint8((int(rgb[k])*(0xFF-veil) + int(x)*veil) / 0xFF)
	}
}

// legend lists the classes in the lower left corner, the largest share at the top.
func (c *Canvas) legend(shares []vision.ClassShare, background func(id int) bool) {
	var rows []row
	for _, s := range shares {
		if !background(s.ID) && s.Fraction >= .0005 { // what would be 0.0 %
			name := s.Label
			if name == "" {
				name = fmt.Sprintf("class %d", s.ID)
			}
			rows = append(rows, row{fmt.Sprintf("%s %.1f %%", name, 100*s.Fraction), colourOf(s.ID)})
		}
	}
	c.list(rows)
}

// row is a line of a list.
type row struct {
	text   string
	colour color.RGBA
}

// list writes rows from the lower left corner upwards, the last one lowest, as many as there
// is room for.
func (c *Canvas) list(rows []row) {
	height, gap := c.tagSize("").Y, c.pixelsOf(1)
	most := max(1, c.pixels.Rect.Dy()/(height+gap))
	if len(rows) > most {
		rows = rows[:most]
	}
	for k, r := range rows {
		at := image.Pt(gap, c.pixels.Rect.Dy()-(len(rows)-k)*(height+gap))
		c.tag(at, c.fitted(clean(r.text), c.pixels.Rect.Dx()-2*gap-2*c.margin()), r.colour)
	}
}

// Caption writes lines of text, on white, in the lower left corner.
func (c *Canvas) Caption(lines ...string) {
	if !c.usable() {
		return
	}
	rows := make([]row, len(lines))
	for k, text := range lines {
		rows[k] = row{text, white}
	}
	c.list(rows)
}
