package vision_test

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

// transparentGIF has a transparent colour: white of the palette of all frames, or yellow
// of the frame's own.
func transparentGIF(t *testing.T, own bool, frame image.Rectangle) []byte {
	t.Helper()
	global := color.Palette{red, white, green, blue}
	palette := global
	if own {
		palette = color.Palette{red, color.RGBA{255, 255, 0, 255}, green, blue}
	}
	img := image.NewPaletted(frame, palette)
	for k := range img.Pix {
		img.Pix[k] = uint8(k % 3)
	}
	var b bytes.Buffer
	require.NoError(t, gif.EncodeAll(&b, &gif.GIF{
		Image: []*image.Paletted{img}, Delay: []int{7}, Config: image.Config{ColorModel: global, Width: 9, Height: 6},
	}))
	file := b.Bytes()
	at := bytes.Index(file, []byte{0x21, 0xf9, 4})
	require.Positive(t, at)
	file[at+3] |= 1
	file[at+6] = 1
	return file
}

// Transparency is dropped, and the palette's colour shows, as in a PNG file of the same
// picture.
func TestDecodeTransparentGIF(t *testing.T) {
	whole := image.Rect(0, 0, 9, 6)
	comment := []byte("\x21\xfe\x05hello\x00\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")
	for name, c := range map[string]struct {
		file []byte
		want color.RGBA
	}{
		"the palette of all": {transparentGIF(t, false, whole), white},
		"its own palette":    {transparentGIF(t, true, whole), color.RGBA{255, 255, 0, 255}},
		"a part":             {transparentGIF(t, false, image.Rect(0, 0, 9, 3)), white},
		"behind a comment":   {bytes.Replace(transparentGIF(t, false, whole), []byte{0x21, 0xf9}, append(bytes.Clone(comment), 0x21, 0xf9), 1), white},
		"before a comment":   {bytes.Replace(transparentGIF(t, false, whole), []byte{0x2c, 0, 0}, append(bytes.Clone(comment), 0x2c, 0, 0), 1), white},
	} {
		t.Run(name, func(t *testing.T) {
			img, err := vision.Decode(bytes.NewReader(c.file))
			require.NoError(t, err)
			pix, err := vision.Resize(img, 9, 6, 3)
			require.NoError(t, err)
			assert.Equal(t, []uint8{c.want.R, c.want.G, c.want.B}, pix[3:6])
			for n := range c.file[:len(c.file)-1] {
				if _, err := vision.Decode(bytes.NewReader(c.file[:n])); err == nil {
					assert.Greater(t, n, len(c.file)-6, "cut off")
				}
			}
		})
	}
}

// The same picture is the same as GIF and as PNG.
func TestTransparentGIFIsPNG(t *testing.T) {
	file := transparentGIF(t, false, image.Rect(0, 0, 9, 6))
	fromGIF, err := vision.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	seeThrough := *fromGIF.(*image.Paletted)
	seeThrough.Palette = color.Palette{red, color.NRGBA{255, 255, 255, 0}, green, blue}
	fromPNG, err := vision.Decode(bytes.NewReader(encoded(t, png.Encode, &seeThrough)))
	require.NoError(t, err)
	a, err := vision.Resize(fromGIF, 5, 5, 3)
	require.NoError(t, err)
	b, err := vision.Resize(fromPNG, 5, 5, 3)
	require.NoError(t, err)
	assert.Equal(t, b, a)
}

// A transparent colour that no palette has is black, and no damage.
func TestDecodeGIFTransparentBeyondPalette(t *testing.T) {
	file := transparentGIF(t, false, image.Rect(0, 0, 9, 6))
	file[bytes.Index(file, []byte{0x21, 0xf9, 4})+6] = 200
	img, err := vision.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	assertColour(t, white, img.At(1, 0))
}
