package vision_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

// photo has colours everywhere, and a size that is no multiple of anything.
func photo(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	noise := pseudoRandom(5, w*h)
	for k := range w * h {
		x, y := k%w, k/w
		copy(img.Pix[4*k:], []uint8{uint8(x * 255 / w), uint8(y * 255 / h), uint8((x+y)*3) ^ noise[k]>>4, 255})
	}
	return img
}

// A file with usual sampling factors, taken apart, is what it is as a whole.
func TestSplitJPEGIsJPEG(t *testing.T) {
	for name, file := range map[string][]byte{
		"4:2:0":               encoded(t, toJPEG, photo(61, 87)),
		"4:2:0, whole blocks": encoded(t, toJPEG, photo(64, 32)),
		"one pixel":           encoded(t, toJPEG, photo(1, 1)),
		"grey":                encoded(t, toJPEG, ramp()),
		"progressive":         readFile(t, "testdata/progressive.jpg"),
		"restarts":            readFile(t, "testdata/restarts.jpg"),
		"progressive photo":   readFile(t, "testdata/noise_progressive.jpg"),
		"no tables":           joined(slices.DeleteFunc(segments(t, encoded(t, toJPEG, photo(40, 40))), func(s []byte) bool { return s[1] == 0xc4 })),
	} {
		t.Run(name, func(t *testing.T) {
			want, err := vision.Decode(bytes.NewReader(file), vision.WithGoDecoder())
			require.NoError(t, err)
			got, err := vision.SplitJPEG(file)
			require.NoError(t, err)
			require.Equal(t, want.Bounds(), got.Bounds())
			b := want.Bounds()
			for y := range b.Dy() {
				for x := range b.Dx() {
					require.Equal(t, want.At(x, y), got.At(x, y), "%d, %d", x, y)
				}
			}
		})
	}
}

// Package image/jpeg counts units where restart markers count blocks, in scans of a single
// component.
func TestDecodeRestartsInScansOfOneComponent(t *testing.T) {
	want, err := vision.Load("testdata/noise_progressive.jpg", vision.WithGoDecoder())
	require.NoError(t, err)
	got, err := vision.Load("testdata/restarts_progressive.jpg", vision.WithGoDecoder())
	require.NoError(t, err)
	a, err := vision.Resize(want, 85, 71, 3)
	require.NoError(t, err)
	b, err := vision.Resize(got, 85, 71, 3)
	require.NoError(t, err)
	assert.Equal(t, a, b)
}

// planesJPEG makes a file with one scan for each component, of planes that the factors
// make smaller than w by h. It returns the planes as they come out of a decoder.
func planesJPEG(t *testing.T, w, h int, factors ...byte) ([]byte, []*image.Gray) {
	t.Helper()
	across, along := 1, 1
	for _, f := range factors {
		across, along = max(across, int(f>>4)), max(along, int(f&15))
	}
	frame := binary.BigEndian.AppendUint16([]byte{0xff, 0xc0, 0, byte(8 + 3*len(factors)), 8}, uint16(h))
	frame = append(binary.BigEndian.AppendUint16(frame, uint16(w)), byte(len(factors)))
	var tables, scans [][]byte
	var planes []*image.Gray
	for k, f := range factors {
		pw, ph := (w*int(f>>4)+across-1)/across, (h*int(f&15)+along-1)/along
		plane := image.NewGray(image.Rect(0, 0, pw, ph))
		for at := range plane.Pix {
			plane.Pix[at] = uint8(60 + 50*k + (at%plane.Stride)*40/pw + (at/plane.Stride)*40/ph)
		}
		file := encoded(t, toJPEG, plane)
		all := segments(t, file)
		if k == 0 {
			tables = slices.DeleteFunc(slices.Clone(all[:len(all)-1]), func(s []byte) bool { return s[1] == 0xc0 })
		}
		scan := bytes.Clone(all[len(all)-1])
		scan[5] = byte(k) // the component
		frame, scans = append(frame, byte(k), f, 0), append(scans, scan[:len(scan)-2])
		decoded, err := jpeg.Decode(bytes.NewReader(file))
		require.NoError(t, err)
		planes = append(planes, decoded.(*image.Gray))
	}
	return append(joined(slices.Concat(tables, [][]byte{frame}, scans)), 0xff, 0xd9), planes
}

// Files with sampling factors that package image/jpeg does not read.
func TestDecodeSamplingFactors(t *testing.T) {
	for _, factors := range [][]byte{
		{0x11, 0x22, 0x22},
		{0x11, 0x21, 0x21},
		{0x11, 0x12, 0x12},
		{0x14, 0x11, 0x11},
		{0x24, 0x11, 0x11},
		{0x44, 0x11, 0x11},
		{0x31, 0x11, 0x11},
		{0x13, 0x11, 0x11},
		{0x33, 0x11, 0x11},
		{0x33, 0x22, 0x11},
		{0x22, 0x21, 0x11},
		{0x22, 0x11, 0x21},
		{0x21, 0x12, 0x11},
		{0x11, 0x11, 0x22},
		{0x41, 0x21, 0x11},
		{0x41, 0x21, 0x21},
		{0x42, 0x21, 0x21},
		{0x42, 0x22, 0x22},
		{0x24, 0x22, 0x22},
		{0x33},
	} {
		t.Run(fmt.Sprintf("%x", factors), func(t *testing.T) {
			const w, h = 45, 53
			file, planes := planesJPEG(t, w, h, factors...)
			img, err := vision.Decode(bytes.NewReader(file), vision.WithGoDecoder())
			require.NoError(t, err)
			require.Equal(t, image.Rect(0, 0, w, h), img.Bounds())
			if len(factors) == 1 {
				assert.Equal(t, planes[0], img)
				return
			}
			ycbcr := img.(*image.YCbCr)
			across, along := 1, 1
			for _, f := range factors {
				across, along = max(across, int(f>>4)), max(along, int(f&15))
			}
			for k := range planes {
				fx, fy := int(factors[k]>>4), int(factors[k]&15)
				for y := range h {
					for x := range w {
						at := ycbcr.YCbCrAt(x, y)
						require.Equal(t, planes[k].GrayAt(x*fx/across, y*fy/along).Y, []uint8{at.Y, at.Cb, at.Cr}[k], "component %d at %d, %d", k, x, y)
					}
				}
			}
		})
	}
}

// Where the components' blocks alternate, those of a 4:2:0 file in units of 2 by 2 make
// another picture in units of 1 by 4.
func TestDecodeInterleavedSamplingFactors(t *testing.T) {
	const columns, lines = 3, 2
	file := encoded(t, toJPEG, photo(16*columns, 16*lines))
	want, err := jpeg.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	tall := sampled(t, file, 0x14, 0x11, 0x11)
	at := bytes.Index(tall, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(tall[at+5:], 32*lines)
	binary.BigEndian.PutUint16(tall[at+7:], 8*columns)

	got, err := vision.Decode(bytes.NewReader(tall), vision.WithGoDecoder())
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 8*columns, 32*lines), got.Bounds())
	a, b := want.(*image.YCbCr), got.(*image.YCbCr)
	for y := range 32 * lines {
		for x := range 8 * columns {
			unit, block := image.Pt(x/8, y/32), y%32/8
			source := a.YOffset(16*unit.X+8*(block%2)+x%8, 16*unit.Y+8*(block/2)+y%8)
			require.Equal(t, a.Y[source], b.Y[b.YOffset(x, y)], "%d, %d", x, y)
			require.Equal(t, a.Cb[unit.Y*8*a.CStride+y%32/4*a.CStride+x], b.Cb[b.COffset(x, y)], "%d, %d", x, y)
		}
	}
}

// A file that is cut off anywhere gives an error, and costs no more than one that is not.
func TestSplitJPEGDamaged(t *testing.T) {
	file, _ := planesJPEG(t, 45, 53, 0x31, 0x11, 0x11)
	tall := sampled(t, encoded(t, toJPEG, photo(48, 32)), 0x14, 0x11, 0x11)
	for _, f := range [][]byte{file, tall} {
		for n := range f[:len(f)-2] {
			_, err := vision.Decode(bytes.NewReader(f[:n]), vision.WithGoDecoder())
			require.Error(t, err, "%d of %d bytes", n, len(f))
		}
		for n := range f {
			changed := bytes.Clone(f)
			changed[n] ^= 0x55
			require.NotPanics(t, func() { _, _ = vision.Decode(bytes.NewReader(changed), vision.WithGoDecoder()) })
		}
	}
}
