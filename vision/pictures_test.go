package vision_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/image/bmp"
)

var (
	red   = color.RGBA{255, 0, 0, 255}
	green = color.RGBA{0, 255, 0, 255}
	blue  = color.RGBA{0, 0, 255, 255}
	white = color.RGBA{255, 255, 255, 255}
)

// corners has a colour in each quarter: red and green, below blue and white. It is 16
// by 32 pixels, as many as two JPEG blocks of 16 by 16.
func corners() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 16, 32))
	for y := range 32 {
		for x := range 16 {
			img.Set(x, y, [][]color.Color{{red, green}, {blue, white}}[y/16][x/8])
		}
	}
	return img
}

// assertCorners looks at the middles of the four quarters, row by row.
func assertCorners(t *testing.T, img image.Image, want ...color.Color) {
	t.Helper()
	b := img.Bounds()
	var got []color.Color
	for _, y := range []int{1, 3} {
		for _, x := range []int{1, 3} {
			got = append(got, img.At(b.Min.X+x*b.Dx()/4, b.Min.Y+y*b.Dy()/4))
		}
	}
	for k := range want {
		assertColour(t, want[k], got[k], "quarter %d", k)
	}
}

// assertColour allows for what JPEG does to colours.
func assertColour(t *testing.T, want, got color.Color, msg ...any) {
	t.Helper()
	a, b := color.RGBAModel.Convert(want).(color.RGBA), color.RGBAModel.Convert(got).(color.RGBA)
	for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
		if d < -12 || d > 12 {
			assert.Equal(t, a, b, msg...)
			return
		}
	}
}

// encoded makes a file of img.
func encoded(t testing.TB, encode func(io.Writer, image.Image) error, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, encode(&b, img))
	return b.Bytes()
}

func toJPEG(w io.Writer, img image.Image) error {
	return jpeg.Encode(w, img, &jpeg.Options{Quality: 95})
}
func toGIF(w io.Writer, img image.Image) error { return gif.Encode(w, img, nil) }

var encoders = map[string]func(io.Writer, image.Image) error{
	"png": png.Encode, "jpg": toJPEG, "gif": toGIF, "bmp": bmp.Encode,
}

// exif is a TIFF block with an orientation of the picture and one of its thumbnail.
func exif(order binary.AppendByteOrder, orientation, thumbnail uint16) []byte {
	b := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM\x00*")
	}
	directory := func(orientation uint16, next uint32) {
		b = order.AppendUint16(b, 1)      // one entry
		b = order.AppendUint16(b, 0x0112) // Orientation
		b = order.AppendUint16(b, 3)      // of type SHORT
		b = order.AppendUint32(b, 1)      // one value
		b = order.AppendUint16(b, orientation)
		b = order.AppendUint16(b, 0)
		b = order.AppendUint32(b, next)
	}
	b = order.AppendUint32(b, 8)
	directory(orientation, 26)
	directory(thumbnail, 0)
	return b
}

// withEXIF puts a block into a JPEG or PNG file.
func withEXIF(file, block []byte) []byte {
	if file[0] == 0xff {
		segment := append([]byte("Exif\x00\x00"), block...)
		marker := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(2+len(segment)))
		return slices.Concat(file[:2], marker, segment, file[2:])
	}
	chunk := append([]byte("eXIf"), block...)
	const afterIHDR = 8 + 25
	return slices.Concat(file[:afterIHDR], pngChunk(chunk), file[afterIHDR:])
}

// pngChunk adds length and checksum.
func pngChunk(typeAndData []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(typeAndData)-4))
	b = append(b, typeAndData...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(typeAndData))
}

// pngHeader is the start of a PNG file of the size, without pixels.
func pngHeader(w, h uint32) []byte {
	chunk := []byte("IHDR")
	chunk = binary.BigEndian.AppendUint32(chunk, w)
	chunk = binary.BigEndian.AppendUint32(chunk, h)
	chunk = append(chunk, 8, 2, 0, 0, 0)
	return append([]byte("\x89PNG\r\n\x1a\n"), pngChunk(chunk)...)
}
