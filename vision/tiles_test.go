package vision_test

import (
	"context"
	"image"
	"image/color"
	"image/draw"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/vision"
)

// small is a large picture with two small squares, for the detector's input of 16 by 16
// pixels, whose grid has squares of 4 by 4.
func small() (img *image.RGBA, red, blue vision.Box) {
	img = image.NewRGBA(image.Rect(0, 0, 112, 64))
	draw.Draw(img, img.Rect, image.Black, image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(24, 36, 28, 40), image.NewUniform(color.RGBA{R: 255, A: 255}), image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(92, 8, 96, 12), image.NewUniform(color.RGBA{B: 255, A: 255}), image.Point{}, draw.Src)
	return img, vision.Box{XMin: 24, YMin: 36, XMax: 28, YMax: 40}, vision.Box{XMin: 92, YMin: 8, XMax: 96, YMax: 12}
}

func TestTiles(t *testing.T) {
	s := open(t, edgetputest.Detector())
	img, red, blue := small()
	detect := func(opts ...vision.Option) vision.Detections {
		got, err := vision.Detect(t.Context(), s, img, append(opts, vision.WithNormalization(128, 128))...)
		require.NoError(t, err)
		return got
	}
	assert.Empty(t, detect().Objects, "too small")
	for name, opts := range map[string][]vision.Option{
		"side by side":         {vision.WithTiles(0, 0)},
		"overlapping":          {vision.WithTiles(16, 0.25)},
		"overlapping by much":  {vision.WithTiles(16, 0.75)},
		"of a part":            {vision.WithTiles(16, 0), vision.WithCrop(image.Rect(20, 0, 100, 48))},
		"without their labels": {vision.WithTiles(16, 0), vision.WithLabels(vision.Labels{})},
	} {
		t.Run(name, func(t *testing.T) {
			got := detect(append(opts, vision.WithThreshold(0.9))...)
			require.Len(t, got.Objects, 2)
			for _, o := range got.Objects {
				want := map[int]vision.Box{0: red, 2: blue}[o.ID]
				assert.Greater(t, o.Box.IoU(want), float32(0.6), "%v, want %v", o.Box, want)
			}
			assert.GreaterOrEqual(t, got.Objects[0].Score, got.Objects[1].Score)
			assert.Equal(t, 16, got.Placement.Width)
			assert.GreaterOrEqual(t, got.Placement.Crop.Dx(), 80, "the whole")
			assert.Equal(t, vision.HeadSSD, got.Head)
		})
	}
	one := detect(vision.WithTiles(0, 0), vision.WithTopK(1))
	assert.Len(t, one.Objects, 1)
	assert.Equal(t, detect().Objects, detect(vision.WithTiles(1000, 0.2)).Objects, "one tile is the whole")

	_, err := vision.Detect(t.Context(), s, img, vision.WithTiles(1, 0.5))
	require.NoError(t, err, "7168 of them")
	_, err = vision.Detect(t.Context(), s, image.NewRGBA(image.Rect(0, 0, 200, 100)), vision.WithTiles(1, 0))
	require.ErrorIs(t, err, vision.ErrRange)
	require.ErrorContains(t, err, "200×100 tiles of 1×1 pixels: there may be 10000")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = vision.Detect(ctx, s, img, vision.WithTiles(0, 0))
	require.ErrorIs(t, err, context.Canceled)
}

// The tiles cover all of the part, have the input's proportions, overlap as asked, and none
// is there twice.
func TestTilePlaces(t *testing.T) {
	for _, c := range []struct {
		part        image.Rectangle
		width       int
		overlap     float64
		inputWidth  int
		inputHeight int
		count       int
	}{
		{image.Rect(0, 0, 1920, 1080), 0, 0.2, 320, 320, 8 * 4},
		{image.Rect(0, 0, 1920, 1080), 640, 0.2, 320, 160, 4 * 4},
		{image.Rect(100, 50, 420, 370), 320, 0.2, 320, 320, 0},
		{image.Rect(100, 50, 421, 370), 320, 0.2, 320, 320, 2},
		{image.Rect(0, 0, 100, 1000), 200, 0.5, 64, 64, 9},
		{image.Rect(0, 0, 10, 10), 1, 0.9, 1, 1, 100},
	} {
		tiles, err := vision.Tiles(c.width, c.overlap, c.part, c.inputWidth, c.inputHeight)
		require.NoError(t, err)
		require.Len(t, tiles, c.count, "%+v", c)
		seen := make(map[image.Rectangle]bool)
		for _, tile := range tiles {
			assert.True(t, tile.In(c.part), "%v of %v", tile, c.part)
			assert.False(t, seen[tile], "%v is there twice", tile)
			seen[tile] = true
		}
		for y := c.part.Min.Y; y < c.part.Max.Y && len(tiles) > 0; y += 7 {
			for x := c.part.Min.X; x < c.part.Max.X; x += 7 {
				require.True(t, slices.ContainsFunc(tiles, image.Pt(x, y).In), "%d, %d of %v", x, y, c.part)
			}
		}
		if len(tiles) > 1 && tiles[0].Min.Y == tiles[1].Min.Y {
			shared := tiles[0].Intersect(tiles[1]).Dx()
			assert.GreaterOrEqual(t, float64(shared), c.overlap*float64(tiles[0].Dx())-1)
		}
	}
}

// What the edge of a tile cuts gives way to the whole object, also if its score is higher,
// and not to an object of another class or one beside it.
func TestMerged(t *testing.T) {
	whole := vision.Candidate{Box: vision.Box{XMin: 80, YMin: 0, XMax: 140, YMax: 50}, Score: 0.6}
	piece := vision.Candidate{Box: vision.Box{XMin: 81, YMin: 1, XMax: 100, YMax: 50}, Score: 0.9, Cut: true}
	other, beside := piece, piece
	other.Class = 1
	beside.Box = vision.Box{XMin: 60, YMin: 0, XMax: 85, YMax: 50}
	uncut := piece
	uncut.Cut = false
	for name, c := range map[string]struct{ all, want []vision.Candidate }{
		"whole and piece": {[]vision.Candidate{piece, whole}, []vision.Candidate{whole}},
		"another class":   {[]vision.Candidate{whole, other}, []vision.Candidate{other, whole}},
		"beside":          {[]vision.Candidate{whole, beside}, []vision.Candidate{beside, whole}},
		"two objects":     {[]vision.Candidate{whole, uncut}, []vision.Candidate{uncut, whole}},
		"the same twice":  {[]vision.Candidate{whole, whole}, []vision.Candidate{whole}},
		"two pieces":      {[]vision.Candidate{piece, beside}, []vision.Candidate{piece, beside}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, vision.Merged(c.all, 0.45)) })
	}
}

// The picture's own edge cuts nothing.
func TestCutBy(t *testing.T) {
	whole := image.Rect(0, 0, 300, 100)
	cut := func(tile image.Rectangle, b vision.Box) bool { return vision.CutBy(b, tile, whole) }
	left, middle := image.Rect(0, 0, 100, 100), image.Rect(80, 0, 180, 100)
	assert.False(t, cut(left, vision.Box{XMin: 0, YMin: 0, XMax: 90, YMax: 100}))
	assert.True(t, cut(left, vision.Box{XMin: 0, YMin: 0, XMax: 99, YMax: 100}))
	assert.True(t, cut(middle, vision.Box{XMin: 81, YMin: 20, XMax: 90, YMax: 30}))
	assert.False(t, cut(middle, vision.Box{XMin: 83, YMin: 20, XMax: 90, YMax: 30}))
}
