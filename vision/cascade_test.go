package vision_test

import (
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

func TestRegion(t *testing.T) {
	for name, c := range map[string]struct {
		region vision.Region
		box    vision.Box
		want   image.Rectangle
	}{
		"the box":            {vision.Region{}, box(10, 20, 30, 60), image.Rect(10, 20, 30, 60)},
		"between pixels":     {vision.Region{}, box(10.4, 20.6, 29.6, 59.4), image.Rect(10, 20, 30, 60)},
		"with a margin":      {vision.Region{Margin: 0.1}, box(10, 20, 30, 60), image.Rect(8, 16, 32, 64)},
		"cut":                {vision.Region{Margin: -0.25}, box(10, 20, 30, 60), image.Rect(15, 30, 25, 50)},
		"square":             {vision.Region{Square: true}, box(20, 20, 30, 60), image.Rect(5, 20, 45, 60)},
		"square with margin": {vision.Region{Square: true, Margin: 0.25}, box(30, 20, 40, 60), image.Rect(5, 10, 65, 70)},
		"at the edge":        {vision.Region{Margin: 1}, box(-5, 90, 15, 110), image.Rect(0, 70, 35, 100)},
		"outside":            {vision.Region{Margin: 0.1}, box(200, 20, 230, 60), image.Rectangle{}},
		"a point":            {vision.Region{}, box(20, 20, 20, 20), image.Rectangle{}},
		"upside down":        {vision.Region{}, box(30, 60, 10, 20), image.Rectangle{}},
		"no numbers":         {vision.Region{}, box(nan, 0, 10, 20), image.Rectangle{}},
		"huge":               {vision.Region{Margin: 1}, box(-3e38, -3e38, 3e38, 3e38), image.Rect(0, 0, 100, 100)},
		"large":              {vision.Region{Margin: 1}, box(-1e30, -1e30, 1e30, 1e30), image.Rect(0, 0, 100, 100)},
		"all cut":            {vision.Region{Margin: -1}, box(10, 20, 30, 60), image.Rectangle{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.region.Of(c.box, image.Pt(100, 100))
			if c.want.Empty() {
				assert.True(t, got.Empty(), "%v", got)
				return
			}
			assert.Equal(t, c.want, got)
		})
	}
}

// objects are boxes with the number of what is in them.
func objects(boxes ...vision.Box) (all []vision.Object) {
	for k, b := range boxes {
		all = append(all, vision.Object{ID: k, Box: b})
	}
	return all
}

// street has something red, green and blue on a white ground.
func street() image.Image {
	img := image.NewRGBA(image.Rect(50, 50, 150, 100))
	draw.Draw(img, img.Rect, image.NewUniform(white), image.Point{}, draw.Src)
	for k, c := range []color.Color{red, green, blue} {
		draw.Draw(img, image.Rect(60+30*k, 60, 80+30*k, 80), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return img
}

var inStreet = []vision.Box{box(70, 10, 90, 30), box(10, 10, 30, 30), box(300, 0, 310, 10), box(40, 10, 60, 30)}

// Each object gets the class of what is in its box, in the order of the objects; one outside
// of the picture has an error of its own.
func TestCascade(t *testing.T) {
	s := open(t, colours())
	img := street()
	got, err := vision.Cascade(t.Context(), img, objects(inStreet...), vision.Region{Margin: -0.1},
		func(ctx context.Context, _ vision.Object, crop vision.Option) (vision.Classification, error) {
			return vision.Classify(ctx, s, img, crop, vision.WithTopK(1), vision.WithLabels(rgb))
		})
	require.NoError(t, err)
	require.Len(t, got, 4)
	for k, want := range []string{"blue", "red", "", "green"} {
		assert.Equal(t, k, got[k].Object.ID)
		if want == "" {
			require.ErrorIs(t, got[k].Err, vision.ErrSize)
			assert.Zero(t, got[k].Value)
			continue
		}
		require.NoError(t, got[k].Err)
		assert.Equal(t, want, got[k].Value.Classes[0].Label)
		assert.InDelta(t, 1, got[k].Value.Classes[0].Score, 0.01)
	}
	assert.Equal(t, image.Rect(12, 12, 28, 28), got[1].Part)
}

// Faces go in as objects do, and embeddings come out.
func TestCascadeOfFaces(t *testing.T) {
	s := open(t, colours())
	img := street()
	got, err := vision.Cascade(nil, img, []vision.Face{{Box: inStreet[1]}}, vision.Region{}, //nolint:staticcheck // nil is allowed
		func(ctx context.Context, _ vision.Face, crop vision.Option) (vision.Embedding, error) {
			return vision.Embed(ctx, s, img, crop)
		})
	require.NoError(t, err)
	assert.InDeltaSlice(t, []float32{1, 0, 0}, got[0].Value.Vector, 1e-6)
}

func TestCascadeErrors(t *testing.T) {
	bad := errors.New("bad")
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	second := func(context.Context, vision.Object, vision.Option) (int, error) {
		if calls++; calls == 2 {
			cancel()
		}
		return 7, bad
	}
	got, err := vision.Cascade(ctx, street(), objects(inStreet[0], inStreet[1], inStreet[3]), vision.Region{}, second)
	require.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "after 2 of 3 objects")
	require.Len(t, got, 2)
	require.ErrorIs(t, got[0].Err, bad)

	_, err = vision.Cascade(t.Context(), nil, objects(inStreet...), vision.Region{}, second)
	require.ErrorIs(t, err, vision.ErrSize)
	_, err = vision.Cascade[vision.Object, int](t.Context(), street(), nil, vision.Region{}, nil)
	require.ErrorIs(t, err, vision.ErrOption)
	none, err := vision.Cascade(t.Context(), street(), []*vision.Object{nil}, vision.Region{}, func(context.Context, *vision.Object, vision.Option) (int, error) { return 0, nil })
	require.NoError(t, err)
	require.ErrorIs(t, none[0].Err, vision.ErrSize)
}
