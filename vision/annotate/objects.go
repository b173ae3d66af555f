package annotate

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/track"
)

// boxed is a box with text.
type boxed struct {
	box    vision.Box
	score  float32
	text   string
	colour color.RGBA
}

// Objects draws a box around each object, with its label and score, in a colour that
// depends on its ID. Of those that overlap, the one with the highest score is in front.
func (c *Canvas) Objects(objects []vision.Object) {
	all := make([]boxed, len(objects))
	for k, o := range objects {
		all[k] = boxed{o.Box, o.Score, nameOf(o), colourOf(o.ID)}
	}
	c.boxes(all)
}

// Tracks draws a box around each object, with its identity, label and score, in a colour
// that depends on its identity.
func (c *Canvas) Tracks(tracks []track.Track) {
	all := make([]boxed, len(tracks))
	for k, t := range tracks {
		text := fmt.Sprintf("#%d %s", t.Identity, nameOf(t.Object))
		all[k] = boxed{t.Box, t.Score, text, colourOf(t.Identity - 1)}
	}
	c.boxes(all)
}

func nameOf(o vision.Object) string {
	if o.Label == "" {
		return fmt.Sprintf("class %d", o.ID)
	}
	return o.Label
}

// percent is empty for what is no number.
func percent(score float32) string {
	if math.IsNaN(float64(score)) || math.IsInf(float64(score), 0) {
		return ""
	}
	return fmt.Sprintf(" %.0f %%", 100*score)
}

func (c *Canvas) boxes(all []boxed) {
	if !c.usable() {
		return
	}
	slices.SortStableFunc(all, func(a, b boxed) int {
		switch {
		case a.score < b.score:
			return -1
		case a.score > b.score:
			return 1
		}
		return 0
	})
	rects := make([]image.Rectangle, len(all))
	for k, b := range all {
		if r, ok := c.rect(b.box); ok {
			rects[k] = c.box(r, b.colour)
		}
	}
	// The surest finds a place for its text first.
	for k, b := range slices.Backward(all) {
		if rects[k] != (image.Rectangle{}) {
			c.labels = append(c.labels, label{rects[k], b.text, percent(b.score), b.colour})
		}
	}
}

// box draws the edges of a rectangle with a dark outline, and returns what they cover.
func (c *Canvas) box(r image.Rectangle, with color.RGBA) image.Rectangle {
	width, outline := c.pixelsOf(1.5), c.pixelsOf(.5)
	r = r.Inset(-width / 2).Intersect(c.pixels.Rect)
	c.frame(r.Inset(-outline), outline, dark)
	c.frame(r, width, with)
	if inner := r.Inset(width); inner.Dx() > 2*outline && inner.Dy() > 2*outline {
		c.frame(inner, outline, dark)
	}
	return r
}

// pixelsOf is a number of units, at least one pixel.
func (c *Canvas) pixelsOf(units float64) int { return max(1, int(math.Round(units*c.unit))) }
