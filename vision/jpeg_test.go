package vision_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

// segments takes a JPEG file apart: what stands before each marker's next one, and in
// the end the scan.
func segments(t testing.TB, file []byte) (all [][]byte) {
	t.Helper()
	for b := file[2:]; ; {
		require.Equal(t, byte(0xff), b[0])
		if b[1] == 0xda {
			return append(all, b)
		}
		n := 2 + int(binary.BigEndian.Uint16(b[2:]))
		all, b = append(all, b[:n]), b[n:]
	}
}

// joined is the reverse of segments.
func joined(all [][]byte) []byte {
	return append([]byte{0xff, 0xd8}, slices.Concat(all...)...)
}

// sampled is a JPEG file that claims other sampling factors, one byte for each
// component.
func sampled(t testing.TB, file []byte, factors ...byte) []byte {
	t.Helper()
	all := segments(t, bytes.Clone(file))
	for _, s := range all {
		if s[1] == 0xc0 || s[1] == 0xc2 {
			for k, f := range factors {
				s[11+3*k] = f
			}
		}
	}
	return joined(all)
}

// The frames of cameras have no Huffman tables: the standard's count.
func TestDecodeWithoutHuffmanTables(t *testing.T) {
	file := encoded(t, toJPEG, corners())
	want, err := vision.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	all := slices.DeleteFunc(segments(t, file), func(s []byte) bool { return s[1] == 0xc4 })
	require.Less(t, len(joined(all)), len(file)-400)
	for name, start := range map[string][]byte{
		"as it is": nil,
		"AVI1":     append([]byte{0xff, 0xe0, 0, 16}, "AVI1\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"...),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vision.Decode(bytes.NewReader(joined(slices.Insert(slices.Clone(all), 0, start))))
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

// A file's own tables replace the standard's.
func TestDecodeOwnHuffmanTables(t *testing.T) {
	img, err := vision.Load("testdata/progressive.jpg")
	require.NoError(t, err)
	assertCorners(t, img, red, green, blue, white)
}

func TestDecodeJPEGVariants(t *testing.T) {
	file := encoded(t, toJPEG, corners())
	withSOF := func(marker byte) []byte {
		all := segments(t, bytes.Clone(file))
		for _, s := range all {
			if s[1] == 0xc0 {
				s[1] = marker
			}
		}
		return joined(all)
	}
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"arithmetic":   {withSOF(0xc9), "it has arithmetic coding"},
		"lossless":     {withSOF(0xc3), "it is lossless"},
		"hierarchical": {withSOF(0xc5), "it is hierarchical"},
		"sampling":     {sampled(t, readFile(t, "testdata/cmyk.jpg"), 0x21, 0x11, 0x11, 0x21), "its components have the sampling factors 2x1,1x1,1x1,2x1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vision.Decode(bytes.NewReader(c.file))
			require.ErrorIs(t, err, vision.ErrFormat)
			assert.ErrorContains(t, err, c.says)
			assert.ErrorContains(t, err, "convert in.jpg -sampling-factor 4:2:0")
		})
	}
}

// Rubbish between segments, fill bytes and segments of all kinds do no harm.
func TestDecodeJPEGSegments(t *testing.T) {
	file := encoded(t, toJPEG, corners())
	want, err := vision.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	profile := append([]byte{0xff, 0xe2, 0xff, 0xff}, make([]byte, 0xfffd)...)
	all := segments(t, file)
	for name, between := range map[string][]byte{
		"fill bytes": {0xff, 0xff},
		"zeros":      {0, 0, 0},
		"escaped":    {0xff, 0},
		"a restart":  {0xff, 0xd0},
		"a profile":  bytes.Repeat(profile, 40),
		"a comment":  {0xff, 0xfe, 0, 4, 'h', 'i'},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vision.Decode(bytes.NewReader(joined(slices.Insert(slices.Clone(all), 1, between))))
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

func TestDecodeManyScans(t *testing.T) {
	file := readFile(t, "testdata/progressive.jpg")
	last := bytes.LastIndex(file, []byte{0xff, 0xda})
	scan := file[last : len(file)-2]
	many := slices.Concat(file[:len(file)-2], bytes.Repeat(scan, 200), file[len(file)-2:])
	_, err := vision.Decode(bytes.NewReader(many))
	require.ErrorIs(t, err, vision.ErrTooLarge)
	assert.ErrorContains(t, err, "more than 100 scans")
}
