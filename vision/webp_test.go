package vision_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

// riffChunk has its name, its size and, if that is odd, a byte more.
func riffChunk(name string, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(data)))
	b = append(b, data...)
	return append(b, make([]byte, len(data)%2)...)
}

// webpFile is one of 16 by 32 pixels with more chunks after VP8X.
func webpFile(chunks ...[]byte) []byte {
	const exif = 8
	extended := riffChunk("VP8X", []byte{exif, 0, 0, 0, 15, 0, 0, 31, 0, 0})
	return riffChunk("RIFF", append([]byte("WEBP"), slices.Concat(append([][]byte{extended}, chunks...)...)...))
}

// losslessData is the content of the chunk of a small picture.
func losslessData(t *testing.T) []byte {
	t.Helper()
	file := readFile(t, "testdata/lossless.webp")
	at := bytes.Index(file, []byte("VP8L"))
	require.Positive(t, at)
	size := binary.LittleEndian.Uint32(file[at+4:])
	return file[at+8:][:size]
}

func TestOrientationWebPChunks(t *testing.T) {
	even, block := losslessData(t), exif(binary.BigEndian, 6, 1)
	if len(even)%2 == 1 {
		even = append(even, 0)
	}
	odd := append(bytes.Clone(even), 0) // a decoder does not look at the last byte
	note := riffChunk("note", []byte("odd"))
	for name, file := range map[string][]byte{
		"even":                 webpFile(riffChunk("VP8L", even), riffChunk("EXIF", block)),
		"odd":                  webpFile(riffChunk("VP8L", odd), riffChunk("EXIF", block)),
		"an odd chunk before":  webpFile(note, riffChunk("VP8L", even), riffChunk("EXIF", block)),
		"an odd chunk between": webpFile(riffChunk("VP8L", odd), note, note, riffChunk("EXIF", block)),
		"before the pixels":    webpFile(riffChunk("EXIF", block), riffChunk("VP8L", odd)),
		"with the prefix":      webpFile(riffChunk("VP8L", odd), riffChunk("EXIF", append([]byte("Exif\x00\x00"), block...))),
		"of odd size":          webpFile(riffChunk("VP8L", odd), riffChunk("EXIF", append(bytes.Clone(block), 0))),
	} {
		t.Run(name, func(t *testing.T) {
			img, err := vision.Decode(bytes.NewReader(file))
			require.NoError(t, err)
			assertUpright(t, img, 6)
		})
	}
	for name, file := range map[string][]byte{
		"cut off":  webpFile(riffChunk("VP8L", odd), riffChunk("EXIF", block)[:12]),
		"too long": webpFile(riffChunk("VP8L", odd), []byte("EXIF\xff\xff\xff\xff"), block),
		"none":     webpFile(riffChunk("VP8L", odd)),
	} {
		t.Run(name, func(t *testing.T) {
			img, err := vision.Decode(bytes.NewReader(file))
			require.NoError(t, err)
			assert.Equal(t, image.Rect(0, 0, 16, 32), img.Bounds())
		})
	}
}
