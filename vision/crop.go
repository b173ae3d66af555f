package vision

import (
	"fmt"
	"image"
	"image/draw"
)

// Crop returns a part of a picture, in pixels from its upper left corner, without a copy if
// the picture allows it. What lies outside is cut off; a part without pixels, and a picture
// without, give [ErrSize].
//
// To show a part to a model there is no need of it: see [WithCrop].
func Crop(img image.Image, part image.Rectangle) (image.Image, error) {
	if err := checkImage(img); err != nil {
		return nil, fmt.Errorf("vision: crop: %w", err)
	}
	c := &config{crop: &part}
	inside, err := c.cropOf(img.Bounds().Size())
	if err != nil {
		return nil, fmt.Errorf("vision: crop: %w", err)
	}
	out, err := cropOut(img, inside)
	if err != nil {
		return nil, fmt.Errorf("vision: crop: %w", err)
	}
	return out, nil
}

// cropOut is [cropped] for a picture that may have fewer pixels than its bounds say.
func cropOut(img image.Image, part image.Rectangle) (out image.Image, err error) {
	defer func() {
		if r := recover(); r != nil {
			out, err = nil, fmt.Errorf("%w: the pixels of this %T cannot be read: %v", ErrDamaged, img, r)
		}
	}()
	return cropped(img, part), nil
}

// cropped is a part of a picture, given in pixels from its upper left corner.
func cropped(img image.Image, part image.Rectangle) image.Image {
	part = part.Add(img.Bounds().Min)
	if s, ok := img.(interface {
		SubImage(r image.Rectangle) image.Image
	}); ok {
		return s.SubImage(part)
	}
	out := image.NewRGBA(image.Rectangle{Max: part.Size()})
	draw.Draw(out, out.Rect, img, part.Min, draw.Src)
	return out
}
