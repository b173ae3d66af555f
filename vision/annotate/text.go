package annotate

import (
	"image"
	"image/color"
	"math"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// textSize is the size of text, in units.
const textSize = 8

var goBold = sync.OnceValue(func() *opentype.Font {
	f, err := opentype.Parse(gobold.TTF)
	if err != nil {
		panic("annotate: the font is part of the program: " + err.Error())
	}
	return f
})

func newFace(size float64) font.Face {
	face, err := opentype.NewFace(goBold(), &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		panic("annotate: the font is part of the program: " + err.Error())
	}
	return face
}

// clean keeps text in one line.
func clean(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text))
}

// fitted cuts text off such that it is at most so many pixels wide.
func (c *Canvas) fitted(text string, width int) string {
	// No letter is narrower than a pixel, so that longer ones need not be measured.
	runes := []rune(text)
	if len(runes) > width {
		runes = runes[:max(width, 0)]
	}
	if len(runes) == len([]rune(text)) && font.MeasureString(c.face, text).Ceil() <= width {
		return text
	}
	for len(runes) > 0 && font.MeasureString(c.face, string(runes)+"…").Ceil() > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// tagSize is how much room text takes with its background.
func (c *Canvas) tagSize(text string) image.Point {
	m := c.face.Metrics()
	return image.Pt(font.MeasureString(c.face, text).Ceil()+2*c.margin(), (m.Ascent+m.Descent).Ceil()+c.margin()/2)
}

// margin is the distance of text from the edge of its background, in pixels.
func (c *Canvas) margin() int { return int(math.Round(2 * c.unit)) }

// tag writes text on a background.
func (c *Canvas) tag(at image.Point, text string, background color.RGBA) {
	r := image.Rectangle{at, at.Add(c.tagSize(text))}
	c.paint(r, background)
	d := font.Drawer{
		Dst: c.pixels, Src: image.NewUniform(black), Face: c.face,
		Dot: fixed.P(at.X+c.margin(), at.Y+c.margin()/4+c.face.Metrics().Ascent.Ceil()),
	}
	d.DrawString(text)
	c.texts = append(c.texts, r)
}

// label is text that belongs to a part of the canvas.
type label struct {
	at     image.Rectangle
	text   string
	tail   string // what stays when the text is too long
	colour color.RGBA
}

// writeLabels writes each label above its part of the canvas, or where there is room and no
// other text. It is done after all drawing, so that no line goes through text.
func (c *Canvas) writeLabels() {
	for _, l := range c.labels {
		width := max(l.at.Dx(), c.pixels.Rect.Dx()/2) - 2*c.margin()
		text := strings.TrimSpace(c.fitted(clean(l.text), width-font.MeasureString(c.face, l.tail).Ceil()) + l.tail)
		c.tag(c.room(l.at, c.tagSize(text)), text, l.colour)
	}
	c.labels = nil
}

// room is the best place for text of some size at a rectangle.
func (c *Canvas) room(r image.Rectangle, size image.Point) image.Point {
	canvas := c.pixels.Rect
	left := max(0, min(r.Min.X, canvas.Max.X-size.X))
	right := max(0, min(r.Max.X, canvas.Max.X)-size.X)
	best, least := image.Pt(left, max(0, min(r.Min.Y, canvas.Max.Y-size.Y))), math.MaxInt
	for _, x := range []int{left, right} {
		for _, y := range []int{r.Min.Y - size.Y, r.Min.Y, r.Max.Y, r.Max.Y - size.Y} {
			place := image.Rectangle{image.Pt(x, y), image.Pt(x, y).Add(size)}
			if hidden := c.hidden(place); place.In(canvas) && hidden < least {
				best, least = place.Min, hidden
			}
		}
	}
	return best
}

// hidden is how many pixels of text would be written over.
func (c *Canvas) hidden(r image.Rectangle) int {
	sum := 0
	for _, other := range c.texts {
		common := r.Intersect(other)
		sum += common.Dx() * common.Dy()
	}
	return sum
}
