//go:build cgo

package turbojpeg

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// library is the one of this machine. CI installs it.
func library(t *testing.T) *Library {
	t.Helper()
	l, err := Installed()
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	require.NoError(t, err)
	return l
}

// guarded has n bytes, behind which is memory that ends the process when it is touched.
func guarded(t *testing.T, n int) []byte {
	t.Helper()
	page := os.Getpagesize()
	size := (n + page - 1) / page * page
	b, err := syscall.Mmap(-1, 0, size+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { syscall.Munmap(b) })
	require.NoError(t, syscall.Mprotect(b[size:], syscall.PROT_NONE))
	return b[size-n : size : size]
}

// grey is a file of w by h grey pixels of three components, the first of which has the
// sampling factors.
func grey(t *testing.T, w, h int, across, along byte) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 8, 8)), nil))
	tables := b.Bytes()[2:bytes.Index(b.Bytes(), []byte{0xff, 0xda})]
	frame := bytes.Index(tables, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(tables[frame+5:], uint16(h))
	binary.BigEndian.PutUint16(tables[frame+7:], uint16(w))
	tables[frame+11] = across<<4 | along
	scan := []byte{0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0}
	// A block is 00 for its mean and 1010 for nothing else: four of them are three bytes.
	data := bytes.Repeat([]byte{0b00101000, 0b10100010, 0b10001010}, 3*(w+32)*(h+32)/64/4+3)
	units := (w + 8*int(across) - 1) / (8 * int(across)) * ((h + 8*int(along) - 1) / (8 * int(along)))
	bits := 6 * units * (int(across*along) + 2)
	data = data[:(bits+7)/8]
	if rest := bits % 8; rest > 0 {
		data[len(data)-1] |= 0xff >> rest
	}
	return slices.Concat([]byte{0xff, 0xd8}, tables, scan, data, []byte{0xff, 0xd9})
}

// What the library writes stays in the planes, whatever the size, scale and sampling. Under
// AddressSanitizer (make test-asan) this also shows that it reads no memory behind its own.
func TestPlanesAreLargeEnough(t *testing.T) {
	l := library(t)
	for ratio, s := range samplings {
		t.Run(ratio.String(), func(t *testing.T) {
			for w := 1; w < 42; w += 3 {
				for h := 1; h < 40; h += 2 {
					file := grey(t, w, h, byte(s.across), byte(s.along))
					header := Header{Width: w, Height: h, Sampling: ratio}
					for _, scale := range Scales {
						if header.PlaneScale(scale) != scale {
							_, err := l.YCbCr(file, header, scale)
							require.ErrorIs(t, err, ErrDecode)
							continue
						}
						img := s.newYCbCr(header.scaled(scale), ratio)
						img.Y, img.Cb, img.Cr = guarded(t, len(img.Y)), guarded(t, len(img.Cb)), guarded(t, len(img.Cr))
						require.NoError(t, l.decode(file, header, s, img), "%d×%d by %d", w, h, scale)
						for _, plane := range [][]byte{img.Y, img.Cb, img.Cr} {
							assert.Equal(t, bytes.Repeat([]byte{128}, len(plane)), plane, "%d×%d by %d", w, h, scale)
						}
					}
				}
			}
		})
	}
}
