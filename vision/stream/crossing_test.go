package stream_test

import (
	"context"
	"image"
	"image/color"
	"image/draw"
	"iter"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
	"github.com/gocoral/coral/vision/stream"
	"github.com/gocoral/coral/vision/track"
)

// A film of 30 seconds: a red and a blue box walk through each other, on a background that
// is nowhere the same. The blue one is behind.
const (
	filmRate   = 30
	filmLength = 30 * filmRate // frames
)

func redAt(n int) image.Rectangle {
	return image.Rect(0, 0, 30, 60).Add(image.Pt(10+n*250/filmLength, 100))
}

func blueAt(n int) image.Rectangle {
	return image.Rect(0, 0, 34, 56).Add(image.Pt(280-n*250/filmLength, 96))
}

var background = func() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			img.SetRGBA(x, y, color.RGBA{uint8(40 + x/4), uint8(80 + y/4), uint8(60 + x%64), 255})
		}
	}
	return img
}()

func filmFrame(n int) *image.RGBA {
	img := image.NewRGBA(background.Rect)
	copy(img.Pix, background.Pix)
	draw.Draw(img, blueAt(n), image.NewUniform(color.RGBA{20, 20, 240, 255}), image.Point{}, draw.Src)
	draw.Draw(img, redAt(n), image.NewUniform(color.RGBA{240, 20, 20, 255}), image.Point{}, draw.Src)
	return img
}

// film yields a frame whenever one may be had.
func film(next <-chan struct{}) stream.Source {
	return func(ctx context.Context) iter.Seq2[stream.Frame, error] {
		return func(yield func(stream.Frame, error) bool) {
			for n := range filmLength {
				select {
				case <-next:
				case <-ctx.Done():
					return
				}
				if !yield(stream.Frame{Image: filmFrame(n), Index: n, Time: time.Duration(n) * time.Second / filmRate}, nil) {
					return
				}
			}
		}
	}
}

// find is a detector of boxes in pure colours. Both are of the same kind, and the tracker
// looks at that alone, not at the label. What is hidden in part has a smaller box and a lower
// score.
func find(img image.Image) []vision.Object {
	var found []vision.Object
	for k, is := range []func(r, g, b uint8) bool{
		func(r, g, b uint8) bool { return b > 180 && r < 90 && g < 90 },
		func(r, g, b uint8) bool { return r > 180 && g < 90 && b < 90 },
	} {
		var box image.Rectangle
		n := 0
		b := img.Bounds()
		for y := b.Min.Y; y < b.Max.Y; y += 2 {
			for x := b.Min.X; x < b.Max.X; x += 2 {
				if is(rgb(img, x, y)) {
					box = box.Union(image.Rect(x, y, x+2, y+2))
					n += 4
				}
			}
		}
		if n > 100 {
			found = append(found, vision.Object{
				ID: 1, Label: colourNames[k], Score: min(1, float32(n)/1800),
				Box: vision.Box{XMin: float32(box.Min.X), YMin: float32(box.Min.Y), XMax: float32(box.Max.X), YMax: float32(box.Max.Y)},
			})
		}
	}
	return found
}

// colourNames are in the order in which find finds.
var colourNames = []string{"blue", "red"}

func rgb(img image.Image, x, y int) (r, g, b uint8) {
	switch img := img.(type) {
	case *image.YCbCr:
		k, c := img.YOffset(x, y), img.COffset(x, y)
		return color.YCbCrToRGB(img.Y[k], img.Cb[c], img.Cr[c])
	default:
		c := img.(*image.RGBA).RGBAAt(x, y)
		return c.R, c.G, c.B
	}
}

// watchFilm follows the boxes through the film. done is called after each frame.
func watchFilm(t *testing.T, source stream.Source, done func()) {
	t.Helper()
	tracker, err := track.New(
		track.WithZone(track.Zone{Name: "right", Polygon: []track.Point{{X: 200}, {X: 320}, {X: 320, Y: 240}, {X: 200, Y: 240}}}),
		track.WithLine(track.Line{Name: "middle", From: track.Point{X: 160, Y: 240}, To: track.Point{X: 160}}))
	require.NoError(t, err)

	var heap [2]uint64
	var happened []string
	note := func(events []track.Event) {
		for _, e := range events {
			happened = append(happened, string(e.Kind)+" "+e.Place+string(e.Direction)+" "+string(rune('0'+e.Track.Identity)))
		}
	}
	var m stream.Meter
	for f, err := range m.Measure(source)(t.Context()) {
		require.NoError(t, err)
		require.InDelta(t, float64(f.Index)/filmRate, f.Time.Seconds(), 1e-6)
		tracks, events := tracker.Update(find(f.Image), f.Time)
		note(events)
		for _, found := range tracks {
			require.Equal(t, colourNames[found.Identity-1], found.Label, "frame %d", f.Index)
		}
		switch f.Index {
		case filmLength / 3:
			heap[0] = heapNow()
		case filmLength - 1:
			heap[1] = heapNow()
			assert.Len(t, tracks, 2)
		}
		done()
	}
	note(tracker.End())
	assert.Equal(t, []string{
		"appear  1", "appear  2", "enter right 1",
		"leave right 1", "cross middleright 2", "cross middleleft 1", "enter right 2",
		"vanish  1", "leave right 2", "vanish  2",
	}, happened)
	assert.Equal(t, filmLength, m.Stats().Frames)
	assert.Zero(t, m.Stats().Dropped)
	// A hundredth of the frames in between would be more.
	assert.Less(t, heap[1], heap[0]+1<<20)
}

func heapNow() uint64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// Identities stay through a crossing, nothing is dropped if the program keeps up, and memory
// stays as it is.
func TestFilm(t *testing.T) {
	goroutinesStay(t)
	next := make(chan struct{}, 1)
	next <- struct{}{}
	watchFilm(t, stream.Latest(film(next)), func() { next <- struct{}{} })
}

// The same from a real file.
func TestFilmFromAFile(t *testing.T) {
	needFFmpeg(t)
	goroutinesStay(t)
	path := filepath.Join(t.TempDir(), "film.mp4")
	w, err := stream.Create(path, stream.WithRate(filmRate), stream.WithOutputArguments("-preset", "ultrafast"))
	require.NoError(t, err)
	for n := range filmLength {
		require.NoError(t, w.Write(filmFrame(n)))
	}
	require.NoError(t, w.Close())
	watchFilm(t, stream.Open(path), func() {})
}
