package vision_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/image/bmp"

	"github.com/gocoral/coral/vision"
)

var memoryTaken = regexp.MustCompile(`take (\d+) bytes of memory`)

// costOf is what the package says about a picture's memory, in bytes.
func costOf(t *testing.T, file []byte) int {
	t.Helper()
	_, err := vision.Decode(bytes.NewReader(file), vision.WithMaxMemory(1))
	require.ErrorIs(t, err, vision.ErrTooLarge)
	match := memoryTaken.FindStringSubmatch(err.Error())
	require.NotNil(t, match, err)
	n, err := strconv.Atoi(match[1])
	require.NoError(t, err)
	return n
}

// side is that of the pictures here: the pixels outweigh everything else.
const side = 1024

// overhead is what decoding takes whatever the picture, in bytes.
const overhead = 1 << 20

// A picture takes no more memory than is checked against the limit, and not much less.
func TestDecodeCost(t *testing.T) {
	r := image.Rect(0, 0, side, side)
	palette := color.Palette{red, green, blue, white}
	part := image.NewPaletted(image.Rect(0, 0, side, side-1), palette)
	var partial bytes.Buffer
	require.NoError(t, gif.EncodeAll(&partial, &gif.GIF{
		Image: []*image.Paletted{part}, Delay: []int{0}, Config: image.Config{Width: side, Height: side},
	}))
	clear16 := image.NewNRGBA64(r)
	half := image.NewNRGBA(r)
	for name, file := range map[string][]byte{
		"png":             encoded(t, png.Encode, image.NewRGBA(r)),
		"png, alpha":      encoded(t, png.Encode, half),
		"png, grey":       encoded(t, png.Encode, image.NewGray(r)),
		"png, grey 16":    encoded(t, png.Encode, image.NewGray16(r)),
		"png, 16":         encoded(t, png.Encode, clear16),
		"png, palette":    encoded(t, png.Encode, image.NewPaletted(r, palette)),
		"png, interlaced": interlacedPNG(t, side),
		"jpeg":            encoded(t, toJPEG, image.NewRGBA(r)),
		"jpeg, grey":      encoded(t, toJPEG, image.NewGray(r)),
		"jpeg, CMYK":      greyJPEG(t, 0xc0, 0x11, 0x11, 0x11, 0x11),
		"jpeg, 4:4:4":     greyJPEG(t, 0xc0, 0x11, 0x11, 0x11),
		"jpeg, 1x1,2x2":   greyJPEG(t, 0xc0, 0x11, 0x22, 0x22),
		"jpeg, 3x1":       greyJPEG(t, 0xc0, 0x31, 0x11, 0x11),
		"progressive, 3":  greyJPEG(t, 0xc2, 0x31, 0x11, 0x11),
		"progressive":     greyJPEG(t, 0xc2, 0x22, 0x11, 0x11),
		"bmp":             encoded(t, bmp.Encode, image.NewRGBA(r)),
		"gif":             encoded(t, toGIF, image.NewPaletted(r, palette)),
		"gif, a part":     partial.Bytes(),
	} {
		t.Run(name, func(t *testing.T) {
			says := costOf(t, file)
			var err error
			takes := allocated(func() { _, err = vision.Decode(bytes.NewReader(file), vision.WithMaxMemory(int64(says))) })
			require.NoError(t, err)
			assert.LessOrEqual(t, takes, says+overhead)
			t.Logf("%d bytes said, %d taken", says, takes)
		})
	}
}

// interlacedPNG is a black one of n by n pixels.
func interlacedPNG(t *testing.T, n int) []byte {
	t.Helper()
	var data bytes.Buffer
	w := zlib.NewWriter(&data)
	for _, p := range []struct{ x, y, dx, dy int }{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
		columns, rows := (n-p.x+p.dx-1)/p.dx, (n-p.y+p.dy-1)/p.dy
		_, err := w.Write(make([]byte, rows*(1+3*columns)))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	header := pngHeader(uint32(n), uint32(n))[:8]
	ihdr := binary.BigEndian.AppendUint32([]byte("IHDR"), uint32(n))
	ihdr = append(binary.BigEndian.AppendUint32(ihdr, uint32(n)), 8, 2, 0, 0, 1)
	return slices.Concat(header, pngChunk(ihdr), pngChunk(append([]byte("IDAT"), data.Bytes()...)), pngChunk([]byte("IEND")))
}

// greyJPEG is a grey file of side by side pixels with the given sampling factors: with
// the standard tables, zeros stand for blocks like the one before.
func greyJPEG(t *testing.T, sof byte, factors ...byte) []byte {
	t.Helper()
	n := byte(len(factors))
	frame := []byte{0xff, sof, 0, 8 + 3*n, 8, side >> 8, side & 255, side >> 8, side & 255, n}
	scan := []byte{0xff, 0xda, 0, 6 + 2*n, n}
	for k, f := range factors {
		frame, scan = append(frame, byte(k), f, 0), append(scan, byte(k), 0)
	}
	scan = append(scan, 0, 63, 0)
	if sof == 0xc2 {
		scan[len(scan)-2] = 0 // the mean of each block only
	}
	tables := append([]byte{0xff, 0xdb, 0, 67, 0}, bytes.Repeat([]byte{1}, 64)...)
	adobe := append([]byte{0xff, 0xee, 0, 14}, "Adobe\x00\x64\x00\x00\x00\x00\x00"...)
	if n != 4 {
		adobe = nil
	}
	// A block is 00 for its mean and 1010 for nothing else: four of them are three bytes.
	data := bytes.Repeat([]byte{0b00101000, 0b10100010, 0b10001010}, side*side/64)
	if sof == 0xc2 {
		data = make([]byte, side*side/64)
	}
	return slices.Concat([]byte{0xff, 0xd8}, adobe, tables, frame, scan, data, []byte{0xff, 0xd9})
}

// A header alone makes nothing be allocated, whatever it claims.
func TestDecodeBombs(t *testing.T) {
	huge := func(file []byte, put func(b []byte)) []byte {
		file = bytes.Clone(file)
		put(file)
		return file
	}
	jpegSize := func(b []byte) {
		for _, marker := range []byte{0xc0, 0xc2} {
			if at := bytes.Index(b, []byte{0xff, marker, 0}); at > 0 {
				binary.BigEndian.PutUint32(b[at+5:], 60000<<16|60000)
			}
		}
	}
	deepPNG := pngHeader(9000, 9000)
	for name, file := range map[string][]byte{
		"png":         pngHeader(60000, 60000),
		"png, 8-bit":  deepPNG,
		"jpeg":        huge(encoded(t, toJPEG, corners()), jpegSize),
		"progressive": huge(readFile(t, "testdata/progressive.jpg"), jpegSize),
		"gif":         huge(encoded(t, toGIF, corners()), func(b []byte) { binary.LittleEndian.PutUint32(b[6:], 60000<<16|60000) }),
		"bmp": huge(encoded(t, bmp.Encode, corners()), func(b []byte) {
			binary.LittleEndian.PutUint32(b[18:], 60000)
			binary.LittleEndian.PutUint32(b[22:], 60000)
		}),
		"webp":           huge(readFile(t, "testdata/lossy.webp"), func(b []byte) { copy(b[bytes.Index(b, []byte{0x9d, 1, 0x2a})+3:], "\xff\x3f\xff\x3f") }),
		"webp, lossless": huge(readFile(t, "testdata/lossless.webp"), func(b []byte) { copy(b[bytes.Index(b, []byte("VP8L"))+9:], "\xff\xff\xff\x0f") }),
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			takes := allocated(func() { _, err = vision.Decode(bytes.NewReader(file)) })
			require.ErrorIs(t, err, vision.ErrTooLarge)
			assert.Less(t, takes, overhead)
		})
	}
}
