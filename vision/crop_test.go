package vision_test

import (
	"image"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

func TestCropPicture(t *testing.T) {
	img := corners().SubImage(image.Rect(4, 8, 16, 32))
	part, err := vision.Crop(img, image.Rect(4, 8, 99, 99)) // from the part's upper left corner
	require.NoError(t, err)
	assert.Equal(t, image.Pt(8, 16), part.Bounds().Size())
	assertColour(t, white, part.At(part.Bounds().Min.X, part.Bounds().Min.Y))
	for _, bad := range []image.Rectangle{{}, image.Rect(-5, -5, 0, 0), image.Rect(12, 0, 20, 9)} {
		_, err := vision.Crop(img, bad)
		require.ErrorIs(t, err, vision.ErrSize)
	}
	_, err = vision.Crop(nil, image.Rect(0, 0, 1, 1))
	require.ErrorIs(t, err, vision.ErrSize)
	_, err = vision.Crop(liar{image.Rect(0, 0, 8, 8)}, image.Rect(0, 0, 1, 1))
	require.ErrorIs(t, err, vision.ErrDamaged)
}
