package stream_test

import (
	"context"
	"errors"
	"image"
	"image/png"
	"iter"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/niltest"
	"github.com/gocoral/coral/vision/stream"
)

// collect reads all of a source that ends.
func collect(ctx context.Context, source stream.Source) (frames []stream.Frame, errs []error) {
	for f, err := range source(ctx) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		frames = append(frames, f)
	}
	return frames, errs
}

func writePNG(t *testing.T, path string, img image.Image) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, png.Encode(f, img))
	require.NoError(t, f.Close())
}

// A folder's pictures come in the order of the numbers in their names; what is none is not
// among them, and one that is broken does not end the rest.
func TestPictures(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b10.png", "b9.png", "a.PNG", "b09.png", ".hidden.png"} {
		writePNG(t, filepath.Join(dir, name), image.NewGray(image.Rect(0, 0, 3, 2)))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b1.jpg"), []byte("\xff\xd8\xff"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.png"), 0o700))

	var names []string
	var index []int
	var failed []string
	for f, err := range stream.Pictures(dir, stream.WithRate(2))(t.Context()) {
		names, index = append(names, filepath.Base(f.Name)), append(index, f.Index)
		assert.Equal(t, time.Duration(f.Index)*time.Second/2, f.Time)
		if err != nil {
			assert.ErrorIs(t, err, stream.ErrDamaged)
			assert.Nil(t, f.Image)
			failed = append(failed, filepath.Base(f.Name))
			continue
		}
		assert.Equal(t, image.Rect(0, 0, 3, 2), f.Image.Bounds())
	}
	assert.Equal(t, []string{"a.PNG", "b1.jpg", "b09.png", "b9.png", "b10.png"}, names)
	assert.Equal(t, []int{0, 1, 2, 3, 4}, index)
	assert.Equal(t, []string{"b1.jpg"}, failed)

	frames, errs := collect(t.Context(), stream.Open(filepath.Join(dir, "a.PNG")))
	assert.Len(t, frames, 1)
	assert.Empty(t, errs)
}

func TestPicturesThatAreNot(t *testing.T) {
	for path, want := range map[string]error{
		t.TempDir():                        stream.ErrFormat,
		filepath.Join(t.TempDir(), "none"): os.ErrNotExist,
	} {
		frames, errs := collect(t.Context(), stream.Pictures(path))
		assert.Empty(t, frames)
		require.Len(t, errs, 1)
		assert.ErrorIs(t, errs[0], want)
		t.Log(errs[0])
	}
}

// A loop that ends early, and a context that does, end the source.
func TestEnd(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"1.png", "2.png", "3.png"} {
		writePNG(t, filepath.Join(dir, name), image.NewGray(image.Rect(0, 0, 3, 2)))
	}
	for range stream.Pictures(dir)(t.Context()) {
		break
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	why := errors.New("the user has gone home")
	var frames, errs int
	for _, err := range stream.Pictures(dir)(ctx) {
		if err != nil {
			errs++
			assert.ErrorIs(t, err, context.Canceled)
			assert.ErrorIs(t, err, why)
			continue
		}
		frames++
		cancel(why)
	}
	assert.Equal(t, 1, frames)
	assert.Equal(t, 1, errs)
}

func TestOptionsThatCannotBe(t *testing.T) {
	for name, opt := range map[string]stream.Option{
		"width":   stream.WithSize(-1, 0),
		"height":  stream.WithSize(0, 65536),
		"rate":    stream.WithRate(0),
		"rate 2":  stream.WithRate(math.NaN()),
		"rate 3":  stream.WithRate(1001),
		"rate 4":  stream.WithRate(math.SmallestNonzeroFloat64),
		"bytes":   stream.WithMaxFrame(0),
		"timeout": stream.WithTimeout(0),
	} {
		_, errs := collect(t.Context(), stream.Pictures(t.TempDir(), opt))
		require.Len(t, errs, 1, name)
		assert.ErrorIs(t, errs[0], stream.ErrRange, name)
		_, err := stream.Create("a.mp4", opt)
		assert.ErrorIs(t, err, stream.ErrRange, name)
		t.Log(errs[0])
	}
}

func TestIsLive(t *testing.T) {
	for name, want := range map[string]bool{
		"/dev/video0": true, "rtsp://camera/1": true, "http://camera/stream": true,
		"file:///a.mp4": false, "a.mp4": false, t.TempDir(): false, "-": false, "": false,
	} {
		assert.Equal(t, want, stream.IsLive(name), name)
	}
}

// Every source with nothing to read, and nothing that is nil, panics.
func TestNilAndEmpty(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var none context.Context
	for name, source := range map[string]stream.Source{
		"Open": stream.Open(""), "Pictures": stream.Pictures(""), "Video": stream.Video(""), "MJPEG": stream.MJPEG(""),
		"JPEGs": stream.JPEGs(nil), "JPEGs, nil file": stream.JPEGs((*os.File)(nil)), "Camera": stream.Camera(""),
		"Latest": stream.Latest(nil), "Paced": stream.Paced(nil), "nil option": stream.Pictures("", nil),
	} {
		t.Run(name, func(t *testing.T) {
			frames, errs := collect(none, source)
			assert.Empty(t, frames)
			assert.Len(t, errs, 1)
			t.Log(errs)
		})
	}
	assert.Nil(t, new(stream.Meter).Measure(nil))
}

func TestNilWalk(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	niltest.Walk(t, map[string]any{
		"Open": stream.Open, "Pictures": stream.Pictures, "Video": stream.Video, "MJPEG": stream.MJPEG, "JPEGs": stream.JPEGs,
		"Camera": stream.Camera, "Latest": stream.Latest, "Paced": stream.Paced, "IsLive": stream.IsLive, "IsVideo": stream.IsVideo,
		"Create": stream.Create, "WithClient": stream.WithClient, "WithInputArguments": stream.WithInputArguments,
		"WithMaxFrame": stream.WithMaxFrame, "WithOutputArguments": stream.WithOutputArguments, "WithRate": stream.WithRate,
		"WithSize": stream.WithSize, "WithTimeout": stream.WithTimeout,
	}, (*stream.Meter)(nil), &stream.Meter{}, (*stream.Broadcast)(nil), &stream.Broadcast{}, (*stream.Writer)(nil), &stream.Writer{})
}

// numbered is a source of so many frames, all of them there at once.
func numbered(n int) stream.Source {
	return func(ctx context.Context) iter.Seq2[stream.Frame, error] {
		return func(yield func(stream.Frame, error) bool) {
			for k := range n {
				if ctx.Err() != nil || !yield(stream.Frame{Image: image.Black, Index: k, Time: time.Duration(k)}, nil) {
					return
				}
			}
		}
	}
}
