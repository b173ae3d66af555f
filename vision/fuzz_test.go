package vision_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

// FuzzDecode makes sure that no bytes whatever do more than give an error, and that
// what is a picture can be scaled, by libjpeg-turbo too where it is installed.
func FuzzDecode(f *testing.F) {
	for _, encode := range encoders {
		f.Add(encoded(f, encode, corners()))
	}
	for _, ext := range []string{"png", "jpg"} {
		f.Add(withEXIF(encoded(f, encoders[ext], corners()), exif(binary.BigEndian, 6, 1)))
	}
	f.Add(sampled(f, encoded(f, toJPEG, photo(48, 32)), 0x14, 0x11, 0x11))
	f.Add(sampled(f, encoded(f, toJPEG, photo(24, 16)), 0x31, 0x11, 0x12))
	f.Add(webpFile(riffChunk("note", []byte("odd")), riffChunk("EXIF", exif(binary.BigEndian, 6, 1))))
	files, err := filepath.Glob("testdata/*.[wj]*")
	require.NoError(f, err)
	for _, path := range files {
		content, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(content)
	}
	const limit = 1 << 16
	f.Fuzz(func(t *testing.T, file []byte) {
		plain, plainErr := vision.Decode(bytes.NewReader(file), vision.WithMaxPixels(limit), vision.WithGoDecoder())
		small, err := vision.Decode(bytes.NewReader(file), vision.WithMaxPixels(limit), vision.WithSizeHint(3, 3))
		if err != nil {
			assert.Equal(t, plainErr, err)
			assert.Nil(t, small)
		} else {
			assert.False(t, small.Bounds().Empty())
			small.At(small.Bounds().Max.X-1, small.Bounds().Max.Y-1)
		}
		img, err := vision.Decode(bytes.NewReader(file), vision.WithMaxPixels(limit))
		if err != nil {
			assert.Equal(t, plainErr, err)
			assert.Nil(t, img)
			return
		}
		if plainErr == nil {
			assert.Equal(t, plain.Bounds(), img.Bounds())
		}
		b := img.Bounds()
		assert.Equal(t, image.Point{}, b.Min)
		assert.False(t, b.Empty())
		assert.LessOrEqual(t, b.Dx()*b.Dy(), limit)
		img.At(b.Max.X-1, b.Max.Y-1)
		for _, c := range []int{1, 3} {
			pix, err := vision.Resize(img, 5, 4, c)
			require.NoError(t, err)
			assert.Len(t, pix, 5*4*c)
		}
	})
}
