package stream_test

import (
	"context"
	"image"
	"image/color"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision/stream"
)

func size(w, h int) stream.Sizes {
	return stream.SizesOf(image.Pt(w, h), image.Pt(w, h), image.Point{})
}

// camera is one that has these formats and sizes, sends these frames, one after the other,
// and then fails. A nil frame is one that does not come in time.
func camera(formats []stream.FourCC, sizes []stream.Sizes, frames ...[]byte) (c stream.FakeCamera, started *string, closed *int) {
	started, closed = new(string), new(int)
	return stream.FakeCamera{
		Has: formats, HasSize: sizes,
		Start: func(f stream.FourCC, size image.Point, _ float64) error {
			*started = f.String() + " " + size.String()
			return nil
		},
		Frame: func(read func([]byte)) (bool, error) {
			if len(frames) == 0 {
				return false, errBad
			}
			data := frames[0]
			frames = frames[1:]
			if data != nil {
				read(data)
			}
			return data != nil, nil
		},
		Close: func() { *closed++ },
	}, started, closed
}

// Which format and size a camera is asked for.
func TestCameraChooses(t *testing.T) {
	both := []stream.FourCC{stream.MJPG, stream.YUYV}
	usual := []stream.Sizes{size(1920, 1080), size(640, 480), size(320, 240), size(1280, 720)}
	steps := []stream.Sizes{stream.SizesOf(image.Pt(32, 32), image.Pt(2592, 1944), image.Pt(16, 2))}
	for _, c := range []struct {
		formats []stream.FourCC
		sizes   []stream.Sizes
		opts    []stream.Option
		want    string
	}{
		{both, usual, nil, "YUYV (640,480)"},
		{both[:1], usual, nil, "MJPG (640,480)"},
		{both, usual, []stream.Option{stream.WithSize(1280, 720)}, "MJPG (1280,720)"},
		{both[1:], usual, []stream.Option{stream.WithSize(1280, 720)}, "YUYV (1280,720)"},
		{both, usual, []stream.Option{stream.WithSize(300, 300)}, "YUYV (640,480)"},
		{both, usual, []stream.Option{stream.WithSize(320, 0)}, "YUYV (320,240)"},
		{both, usual, []stream.Option{stream.WithSize(4000, 3000)}, "MJPG (1920,1080)"},
		{both, steps, []stream.Option{stream.WithSize(301, 301)}, "YUYV (304,302)"},
		{both, steps, []stream.Option{stream.WithSize(5000, 5000)}, "MJPG (2592,1944)"},
		{both, nil, nil, "YUYV (640,480)"},
	} {
		fake, started, closed := camera(c.formats, c.sizes)
		_, errs := collect(t.Context(), stream.CameraOf(fake, c.opts...))
		assert.Equal(t, c.want, *started)
		assert.Equal(t, 1, *closed)
		require.Len(t, errs, 1)
		assert.ErrorIs(t, errs[0], errBad)
	}
	fake, _, closed := camera([]stream.FourCC{'H' | '2'<<8 | '6'<<16 | '4'<<24}, nil)
	_, errs := collect(t.Context(), stream.CameraOf(fake))
	require.Len(t, errs, 1)
	assert.ErrorIs(t, errs[0], stream.ErrFormat)
	assert.Contains(t, errs[0].Error(), "H264")
	assert.Equal(t, 1, *closed)
}

// yuyvOf is a frame of w by 2 pixels, all of which have the same colour, with some bytes at
// the end of each row.
func yuyvOf(w int, y, cb, cr byte, extra int) []byte {
	var data []byte
	for range 2 {
		for range (w + 1) / 2 {
			data = append(data, y, cb, y, cr)
		}
		data = append(data, make([]byte, extra)...)
	}
	return data
}

func TestCameraYUYV(t *testing.T) {
	for _, c := range []struct {
		y, cb, cr byte
		want      color.RGBA
	}{
		{16, 128, 128, color.RGBA{0, 0, 0, 255}},
		{235, 128, 128, color.RGBA{255, 255, 255, 255}},
		{0, 128, 128, color.RGBA{0, 0, 0, 255}},
		{255, 128, 128, color.RGBA{255, 255, 255, 255}},
		{126, 128, 128, color.RGBA{128, 128, 128, 255}},
		{81, 90, 240, color.RGBA{254, 0, 0, 255}}, // pure red in the numbers of BT.601
		{145, 54, 34, color.RGBA{0, 255, 1, 255}},
		{41, 240, 110, color.RGBA{0, 0, 254, 255}},
	} {
		for _, extra := range []int{0, 6} {
			fake, _, _ := camera([]stream.FourCC{stream.YUYV}, []stream.Sizes{size(5, 2)}, yuyvOf(5, c.y, c.cb, c.cr, extra))
			frames, _ := collect(t.Context(), stream.CameraOf(fake))
			require.Len(t, frames, 1)
			img := frames[0].Image
			assert.Equal(t, image.Rect(0, 0, 5, 2), img.Bounds())
			for x := range 5 {
				got := color.RGBAModel.Convert(img.At(x, 1)).(color.RGBA)
				for k, pair := range [][2]uint8{{c.want.R, got.R}, {c.want.G, got.G}, {c.want.B, got.B}} {
					assert.InDelta(t, pair[0], pair[1], 2, "channel %d of %v", k, c)
				}
			}
		}
	}
}

// A frame that is damaged or late is not the end.
func TestCameraGoesOn(t *testing.T) {
	good := jpegOf(t, 8)
	fake, _, closed := camera([]stream.FourCC{stream.MJPG}, nil, good, good[:100], nil, good)
	frames, errs := collect(t.Context(), stream.CameraOf(fake))
	assert.Equal(t, []int{8, 8}, sidesOf(frames))
	assert.Equal(t, 2, frames[1].Index)
	require.Len(t, errs, 2)
	assert.ErrorIs(t, errs[0], stream.ErrDamaged)
	assert.ErrorIs(t, errs[1], errBad)
	assert.Equal(t, 1, *closed)

	short := yuyvOf(4, 16, 128, 128, 0)
	fake, _, _ = camera([]stream.FourCC{stream.YUYV}, []stream.Sizes{size(4, 2)}, short[:10], nil, short)
	frames, errs = collect(t.Context(), stream.CameraOf(fake))
	assert.Len(t, frames, 1)
	require.Len(t, errs, 2)
	assert.ErrorIs(t, errs[0], stream.ErrDamaged)
	t.Log(errs[0])
}

// One that sends nothing any more is given up, and the context ends the wait for it.
func TestCameraThatIsSilent(t *testing.T) {
	fake, _, closed := camera([]stream.FourCC{stream.MJPG}, nil)
	waits := 0
	fake.Frame = func(func([]byte)) (bool, error) {
		waits++
		time.Sleep(time.Millisecond)
		return false, nil
	}
	_, errs := collect(t.Context(), stream.CameraOf(fake, stream.WithTimeout(20*time.Millisecond)))
	require.Len(t, errs, 1)
	assert.ErrorIs(t, errs[0], stream.ErrSource)
	assert.Positive(t, waits)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	fake.Frame = func(func([]byte)) (bool, error) {
		cancel()
		return false, nil
	}
	_, errs = collect(ctx, stream.CameraOf(fake))
	require.Len(t, errs, 1)
	assert.ErrorIs(t, errs[0], context.Canceled)
	assert.Equal(t, 2, *closed)
}

func TestCameraThatIsNot(t *testing.T) {
	_, errs := collect(t.Context(), stream.Camera(t.TempDir()+"/video9"))
	require.Len(t, errs, 1)
	if runtime.GOOS != "linux" {
		assert.ErrorIs(t, errs[0], stream.ErrPlatform)
		return
	}
	assert.ErrorIs(t, errs[0], stream.ErrSource)
	t.Log(errs[0])
	_, errs = collect(t.Context(), stream.Open("/dev/null"))
	require.Len(t, errs, 1)
	assert.ErrorIs(t, errs[0], stream.ErrSource)
	assert.Contains(t, errs[0].Error(), "no camera")
	t.Log(errs[0])
}
