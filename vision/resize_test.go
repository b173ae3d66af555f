package vision_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

// TestResizeIsPillows compares with what Pillow 13.0 makes of the same pictures;
// testdata/pillow.py printed the table.
func TestResizeIsPillows(t *testing.T) {
	const w, h = 61, 47
	colour := image.NewNRGBA(image.Rect(0, 0, w, h))
	fillColours(colour, pseudoRandom(1, 3*w*h))
	grey := &image.Gray{Pix: pseudoRandom(7, w*h), Stride: w, Rect: image.Rect(0, 0, w, h)}
	for _, c := range []struct {
		img    image.Image
		c      int
		w, h   int
		sha256 string
	}{
		{colour, 3, 16, 16, "edc8c1a8ae5abdfab5ce600790c0f961167371f4d8718f474b27f7b783a7e521"},
		{grey, 1, 16, 16, "15b877fe31fbc5efc87228adf6171a8627379720022865ecb64c840a05666c3d"},
		{colour, 1, 16, 16, "a2d07ea32e572552b7571d1aa0f93e54572de254e1d54071f836a5445b024c05"},
		{colour, 3, 61, 47, "c5d053451f461f497c3180eb1175ba930824b0cdd8d80c5ab6079bb41b56b657"},
		{grey, 1, 61, 47, "f3ca775cef67c7d40732d030446caff98bcc683408394472a749c915648b5ccc"},
		{colour, 1, 61, 47, "d5c9a163ded8a0f066609ffc162e33f37fde7774430225721ce8d1c4345e8e03"},
		{colour, 3, 224, 100, "49d774fcd49c692db95124feee48cb062f5199a25a8720b8c67a4ccda77a7f9e"},
		{grey, 1, 224, 100, "f516741634ad17b4fc44530776e021bfb32fe54e8696483ff697e76f07b5a51c"},
		{colour, 1, 224, 100, "6a54ac88d03e7f6b000883a965bb3197ab771fe883d0fe86cd10584386778ba1"},
		{colour, 3, 7, 90, "fb1ba3e4b9ca01ded67c6bc770c52ff4e6f71f4ebde08d01d1d3c755d157dd48"},
		{grey, 1, 7, 90, "7f10c8ddce6a9a922a1b3155e14f73ab033f686adbf88a07e5e2509acc1ab7c4"},
		{colour, 3, 1, 1, "7062c6cbc717d6c6d55622334aac9f4e6a3b978911efe990f04697122e1fddba"},
		{grey, 1, 1, 1, "d10b36aa74a59bcf4a88185837f658afaf3646eff2bb16c3928d0e9335e945d2"},
		{colour, 3, 61, 10, "54188f672b58184b47ae9065c4649782f194c9a95c5ffd97eaf6b608c4bf07ce"},
	} {
		t.Run(fmt.Sprintf("%T to %dx%dx%d", c.img, c.w, c.h, c.c), func(t *testing.T) {
			pix, err := vision.Resize(c.img, c.w, c.h, c.c)
			require.NoError(t, err)
			require.Len(t, pix, c.w*c.h*c.c)
			sum := sha256.Sum256(pix)
			assert.Equal(t, c.sha256, hex.EncodeToString(sum[:]))
		})
	}
}

// pseudoRandom is the generator of testdata/pillow.py.
func pseudoRandom(seed uint32, n int) []uint8 {
	pix := make([]uint8, n)
	for k := range pix {
		seed = seed*1664525 + 1013904223
		pix[k] = uint8(seed >> 24)
	}
	return pix
}

func fillColours(img *image.NRGBA, rgb []uint8) {
	for k := range len(rgb) / 3 {
		copy(img.Pix[4*k:], rgb[3*k:][:3])
		img.Pix[4*k+3] = 255
	}
}

// smooth is a picture without sharp edges, which no layout has trouble with.
func smooth(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{uint8(40 + 180*x/w), uint8(220 - 180*y/h), uint8(60 + 90*x/w + 90*y/h), 255})
		}
	}
	return img
}

// Whatever layout a picture has, and wherever its bounds begin, the result is that of
// image.NRGBA.
func TestResizeLayouts(t *testing.T) {
	src := smooth(64, 50)
	convert := func(dst draw.Image) image.Image {
		draw.Draw(dst, dst.Bounds(), src, image.Point{}, draw.Src)
		return dst
	}
	r := src.Rect
	layouts := map[string]image.Image{
		"NRGBA":   src,
		"RGBA":    convert(image.NewRGBA(r)),
		"NRGBA64": convert(image.NewNRGBA64(r)),
		"RGBA64":  convert(image.NewRGBA64(r)),
		"CMYK":    convert(image.NewCMYK(r)),
		"unknown": struct{ image.Image }{src},
		"4:4:4":   toYCbCr(src, image.YCbCrSubsampleRatio444),
		"4:2:2":   toYCbCr(src, image.YCbCrSubsampleRatio422),
		"4:2:0":   toYCbCr(src, image.YCbCrSubsampleRatio420),
		"4:4:0":   toYCbCr(src, image.YCbCrSubsampleRatio440),
		"4:1:1":   toYCbCr(src, image.YCbCrSubsampleRatio411),
		"4:1:0":   toYCbCr(src, image.YCbCrSubsampleRatio410),
		"with alpha": &image.NYCbCrA{
			YCbCr: *toYCbCr(src, image.YCbCrSubsampleRatio420), A: make([]uint8, 64*50), AStride: 64,
		},
	}
	parts := []image.Rectangle{image.Rect(0, 0, 33, 27), image.Rect(11, 7, 60, 49), image.Rect(13, 3, 14, 50)}
	for name, img := range layouts {
		t.Run(name, func(t *testing.T) {
			assertSameResize(t, src, img)
			img, ok := img.(interface {
				SubImage(image.Rectangle) image.Image
			})
			for _, part := range parts {
				if ok {
					assertSameResize(t, src.SubImage(part), img.SubImage(part))
				}
			}
		})
	}
}

func assertSameResize(t *testing.T, want, got image.Image) {
	t.Helper()
	for _, c := range []int{1, 3} {
		a, err := vision.Resize(want, 20, 13, c)
		require.NoError(t, err)
		b, err := vision.Resize(got, 20, 13, c)
		require.NoError(t, err)
		assertPixels(t, a, b, 5)
	}
}

func TestResizeGreyLayouts(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 30, 20))
	copy(grey.Pix, pseudoRandom(5, 600))
	deep, colour, table := image.NewGray16(grey.Rect), image.NewRGBA(grey.Rect), image.NewPaletted(grey.Rect, nil)
	for k := range 256 {
		table.Palette = append(table.Palette, color.Gray{uint8(k)})
	}
	draw.Draw(deep, grey.Rect, grey, image.Point{}, draw.Src)
	draw.Draw(colour, grey.Rect, grey, image.Point{}, draw.Src)
	copy(table.Pix, grey.Pix)
	part := image.Rect(3, 4, 28, 17)
	for _, c := range []int{1, 3} {
		want, err := vision.Resize(grey.SubImage(part), 11, 9, c)
		require.NoError(t, err)
		for _, img := range []image.Image{deep.SubImage(part), colour.SubImage(part), table.SubImage(part)} {
			got, err := vision.Resize(img, 11, 9, c)
			require.NoError(t, err)
			assertPixels(t, want, got, 1)
		}
	}
}

// A transparent pixel keeps its colour, as with convert("RGB") in Pillow.
func TestResizeTransparent(t *testing.T) {
	dot := image.Rect(0, 0, 1, 1)
	shallow, deep := image.NewNRGBA(dot), image.NewNRGBA64(dot)
	shallow.SetNRGBA(0, 0, color.NRGBA{200, 100, 50, 0})
	deep.SetNRGBA64(0, 0, color.NRGBA64{200 << 8, 100 << 8, 50 << 8, 0})
	table := image.NewPaletted(dot, color.Palette{color.NRGBA{200, 100, 50, 0}})
	for _, img := range []image.Image{shallow, deep, table} {
		pix, err := vision.Resize(img, 1, 1, 3)
		require.NoError(t, err)
		assert.Equal(t, []uint8{200, 100, 50}, pix, "%T", img)
	}
	// Where the colour is lost already, black shows.
	pix, err := vision.Resize(image.NewRGBA(dot), 1, 1, 3)
	require.NoError(t, err)
	assert.Equal(t, []uint8{0, 0, 0}, pix)
}

// A picture without contrast stays as it is at every size.
func TestResizeKeepsColour(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 37, 23))
	draw.Draw(img, img.Rect, image.NewUniform(color.RGBA{255, 0, 131, 255}), image.Point{}, draw.Src)
	for w := 1; w < 90; w += 7 {
		for h := 1; h < 60; h += 5 {
			pix, err := vision.Resize(img, w, h, 3)
			require.NoError(t, err)
			for k := 0; k < len(pix); k += 3 {
				require.Equal(t, []uint8{255, 0, 131}, pix[k:k+3])
			}
		}
	}
}

// Scaling does not spread out what it scales, here 12 megapixels that would take 36
// megabytes as colours. The picture is a single row that is every row.
func TestResizeMemory(t *testing.T) {
	const w, h = 4000, 3000
	img := &image.YCbCr{
		Y: make([]uint8, w), Cb: make([]uint8, w/2), Cr: make([]uint8, w/2),
		SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: image.Rect(0, 0, w, h),
	}
	assert.Less(t, allocated(func() {
		_, err := vision.Resize(img, 224, 224, 3)
		require.NoError(t, err)
	}), 4<<20)
}

// A picture that lies on its side is in memory once.
func TestTurnedMemory(t *testing.T) {
	const w, h = 1500, 1000
	file := withEXIF(encoded(t, png.Encode, image.NewNRGBA(image.Rect(0, 0, w, h))), exif(binary.BigEndian, 6, 1))
	assert.Less(t, allocated(func() {
		img, err := vision.Decode(bytes.NewReader(file))
		require.NoError(t, err)
		require.Equal(t, image.Rect(0, 0, h, w), img.Bounds())
		_, err = vision.Resize(img, 224, 224, 3)
		require.NoError(t, err)
	}), 6*w*h) // the pixels take 4
}

// allocated returns how many bytes f takes from the heap, whether or not it keeps them.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// toYCbCr averages the colours of the pixels that share a sample.
func toYCbCr(src *image.NRGBA, ratio image.YCbCrSubsampleRatio) *image.YCbCr {
	img := image.NewYCbCr(src.Rect, ratio)
	sums := make([][3]int, len(img.Cb))
	for y := range src.Rect.Dy() {
		for x := range src.Rect.Dx() {
			p := src.NRGBAAt(x, y)
			l, cb, cr := color.RGBToYCbCr(p.R, p.G, p.B)
			img.Y[img.YOffset(x, y)] = l
			s := &sums[img.COffset(x, y)]
			s[0], s[1], s[2] = s[0]+int(cb), s[1]+int(cr), s[2]+1
		}
	}
	for k, s := range sums {
		img.Cb[k], img.Cr[k] = uint8(s[0]/s[2]), uint8(s[1]/s[2])
	}
	return img
}

func assertPixels(t *testing.T, want, got []uint8, delta int) {
	t.Helper()
	require.Len(t, got, len(want))
	worst := 0
	for k := range want {
		worst = max(worst, int(want[k])-int(got[k]), int(got[k])-int(want[k]))
	}
	assert.LessOrEqual(t, worst, delta)
}
