package vision_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

// orientations are the colours of the quarters when upright, for each EXIF value. The
// comments say where the standard has the stored picture's first row and column.
var orientations = [][]color.Color{
	1: {red, green, blue, white}, // top, left
	2: {green, red, white, blue}, // top, right
	3: {white, blue, green, red}, // bottom, right
	4: {blue, white, red, green}, // bottom, left
	5: {red, blue, green, white}, // left, top
	6: {blue, red, white, green}, // right, top
	7: {white, green, blue, red}, // right, bottom
	8: {green, white, red, blue}, // left, bottom
}

func TestOrientation(t *testing.T) {
	for ext, encode := range map[string]func(testing.TB) []byte{
		"jpg": func(t testing.TB) []byte { return encoded(t, toJPEG, corners()) },
		"png": func(t testing.TB) []byte { return encoded(t, png.Encode, corners()) },
		// Two layouts that a turned picture is rarely in.
		"paletted png": func(t testing.TB) []byte { return encoded(t, png.Encode, paletted(corners())) },
		"16 bit png":   func(t testing.TB) []byte { return encoded(t, png.Encode, deep(corners())) },
	} {
		for value := 1; value <= 8; value++ {
			for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
				t.Run(fmt.Sprint(ext, value, order), func(t *testing.T) {
					file := withEXIF(encode(t), exif(order, uint16(value), 3))
					img, err := vision.Decode(bytes.NewReader(file))
					require.NoError(t, err)
					assertUpright(t, img, value)
				})
			}
		}
	}
}

// assertUpright looks at the picture in the three ways there are.
func assertUpright(t *testing.T, img image.Image, value int) {
	t.Helper()
	size := image.Pt(16, 32)
	if value >= 5 {
		size = image.Pt(32, 16)
	}
	assert.Equal(t, image.Rectangle{Max: size}, img.Bounds())
	assertCorners(t, img, orientations[value]...)

	drawn := image.NewRGBA(img.Bounds())
	draw.Draw(drawn, drawn.Rect, img, image.Point{}, draw.Src)
	assertCorners(t, drawn, orientations[value]...)

	pix, err := vision.Resize(img, 12, 8, 3)
	require.NoError(t, err)
	small := image.NewNRGBA(image.Rect(0, 0, 12, 8))
	fillColours(small, pix)
	assertCorners(t, small, orientations[value]...)
}

func paletted(img image.Image) image.Image {
	p := image.NewPaletted(img.Bounds(), color.Palette{red, green, blue, white})
	draw.Draw(p, p.Rect, img, image.Point{}, draw.Src)
	return p
}

func deep(img image.Image) image.Image {
	p := image.NewNRGBA64(img.Bounds())
	draw.Draw(p, p.Rect, img, image.Point{}, draw.Src)
	p.Set(0, 0, color.NRGBA64{R: 0xffff, A: 0xfffe}) // or the encoder drops the alpha channel
	return p
}

func TestOrientationWebP(t *testing.T) {
	img, err := vision.Load("testdata/turned.webp")
	require.NoError(t, err)
	assertUpright(t, img, 6)
}

// Metadata that is broken, or senseless, leaves the picture as it is.
func TestOrientationBroken(t *testing.T) {
	good := exif(binary.LittleEndian, 6, 1)
	loop := exif(binary.LittleEndian, 1, 1)
	binary.LittleEndian.PutUint32(loop[22:], 8) // the next directory is the first one
	long := bytes.Clone(good)
	binary.LittleEndian.PutUint32(long[14:], 1<<31) // so many values
	for name, block := range map[string][]byte{
		"empty":               {},
		"only its start":      good[:7],
		"half":                good[:15],
		"no byte order":       append([]byte("XX"), good[2:]...),
		"orientation 0":       exif(binary.LittleEndian, 0, 6),
		"orientation 9":       exif(binary.LittleEndian, 9, 6),
		"orientation 65535":   exif(binary.BigEndian, 65535, 6),
		"directories in turn": loop,
		"too many values":     long,
		"directory far away":  binary.LittleEndian.AppendUint32([]byte("II*\x00"), 1<<30),
		"noise":               pseudoRandom(3, 4096),
	} {
		for ext, encode := range encoders {
			if ext != "jpg" && ext != "png" {
				continue
			}
			t.Run(ext+" "+name, func(t *testing.T) {
				img, err := vision.Decode(bytes.NewReader(withEXIF(encoded(t, encode, corners()), block)))
				require.NoError(t, err)
				assertUpright(t, img, 1)
			})
		}
	}
}
