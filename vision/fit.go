package vision

import (
	"fmt"
	"image"
)

// Fit is how a picture of other proportions is brought to the size of a model's input.
type Fit int

// The ways to fit a picture. Models were trained in one of them, and most bear the others.
const (
	// Stretch fills the input and does not keep the proportions, as pycoral's examples of
	// classification do.
	Stretch Fit = iota
	// Letterbox keeps the proportions, and has the picture in the middle of the input, as
	// Ultralytics and MediaPipe do. The rest is filled, see [WithFill].
	Letterbox
	// LetterboxTopLeft keeps the proportions, and has the picture in the upper left corner,
	// as pycoral's set_resized_input.
	LetterboxTopLeft
)

var fitNames = [...]string{Stretch: "stretch", Letterbox: "letterbox", LetterboxTopLeft: "top-left"}

// String is the name that [ParseFit] reads.
func (f Fit) String() string {
	if f < 0 || int(f) >= len(fitNames) {
		return fmt.Sprintf("Fit(%d)", int(f))
	}
	return fitNames[f]
}

// ParseFit reads "stretch", "letterbox" or "top-left". Anything else gives [ErrRange].
func ParseFit(name string) (Fit, error) {
	for f, n := range fitNames {
		if n == name {
			return Fit(f), nil
		}
	}
	return 0, fmt.Errorf("vision: fit %q: it is one of %v: %w", name, fitNames, ErrRange)
}

// place is where a part of a picture comes to lie in an input. A side of the input has at
// least one pixel of the picture, however long and thin that is.
func (f Fit) place(crop image.Rectangle, width, height int) Placement {
	p := Placement{Crop: crop, Width: width, Height: height, Area: image.Rect(0, 0, width, height)}
	if f == Stretch {
		return p
	}
	scale := min(float64(width)/float64(crop.Dx()), float64(height)/float64(crop.Dy()))
	// Whole pixels, cut off as pycoral does.
	w := min(max(int(float64(crop.Dx())*scale), 1), width)
	h := min(max(int(float64(crop.Dy())*scale), 1), height)
	p.Area = image.Rect(0, 0, w, h)
	if f == Letterbox {
		p.Area = p.Area.Add(image.Pt((width-w)/2, (height-h)/2))
	}
	return p
}

// WithFit says how a picture of other proportions is brought to the size of the input. Each
// task has a default of its own; that of [SetInput] and [Run] is [Stretch].
func WithFit(f Fit) Option {
	return func(c *config) error {
		if f < 0 || int(f) >= len(fitNames) {
			return fmt.Errorf("%v is none of %v: %w", f, fitNames, ErrRange)
		}
		c.fit = &f
		return nil
	}
}

// WithFill sets the grey, from 0 to 255, around a picture that does not fill the input. The
// default is 0, which is black, as in pycoral; Ultralytics takes 114.
func WithFill(grey uint8) Option {
	return func(c *config) error {
		c.fill, c.fillGiven = grey, true
		return nil
	}
}

// WithCrop shows the model a part of the picture, in pixels from the picture's upper left
// corner. What lies outside of the picture is cut off; a part without pixels gives [ErrSize].
func WithCrop(part image.Rectangle) Option {
	return func(c *config) error {
		c.crop = &part
		return nil
	}
}

// cropOf is the part of a picture of that size that is to be shown.
func (c *config) cropOf(size image.Point) (image.Rectangle, error) {
	whole := image.Rectangle{Max: size}
	if c.crop == nil {
		return whole, nil
	}
	part := whole.Intersect(*c.crop)
	if part.Empty() {
		return part, fmt.Errorf("nothing of the picture, %d×%d pixels, is in the part %v: %w", size.X, size.Y, *c.crop, ErrSize)
	}
	return part, nil
}

// fitOr is the fit of the options, or else a task's default.
func (c *config) fitOr(otherwise Fit) Fit {
	if c.fit != nil {
		return *c.fit
	}
	return otherwise
}
