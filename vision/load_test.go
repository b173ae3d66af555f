package vision_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

func TestLoadFormats(t *testing.T) {
	dir := t.TempDir()
	for ext, encode := range encoders {
		t.Run(ext, func(t *testing.T) {
			// The name does not matter.
			path := filepath.Join(dir, "picture-"+ext)
			require.NoError(t, os.WriteFile(path, encoded(t, encode, corners()), 0o600))
			img, err := vision.Load(path)
			require.NoError(t, err)
			assert.Equal(t, image.Rect(0, 0, 16, 32), img.Bounds())
			assertCorners(t, img, red, green, blue, white)
		})
	}
	for _, name := range []string{"lossless.webp", "lossy.webp", "progressive.jpg", "cmyk.jpg"} {
		t.Run(name, func(t *testing.T) {
			img, err := vision.Load(filepath.Join("testdata", name))
			require.NoError(t, err)
			assert.Equal(t, image.Rect(0, 0, 16, 32), img.Bounds())
			assertCorners(t, img, red, green, blue, white)
		})
	}
}

// Lossy WebP has the value range of video, which x/image does not tell.
func TestLoadWebPRange(t *testing.T) {
	img, err := vision.Load("testdata/orange.webp")
	require.NoError(t, err)
	got := color.RGBAModel.Convert(img.At(8, 8)).(color.RGBA)
	assert.InDelta(t, 200, got.R, 3)
	assert.InDelta(t, 120, got.G, 3)
	assert.InDelta(t, 60, got.B, 3)
}

func TestLoadOnePixel(t *testing.T) {
	dot := image.NewRGBA(image.Rect(0, 0, 1, 1))
	dot.Set(0, 0, red)
	for ext, encode := range encoders {
		t.Run(ext, func(t *testing.T) {
			img, err := vision.Decode(bytes.NewReader(encoded(t, encode, dot)))
			require.NoError(t, err)
			pix, err := vision.Resize(img, 3, 2, 3)
			require.NoError(t, err)
			require.Len(t, pix, 18)
			for k := 0; k < len(pix); k += 3 {
				assertColour(t, red, color.RGBA{pix[k], pix[k+1], pix[k+2], 255})
			}
		})
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, content, 0o600))
		return path
	}
	half := func(ext string) []byte {
		b := encoded(t, encoders[ext], corners())
		return b[:len(b)/2]
	}
	for _, c := range []struct {
		path string
		is   error
		says string
	}{
		{filepath.Join(dir, "missing.png"), fs.ErrNotExist, "missing.png"},
		{dir, vision.ErrFormat, "it is a directory"},
		{file("empty.jpg", nil), vision.ErrFormat, "empty.jpg: not a picture this program can read: it is empty"},
		{file("notes.txt", []byte("Dear diary, today I saw a picture.\n")), vision.ErrFormat, "it is none of PNG, JPEG, BMP, GIF, WebP"},
		{file("short", []byte("x")), vision.ErrFormat, "it is none of"},
		{file("half.png", half("png")), vision.ErrDamaged, "half.png: picture is truncated or damaged"},
		{file("half.jpg", half("jpg")), vision.ErrDamaged, "half.jpg: picture is truncated or damaged"},
		{file("half.gif", half("gif")), vision.ErrDamaged, "half.gif: picture is truncated or damaged"},
		{file("half.bmp", half("bmp")), vision.ErrDamaged, "half.bmp: picture is truncated or damaged"},
		{file("half.webp", readFile(t, "testdata/lossy.webp")[:60]), vision.ErrDamaged, "half.webp: picture is truncated or damaged"},
		{file("start.jpg", []byte("\xff\xd8\xff")), vision.ErrDamaged, "unexpected EOF"},
		{"testdata/animated.webp", vision.ErrFormat, "this kind of WebP is not supported (it is an animation): convert it first, for example with ImageMagick: convert 'in.webp[0]' out.png"},
		{file("twelvebit.jpg", twelveBit(t)), vision.ErrFormat, "this kind of JPEG is not supported (unsupported JPEG feature: precision)"},
		{file("rle.bmp", compressedBMP(t)), vision.ErrFormat, "this kind of BMP is not supported"},
		{file("flat.gif", flatGIF(t)), vision.ErrDamaged, "it has 0×32 pixels"},
		{file("flat.png", pngHeader(0, 5)), vision.ErrDamaged, "flat.png"},
		{file("bomb.png", pngHeader(60000, 60000)), vision.ErrTooLarge, "60000×60000 is 3600000000 pixels, the limit is 134217728"},
		{file("long.png", pngHeader(1, 70000)), vision.ErrTooLarge, "1×70000 pixels, the longest side possible is 65535"},
		{file("big.png", pngHeader(12000, 9000)), vision.ErrTooLarge, "12000×9000 pixels take 432000000 bytes of memory, the limit is 268435456"},
		// 8000 by 8000 pixels are few enough; this file only lacks them.
		{file("less.png", pngHeader(8000, 8000)), vision.ErrDamaged, "less.png"},
	} {
		t.Run(filepath.Base(c.path), func(t *testing.T) {
			img, err := vision.Load(c.path)
			assert.Nil(t, img)
			require.ErrorIs(t, err, c.is)
			assert.ErrorContains(t, err, "vision: load: ")
			assert.ErrorContains(t, err, c.says)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

// twelveBit is a JPEG that claims 12 bits a sample.
func twelveBit(t *testing.T) []byte {
	t.Helper()
	b := encoded(t, toJPEG, corners())
	at := bytes.Index(b, []byte{0xff, 0xc0})
	require.Positive(t, at)
	b[at+4] = 12
	return b
}

// compressedBMP is a BMP that claims run length encoding.
func compressedBMP(t *testing.T) []byte {
	t.Helper()
	b := encoded(t, encoders["bmp"], corners())
	b[30] = 1
	return b
}

// flatGIF has no width.
func flatGIF(t *testing.T) []byte {
	t.Helper()
	b := encoded(t, toGIF, corners())
	binary.LittleEndian.PutUint16(b[6:], 0)
	return b
}

func TestWithMaxPixels(t *testing.T) {
	file := encoded(t, png.Encode, corners())
	_, err := vision.Decode(bytes.NewReader(file), vision.WithMaxPixels(16*32))
	require.NoError(t, err)
	for _, limit := range []int{16*32 - 1, 1} {
		_, err = vision.Decode(bytes.NewReader(file), vision.WithMaxPixels(limit))
		require.ErrorIs(t, err, vision.ErrTooLarge)
	}
	_, err = vision.Decode(bytes.NewReader(pngHeader(60000, 60000)), vision.WithMaxPixels(1<<31-1))
	require.ErrorIs(t, err, vision.ErrTooLarge)
}

func TestLoadOptionRange(t *testing.T) {
	for _, opt := range []vision.LoadOption{
		vision.WithMaxPixels(0), vision.WithMaxPixels(-1), vision.WithMaxMemory(0), vision.WithMaxMemory(-1),
		vision.WithSizeHint(0, 5), vision.WithSizeHint(5, -1),
	} {
		_, err := vision.Decode(bytes.NewReader(encoded(t, png.Encode, corners())), opt)
		require.ErrorIs(t, err, vision.ErrRange)
		_, err = vision.Load("testdata/none.png", opt)
		require.ErrorIs(t, err, vision.ErrRange, "before the file is looked for")
	}
}

func TestDecodeReaders(t *testing.T) {
	file := withEXIF(encoded(t, toJPEG, corners()), exif(binary.BigEndian, 3, 1))
	check := func(t *testing.T, r io.Reader) {
		t.Helper()
		img, err := vision.Decode(r)
		require.NoError(t, err)
		assertCorners(t, img, white, blue, green, red)
	}
	t.Run("buffer", func(t *testing.T) { check(t, bytes.NewBuffer(file)) })
	t.Run("small reads", func(t *testing.T) { check(t, iotest.OneByteReader(bytes.NewReader(file))) })
	t.Run("from where it stands", func(t *testing.T) {
		r := bytes.NewReader(append([]byte("something else"), file...))
		_, err := r.Seek(int64(len("something else")), io.SeekStart)
		require.NoError(t, err)
		check(t, r)
	})
	t.Run("pipe", func(t *testing.T) {
		r, w, err := os.Pipe() // an os.File that cannot seek
		require.NoError(t, err)
		defer r.Close()
		go func() {
			w.Write(file)
			w.Close()
		}()
		check(t, r)
	})
	t.Run("failing", func(t *testing.T) {
		_, err := vision.Decode(io.MultiReader(bytes.NewReader(file[:100]), iotest.ErrReader(errors.New("cable cut"))))
		assert.EqualError(t, err, "vision: decode: cable cut")
	})
	t.Run("endless", func(t *testing.T) { check(t, io.MultiReader(bytes.NewReader(file), zeroReader{})) })
	t.Run("nil", func(t *testing.T) {
		for _, r := range []io.Reader{nil, (*bytes.Buffer)(nil), (*os.File)(nil)} {
			_, err := vision.Decode(r)
			require.ErrorIs(t, err, vision.ErrFormat)
		}
		_, err := vision.Decode(bytes.NewReader(file), nil)
		require.NoError(t, err)
	})
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// A GIF's first frame may cover a part of the canvas only.
func TestDecodeGIFFrame(t *testing.T) {
	frame := image.NewPaletted(image.Rect(8, 16, 16, 32), color.Palette{red, white})
	var b bytes.Buffer
	require.NoError(t, gif.EncodeAll(&b, &gif.GIF{
		Image:  []*image.Paletted{frame, frame},
		Delay:  []int{0, 0},
		Config: image.Config{Width: 16, Height: 32},
	}))
	img, err := vision.Decode(&b)
	require.NoError(t, err)
	assert.Equal(t, image.Rect(0, 0, 16, 32), img.Bounds())
	assertCorners(t, img, color.Black, color.Black, color.Black, red)
}
