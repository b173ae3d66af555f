package annotate_test

import (
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/niltest"
	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/annotate"
	"github.com/gocoral/coral/vision/track"
)

var (
	grey   = color.RGBA{0x80, 0x80, 0x80, 0xFF}
	orange = color.RGBA{0xE6, 0x9F, 0x00, 0xFF}
	white  = color.RGBA{0xFF, 0xFF, 0xFF, 0xFF}
)

func plain(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.NewUniform(grey), image.Point{}, draw.Src)
	return img
}

func newCanvas(t *testing.T, img image.Image) *annotate.Canvas {
	t.Helper()
	c, err := annotate.New(img)
	require.NoError(t, err)
	return c
}

// changed is the smallest rectangle that holds all pixels that are not grey any more.
func changed(img *image.RGBA) image.Rectangle {
	var all image.Rectangle
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			if img.RGBAAt(x, y) != grey {
				all = all.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return all
}

func TestSizes(t *testing.T) {
	for _, c := range []struct{ in, out image.Point }{
		{image.Pt(96, 48), image.Pt(640, 320)},
		{image.Pt(1, 1), image.Pt(640, 640)},
		{image.Pt(1, 600), image.Pt(1, 640)},
		{image.Pt(640, 200), image.Pt(640, 200)},
		{image.Pt(700, 900), image.Pt(700, 900)},
	} {
		assert.Equal(t, c.out, newCanvas(t, plain(c.in.X, c.in.Y)).Image().Rect.Size(), "%v", c.in)
	}
}

// The picture given is not drawn on, wherever its bounds begin.
func TestPictureIsLeftAsItIs(t *testing.T) {
	img := plain(1300, 1300)
	sub := img.SubImage(image.Rect(100, 200, 800, 900))
	c := newCanvas(t, sub)
	c.Objects([]vision.Object{{Score: 1, Box: vision.Box{XMin: 200, YMin: 300, XMax: 400, YMax: 500}}})
	assert.Empty(t, changed(img))
	assert.Equal(t, image.Rect(0, 0, 700, 700), c.Image().Rect)
	assert.Equal(t, orange, c.Image().RGBAAt(200, 400))
}

func TestBox(t *testing.T) {
	for _, zoom := range []int{1, 4} { // a picture of 200 pixels is enlarged to 640
		img := plain(800/zoom, 600/zoom)
		c := newCanvas(t, img)
		side := float32(1) / float32(zoom)
		c.Objects([]vision.Object{{Label: "cat", Score: .5, Box: vision.Box{XMin: 200, YMin: 300, XMax: 600, YMax: 500}.Scale(side, side)}})
		out := c.Image()
		scale := func(x int) int { return x * out.Rect.Dx() / 800 }
		at := func(x, y int) color.RGBA { return out.RGBAAt(scale(x), scale(y)) }
		assert.Equal(t, orange, at(200, 400), "left edge")
		assert.Equal(t, orange, at(600, 400), "right edge")
		assert.Equal(t, orange, at(400, 300), "upper edge")
		assert.Equal(t, orange, at(400, 500), "lower edge")
		assert.Equal(t, grey, at(400, 400), "inside")
		all := changed(out)
		assert.InDelta(t, scale(200), all.Min.X, 8)
		assert.InDelta(t, scale(600), all.Max.X, 8)
		assert.InDelta(t, scale(500), all.Max.Y, 8)
		require.Len(t, c.Texts(), 1)
		text := c.Texts()[0]
		assert.InDelta(t, scale(300), text.Max.Y, 8, "above the box")
		assert.Equal(t, all.Min.Y, text.Min.Y)
		assert.GreaterOrEqual(t, text.Dy(), 16)
		assert.Contains(t, out.SubImage(text).(*image.RGBA).Pix, uint8(0), "text is black")
	}
}

// Text of boxes that lie on each other, or at the edges, is all there to read.
func TestTextKeepsClear(t *testing.T) {
	c := newCanvas(t, plain(640, 480))
	full := vision.Box{XMax: 640, YMax: 480}
	box := vision.Box{XMin: 200, YMin: 200, XMax: 400, YMax: 300}
	c.Objects([]vision.Object{
		{ID: 1, Label: "one", Score: .9, Box: box},
		{ID: 2, Label: "two", Score: .8, Box: box},
		{ID: 3, Label: "three", Score: .7, Box: box},
		{ID: 4, Label: "four", Score: .6, Box: full},
		{ID: 5, Label: "five", Score: .5, Box: full},
		{ID: 6, Label: strings.Repeat("a long label ", 1000), Score: .5, Box: vision.Box{XMin: 600, YMin: 400, XMax: 630, YMax: 420}},
		{ID: 7, Label: "two\nlines\x00", Score: float32(math.NaN()), Box: vision.Box{XMin: -50, YMin: -50, XMax: 20, YMax: 20}},
	})
	c.Caption("caption", "")
	texts := c.Texts()
	require.Len(t, texts, 9)
	for k, a := range texts {
		assert.True(t, a.In(c.Image().Rect), "%v", a)
		for _, b := range texts[:k] {
			assert.Empty(t, a.Intersect(b))
		}
	}
}

// The surest of two is in front.
func TestOrder(t *testing.T) {
	box := vision.Box{XMin: 200, YMin: 200, XMax: 400, YMax: 300}
	for _, sure := range []int{0, 1} {
		objects := []vision.Object{{ID: 0, Score: .5, Box: box}, {ID: 1, Score: .5, Box: box}}
		objects[sure].Score = .9
		c := newCanvas(t, plain(640, 480))
		c.Objects(objects)
		assert.Equal(t, sure == 0, c.Image().RGBAAt(200, 250) == orange)
	}
}

func TestTracks(t *testing.T) {
	c := newCanvas(t, plain(640, 480))
	box := vision.Box{XMin: 200, YMin: 200, XMax: 400, YMax: 300}
	c.Tracks([]track.Track{{Object: vision.Object{ID: 5, Box: box}, Identity: 1}})
	assert.Equal(t, orange, c.Image().RGBAAt(200, 250), "the colour is the identity's")
}

func TestPoses(t *testing.T) {
	joints := make([]vision.Keypoint, 17) // all without a score
	joints[5] = vision.Keypoint{X: .25, Y: .5, Score: .9}
	joints[6] = vision.Keypoint{X: .75, Y: .5, Score: .9}
	joints[11] = vision.Keypoint{X: .25, Y: .9, Score: .1}
	c := newCanvas(t, plain(640, 480))
	c.Poses([]vision.Pose{{Keypoints: joints}})
	out := c.Image()
	assert.Equal(t, white, out.RGBAAt(160, 240))
	assert.Equal(t, white, out.RGBAAt(480, 240))
	assert.Equal(t, orange, out.RGBAAt(320, 240), "between the shoulders")
	assert.Equal(t, grey, out.RGBAAt(160, 340), "no hip, no body")
	assert.Less(t, changed(out).Max.Y, 255)

	c = newCanvas(t, plain(640, 480))
	c.Poses([]vision.Pose{{Keypoints: joints[4:8]}})
	assert.Equal(t, white, c.Image().RGBAAt(160, 240))
	assert.Equal(t, grey, c.Image().RGBAAt(320, 240), "of another number of joints it is not known what joins them")
}

func TestFaces(t *testing.T) {
	c := newCanvas(t, plain(640, 480))
	c.Faces([]vision.Face{{
		Score: .9, Box: vision.Box{XMin: 200, YMin: 200, XMax: 400, YMax: 300},
		Landmarks: []vision.Keypoint{{X: .5, Y: .5, Score: 1}},
	}})
	assert.Equal(t, orange, c.Image().RGBAAt(320, 240))
	assert.Equal(t, orange, c.Image().RGBAAt(200, 250))
	assert.Len(t, c.Texts(), 1)
}

func TestClasses(t *testing.T) {
	m := vision.ClassMap{Width: 2, Height: 2, IDs: []uint16{0, 1, 2, 9}, Part: image.Rect(100, 100, 300, 300)}
	c := newCanvas(t, plain(640, 480))
	c.Classes(m, nil)
	out := c.Image()
	assert.Equal(t, image.Rect(100, 100, 300, 300), changed(out))
	assert.Equal(t, grey, out.RGBAAt(199, 199), "class 0")
	assert.NotEqual(t, grey, out.RGBAAt(200, 199))
	assert.NotEqual(t, out.RGBAAt(200, 199), out.RGBAAt(199, 200))
	assert.Empty(t, c.Texts())

	c = newCanvas(t, plain(640, 480))
	c.Classes(m, []vision.ClassShare{{ID: 0, Label: "road", Fraction: .5}, {ID: 1, Label: "Background", Fraction: .2}, {ID: 2, Label: "sky"}})
	out = c.Image()
	assert.NotEqual(t, grey, out.RGBAAt(199, 199))
	assert.Equal(t, grey, out.RGBAAt(200, 199))
	assert.Len(t, c.Texts(), 1, "neither background nor what is not there")

	for _, bad := range []vision.ClassMap{
		{},
		{Width: 2, Height: 2, IDs: m.IDs[:3], Part: m.Part},
		{Width: math.MaxInt, Height: math.MaxInt, IDs: m.IDs, Part: m.Part},
		{Width: -2, Height: -2, IDs: m.IDs, Part: m.Part},
		{Width: 2, Height: 2, IDs: m.IDs},
		{Width: 2, Height: 2, IDs: m.IDs, Part: image.Rect(1000, 1000, 2000, 2000)},
		{Width: 2, Height: 2, IDs: m.IDs, Part: image.Rect(math.MinInt, math.MinInt, math.MinInt+5, 0)},
	} {
		c := newCanvas(t, plain(640, 480))
		c.Classes(bad, nil)
		assert.Empty(t, changed(c.Image()), "%v", bad)
	}
}

func TestZones(t *testing.T) {
	c := newCanvas(t, plain(640, 480))
	c.Zones([]track.Zone{{Name: "yard", Polygon: []track.Point{{X: 100, Y: 100}, {X: 300, Y: 100}, {X: 300, Y: 300}, {X: 100, Y: 300}}}})
	out := c.Image()
	assert.NotEqual(t, grey, out.RGBAAt(200, 200))
	assert.Equal(t, grey, out.RGBAAt(310, 200))
	assert.Len(t, c.Texts(), 1)

	// One that is far larger than the picture covers all of it.
	c = newCanvas(t, plain(640, 480))
	c.Zones([]track.Zone{{Polygon: []track.Point{{X: -1e9, Y: -1e9}, {X: 1e9, Y: -1e9}, {X: 1e9, Y: 1e9}, {X: -1e9, Y: 1e9}}}})
	out = c.Image()
	for _, at := range []image.Point{{0, 0}, {639, 0}, {0, 479}, {639, 479}, {320, 240}} {
		assert.NotEqual(t, grey, out.RGBAAt(at.X, at.Y))
		assert.Equal(t, out.RGBAAt(0, 0), out.RGBAAt(at.X, at.Y))
	}
}

// The arrow of a line points to its right.
func TestLines(t *testing.T) {
	c := newCanvas(t, plain(640, 480))
	c.Lines([]track.Line{{Name: "door", From: track.Point{X: 320, Y: 400}, To: track.Point{X: 320, Y: 100}}})
	out := c.Image()
	assert.NotEqual(t, grey, out.RGBAAt(320, 120))
	assert.NotEqual(t, grey, out.RGBAAt(332, 250))
	assert.Equal(t, grey, out.RGBAAt(308, 250))
}

// Whatever the numbers, nothing panics, and what is drawn lies in the picture.
func TestStrangeNumbers(t *testing.T) {
	f := func(x float64) float32 { return float32(x) }
	strange := []float32{f(math.NaN()), f(math.Inf(1)), f(math.Inf(-1)), math.MaxFloat32, -math.MaxFloat32, 0, 1, 64, 1e6}
	c := newCanvas(t, plain(64, 64))
	for _, a := range strange {
		for _, b := range strange {
			for _, box := range []vision.Box{{XMin: a, YMin: b, XMax: b, YMax: a}, {XMin: a, YMin: a, XMax: b, YMax: b}, {XMin: 5, YMin: a, XMax: b, YMax: 9}} {
				o := vision.Object{ID: math.MinInt, Label: "\xff", Score: a, Box: box}
				c.Objects([]vision.Object{o})
				c.Tracks([]track.Track{{Object: o, Identity: math.MinInt}})
				c.Faces([]vision.Face{{Score: a, Box: box, Landmarks: []vision.Keypoint{{X: a, Y: b, Score: b}}}})
			}
			joints := slices.Repeat([]vision.Keypoint{{X: a, Y: b, Score: 1}, {X: b, Y: 1, Score: 1}}, 9)
			c.Poses([]vision.Pose{{Keypoints: joints[:17]}, {Keypoints: joints}})
			p, q := track.Point{X: a, Y: b}, track.Point{X: b, Y: 5}
			c.Zones([]track.Zone{{Name: "zone", Polygon: []track.Point{p, q, {X: 5, Y: a}, {X: 64, Y: 5}}}, {Name: "empty"}})
			c.Lines([]track.Line{{Name: "line", From: p, To: q}, {Name: "none", From: p, To: p}})
		}
	}
	assert.Equal(t, image.Rect(0, 0, 640, 640), c.Image().Rect)
}

// An object that is not in the picture leaves no trace.
func TestOutside(t *testing.T) {
	nan := float32(math.NaN())
	c := newCanvas(t, plain(640, 480))
	for _, b := range []vision.Box{
		{XMin: 700, YMin: 100, XMax: 800, YMax: 200},
		{XMin: -90, YMin: 100, XMax: -10, YMax: 200},
		{XMin: 100, YMin: 480, XMax: 200, YMax: 500},
		{XMin: 300, YMin: 100, XMax: 200, YMax: 200},
		{XMin: nan, YMin: 100, XMax: 200, YMax: 200},
		{XMin: 100, YMin: 100, XMax: 200, YMax: nan},
	} {
		c.Objects([]vision.Object{{Label: "ghost", Score: .9, Box: b}})
	}
	c.Poses([]vision.Pose{{Keypoints: []vision.Keypoint{{X: nan, Y: .5, Score: 1}, {X: .5, Y: .5, Score: nan}, {X: 9, Y: .5, Score: 1}}}})
	assert.Empty(t, changed(c.Image()))
}

type liar struct{ image.Image }

func (liar) Bounds() image.Rectangle { return image.Rect(0, 0, 8, 8) }
func (liar) ColorModel() color.Model { return color.RGBAModel }

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		img  image.Image
		want error
	}{
		"nil":                     {nil, annotate.ErrSize},
		"nil RGBA":                {(*image.RGBA)(nil), annotate.ErrSize},
		"empty":                   {&image.RGBA{}, annotate.ErrSize},
		"without limit":           {image.White, annotate.ErrTooLarge},
		"no pixels":               {&image.RGBA{Rect: image.Rect(0, 0, 8, 8)}, annotate.ErrDamaged},
		"no pixels, large enough": {&image.YCbCr{Rect: image.Rect(0, 0, 800, 8)}, annotate.ErrDamaged},
		"another":                 {liar{}, annotate.ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := annotate.New(c.img)
			require.ErrorIs(t, err, c.want)
			t.Log(err)
		})
	}
}

func TestSave(t *testing.T) {
	img := plain(20, 10)
	dir := t.TempDir()
	for name, decode := range map[string]func(*os.File) (image.Image, error){
		"a.png":  func(f *os.File) (image.Image, error) { return png.Decode(f) },
		"a.jpg":  func(f *os.File) (image.Image, error) { return jpeg.Decode(f) },
		"b.JPEG": func(f *os.File) (image.Image, error) { return jpeg.Decode(f) },
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, annotate.Save(path, img))
		f, err := os.Open(path)
		require.NoError(t, err)
		back, err := decode(f)
		f.Close()
		require.NoError(t, err, name)
		assert.Equal(t, img.Rect, back.Bounds())
	}

	for name, c := range map[string]struct {
		path string
		img  image.Image
		want error
	}{
		"gif":       {"a.gif", img, annotate.ErrFormat},
		"no end":    {"png", img, annotate.ErrFormat},
		"nil":       {"c.png", nil, annotate.ErrSize},
		"empty":     {"c.png", &image.RGBA{}, annotate.ErrSize},
		"damaged":   {"c.png", liar{}, annotate.ErrDamaged},
		"no folder": {"none/c.png", img, os.ErrNotExist},
	} {
		t.Run(name, func(t *testing.T) {
			err := annotate.Save(filepath.Join(dir, c.path), c.img)
			require.ErrorIs(t, err, c.want)
			t.Log(err)
			assert.NoFileExists(t, filepath.Join(dir, c.path))
		})
	}
	require.Error(t, annotate.Save(filepath.Join(dir, "c.jpg"), image.White), "JPEG has no more than 65535 pixels a side")
	assert.NoFileExists(t, filepath.Join(dir, "c.jpg"))
}

func TestNilWalk(t *testing.T) {
	niltest.Walk(t, map[string]any{"New": annotate.New, "Save": annotate.Save}, (*annotate.Canvas)(nil), &annotate.Canvas{})
}
