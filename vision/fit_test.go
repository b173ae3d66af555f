package vision_test

import (
	"image"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

// A picture of 8 by 4 pixels in an input of 16 by 16: where it lies, and where places of the
// input are in the picture.
func TestPlacement(t *testing.T) {
	img := image.NewRGBA(image.Rect(100, 100, 108, 104))
	in := inputOf(t, colours())
	info := in.Info()
	size := image.Pt(info.Shape[2], info.Shape[1])
	for _, test := range []struct {
		fit  vision.Fit
		area image.Rectangle
	}{
		{vision.Stretch, image.Rect(0, 0, size.X, size.Y)},
		{vision.LetterboxTopLeft, image.Rect(0, 0, size.X, size.X/2)},
		{vision.Letterbox, image.Rect(0, (size.Y-size.X/2)/2, size.X, (size.Y-size.X/2)/2+size.X/2)},
	} {
		t.Run(test.fit.String(), func(t *testing.T) {
			made, err := vision.NewInput(info, vision.WithFit(test.fit))
			require.NoError(t, err)
			p, err := made.Set(in, img)
			require.NoError(t, err)
			assert.Equal(t, test.area, p.Area)
			assert.Equal(t, image.Rect(0, 0, 8, 4), p.Crop)

			x, y := p.Point(float32(test.area.Min.X)/float32(size.X), float32(test.area.Min.Y)/float32(size.Y))
			assert.InDelta(t, 0, x, 1e-4)
			assert.InDelta(t, 0, y, 1e-4)
			x, y = p.Point(float32(test.area.Max.X)/float32(size.X), float32(test.area.Max.Y)/float32(size.Y))
			assert.InDelta(t, 8, x, 1e-4)
			assert.InDelta(t, 4, y, 1e-4)
		})
	}
}

func TestFitNames(t *testing.T) {
	for _, fit := range []vision.Fit{vision.Stretch, vision.Letterbox, vision.LetterboxTopLeft} {
		parsed, err := vision.ParseFit(fit.String())
		require.NoError(t, err)
		assert.Equal(t, fit, parsed)
	}
	_, err := vision.ParseFit("squash")
	require.ErrorIs(t, err, vision.ErrRange)
	assert.ErrorIs(t, vision.SetInput(inputOf(t, colours()), plain(red), vision.WithFit(7)), vision.ErrRange)
}

// A part of a picture is what the model sees, and what lies around it does not count.
func TestCrop(t *testing.T) {
	in := inputOf(t, colours())
	made, err := vision.NewInput(in.Info(), vision.WithCrop(image.Rect(2, 1, 90, 3)))
	require.NoError(t, err)
	p, err := made.Set(in, image.NewRGBA(image.Rect(0, 0, 8, 4)))
	require.NoError(t, err)
	assert.Equal(t, image.Rect(2, 1, 8, 3), p.Crop)
	x, y := p.Point(0.5, 0.5)
	assert.InDelta(t, 5, x, 1e-4)
	assert.InDelta(t, 2, y, 1e-4)

	err = vision.SetInput(in, plain(red), vision.WithCrop(image.Rect(-5, -5, 0, 0)))
	assert.ErrorIs(t, err, vision.ErrSize)
}
