package vision_test

import (
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

func twoByTwo() vision.ClassMap {
	return vision.ClassMap{Width: 2, Height: 2, IDs: []uint16{1, 2, 3, 4}, Part: image.Rect(10, 20, 14, 26)}
}

func TestClassMapScaled(t *testing.T) {
	got, err := twoByTwo().Scaled(4, 2)
	require.NoError(t, err)
	assert.Equal(t, vision.ClassMap{Width: 4, Height: 2, IDs: []uint16{1, 1, 2, 2, 3, 3, 4, 4}, Part: image.Rect(10, 20, 14, 26)}, got)
	got, err = got.Scaled(1, 1)
	require.NoError(t, err)
	assert.Equal(t, []uint16{4}, got.IDs, "the place in the middle")
	for name, m := range map[string]vision.ClassMap{
		"empty": {}, "too few": {Width: 2, Height: 2, IDs: []uint16{1}}, "negative": {Width: -1, Height: -1, IDs: []uint16{1}},
	} {
		_, err := m.Scaled(3, 3)
		require.ErrorIs(t, err, vision.ErrSize, name)
		assert.True(t, m.Image().Bounds().Empty(), name)
	}
	for _, size := range []image.Point{{0, 1}, {1, -1}, {1 << 16, 1}} {
		_, err := twoByTwo().Scaled(size.X, size.Y)
		require.ErrorIs(t, err, vision.ErrSize)
	}
}

func TestClassMapAt(t *testing.T) {
	m := twoByTwo()
	for _, c := range []struct {
		x, y, want int
		ok         bool
	}{
		{10, 20, 1, true},
		{11, 22, 1, true},
		{12, 22, 2, true},
		{11, 23, 3, true},
		{13, 25, 4, true},
		{9, 20, 0, false},
		{14, 20, 0, false},
		{10, 26, 0, false},
	} {
		id, ok := m.At(c.x, c.y)
		assert.Equal(t, c.ok, ok, c)
		assert.Equal(t, c.want, id, c)
	}
	_, ok := vision.ClassMap{Width: 2, Height: 2, Part: m.Part}.At(12, 23)
	assert.False(t, ok)
}

// The colours are those of the data set's own description.
func TestPascalColor(t *testing.T) {
	for id, want := range map[int]color.RGBA{
		0: {0, 0, 0, 255}, 1: {128, 0, 0, 255}, 2: {0, 128, 0, 255}, 3: {128, 128, 0, 255}, 8: {64, 0, 0, 255},
		15: {192, 128, 128, 255}, 20: {0, 64, 128, 255}, 255: {224, 224, 192, 255}, 256: {0, 0, 0, 255}, -1: {224, 224, 192, 255},
	} {
		assert.Equal(t, want, vision.PascalColor(id), id)
	}
	assert.Equal(t, color.RGBA{128, 128, 0, 255}, twoByTwo().Image().RGBAAt(0, 1))
}
