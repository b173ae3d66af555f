package vision_test

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

// A frame is an image with the pixels that its bytes say.
func TestFrame(t *testing.T) {
	for _, c := range []struct {
		format        vision.FrameFormat
		width, height int
		pix           []uint8
		full          bool
		want          []color.RGBA
	}{
		{vision.RGB, 2, 1, []uint8{1, 2, 3, 4, 5, 6}, false, []color.RGBA{{1, 2, 3, 255}, {4, 5, 6, 255}}},
		{vision.BGR, 2, 1, []uint8{1, 2, 3, 4, 5, 6}, false, []color.RGBA{{3, 2, 1, 255}, {6, 5, 4, 255}}},
		{vision.RGBA, 1, 2, []uint8{1, 2, 3, 0, 4, 5, 6, 7}, false, []color.RGBA{{1, 2, 3, 255}, {4, 5, 6, 255}}},
		{vision.Grey, 1, 2, []uint8{7, 8}, false, []color.RGBA{{7, 7, 7, 255}, {8, 8, 8, 255}}},
		// Red of video: 16+65.481, 128-37.797, 128+112.
		{vision.YUYV, 2, 1, []uint8{81, 90, 235, 240}, false, []color.RGBA{{254, 0, 0, 255}, {255, 179, 178, 255}}},
		// Red of JPEG: 76, 85, 255.
		{vision.YUYV, 2, 1, []uint8{76, 85, 0, 255}, true, []color.RGBA{{254, 0, 0, 255}, {178, 0, 0, 255}}},
		{vision.NV12, 2, 2, []uint8{16, 235, 126, 126, 128, 128}, false, []color.RGBA{{0, 0, 0, 255}, {255, 255, 255, 255}, {128, 128, 128, 255}, {128, 128, 128, 255}}},
		{vision.NV12, 1, 3, []uint8{0, 0, 0, 0, 255, 0, 128, 128, 128, 128}, true, []color.RGBA{{0, 0, 0, 255}, {0, 0, 0, 255}, {255, 255, 255, 255}}},
		// Below black and above white.
		{vision.NV12, 2, 1, []uint8{0, 255, 128, 128}, false, []color.RGBA{{0, 0, 0, 255}, {255, 255, 255, 255}}},
	} {
		t.Run(fmt.Sprintf("%v %dx%d", c.format, c.width, c.height), func(t *testing.T) {
			f, err := vision.NewFrame(c.format, c.width, c.height, 0, c.pix)
			require.NoError(t, err)
			f.FullRange = c.full
			assert.Equal(t, image.Rect(0, 0, c.width, c.height), f.Bounds())
			for k, want := range c.want {
				x, y := k%c.width, k/c.width
				got := f.At(x, y)
				assert.InDeltaSlice(t, []uint8{want.R, want.G, want.B, want.A}, rgbaOf(got), 1, "%d, %d", x, y)
				r, g, b, a := f.RGBA64At(x, y).RGBA()
				wr, wg, wb, wa := got.RGBA()
				assert.Equal(t, []uint32{wr, wg, wb, wa}, []uint32{r, g, b, a})
			}
			assert.Equal(t, color.RGBA{A: 255}, f.At(-1, 0))
			assert.Equal(t, color.RGBA{A: 255}, f.At(0, c.height))

			_, err = vision.NewFrame(c.format, c.width, c.height, 0, c.pix[:len(c.pix)-1])
			require.ErrorIs(t, err, vision.ErrSize, "one byte too few")
		})
	}
}

func rgbaOf(c color.Color) []uint8 {
	rgba := color.RGBAModel.Convert(c).(color.RGBA)
	return []uint8{rgba.R, rgba.G, rgba.B, rgba.A}
}

// The conversion is that of the standard, to the nearest integer or the one beside it.
func TestFrameColours(t *testing.T) {
	for y := 0; y < 256; y += 5 {
		for cb := 0; cb < 256; cb += 15 {
			for cr := 0; cr < 256; cr += 15 {
				f := &vision.Frame{Format: vision.YUYV, Width: 1, Height: 1, Stride: 4, Pix: []uint8{uint8(y), uint8(cb), 0, uint8(cr)}}
				r, g, b := limited(uint8(y), uint8(cb), uint8(cr))
				require.InDeltaSlice(t, []uint8{r, g, b, 255}, rgbaOf(f.At(0, 0)), 1, "%d %d %d", y, cb, cr)
			}
		}
	}
}

func TestFrameErrors(t *testing.T) {
	pix := make([]uint8, 1000)
	for name, c := range map[string]struct {
		format                vision.FrameFormat
		width, height, stride int
		is                    error
		says                  string
	}{
		"another format":  {77, 2, 2, 0, vision.ErrRange, "FrameFormat(77) is none of [NV12 YUYV RGB BGR RGBA grey]"},
		"no width":        {vision.RGB, 0, 2, 0, vision.ErrSize, "0×2 pixels has none"},
		"minus height":    {vision.RGB, 2, -2, 0, vision.ErrSize, "2×-2 pixels has none"},
		"too wide":        {vision.RGB, 65536, 1, 0, vision.ErrTooLarge, "longest side possible is 65535"},
		"a small stride":  {vision.RGB, 10, 2, 29, vision.ErrSize, "a stride of 29 bytes, a row of 10 pixels in RGB takes 30"},
		"minus stride":    {vision.RGB, 10, 2, -30, vision.ErrSize, "a stride of -30 bytes"},
		"a huge stride":   {vision.RGB, 10, 3, math.MaxInt, vision.ErrSize, "1000 bytes for 10×3 pixels"},
		"too few bytes":   {vision.YUYV, 20, 26, 0, vision.ErrSize, "1000 bytes for 20×26 pixels in YUYV with a stride of 40, it takes 1040"},
		"odd NV12":        {vision.NV12, 25, 25, 0, vision.ErrSize, "it takes 988"},
		"no differences":  {vision.NV12, 40, 25, 0, vision.ErrSize, "it takes 1520"},
		"many, many rows": {vision.Grey, 1, 65535, math.MaxInt32, vision.ErrSize, "1000 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			memory := pix
			if name == "odd NV12" {
				memory = pix[:987]
			}
			f, err := vision.NewFrame(c.format, c.width, c.height, c.stride, memory)
			assert.Nil(t, f)
			require.ErrorIs(t, err, c.is)
			assert.ErrorContains(t, err, "vision: frame: ")
			assert.ErrorContains(t, err, c.says)

			made := &vision.Frame{Format: c.format, Width: c.width, Height: c.height, Stride: c.stride, Pix: memory}
			require.Error(t, vision.SetInput(inputOf(t, colours()), made), "a frame made without NewFrame")
			assert.Equal(t, color.RGBA{A: 255}, made.At(0, 0))
		})
	}
}

func TestFilterNames(t *testing.T) {
	for _, f := range filters {
		parsed, err := vision.ParseFilter(f.String())
		require.NoError(t, err)
		assert.Equal(t, f, parsed)
	}
	_, err := vision.ParseFilter("cubic")
	require.ErrorIs(t, err, vision.ErrRange)
	assert.ErrorIs(t, vision.SetInput(inputOf(t, colours()), plain(red), vision.WithFilter(9)), vision.ErrRange)
}
