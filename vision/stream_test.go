package vision_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

// repeated gives a file again and again, and counts what was read.
type repeated struct {
	file []byte
	read int
}

func (r *repeated) Read(b []byte) (int, error) {
	n := copy(b, r.file[r.read%len(r.file):])
	r.read += n
	return n, nil
}

// Of an endless stream of pictures the first is taken, and little more is read.
func TestDecodeEndlessStream(t *testing.T) {
	files := map[string][]byte{
		"lossless.webp":   readFile(t, "testdata/lossless.webp"),
		"turned.webp":     readFile(t, "testdata/turned.webp"),
		"progressive.jpg": readFile(t, "testdata/progressive.jpg"),
	}
	for ext, encode := range encoders {
		files[ext] = encoded(t, encode, corners())
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			r := &repeated{file: file}
			img, err := vision.Decode(r)
			require.NoError(t, err)
			once, err := vision.Decode(bytes.NewReader(file))
			require.NoError(t, err)
			assert.Equal(t, once, img)
			assert.LessOrEqual(t, r.read, len(file)+2<<16)
		})
	}
}

// What goes on for ever without a picture ends in an error.
func TestDecodeEndlessRubbish(t *testing.T) {
	segment := append([]byte{0xff, 0xe2, 0xff, 0xff}, make([]byte, 0xfffd)...)
	tables := append([]byte{0xff, 0xdb, 0, 67, 0}, make([]byte, 64)...)
	comment := append([]byte{0x21, 0xfe, 255}, append(bytes.Repeat([]byte{1}, 255), 0)...)
	chunk := append(binary.BigEndian.AppendUint32(nil, 1<<16), append([]byte("tEXt"), make([]byte, 1<<16+4)...)...)
	jpg, png := encoded(t, toJPEG, corners()), encoded(t, encoders["png"], corners())
	scan := bytes.Index(jpg, []byte{0xff, 0xda})
	for name, c := range map[string]struct{ start, goesOn []byte }{
		"zeros after SOI":      {jpg[:2], []byte("\xff\xd8\xff\xe0\x00\x02\x00\x00\x00")},
		"segments":             {jpg[:2], segment},
		"tables":               {jpg[:2], tables},
		"zeros after a scan":   {jpg[:len(jpg)-2], []byte{0}},
		"tables after a scan":  {jpg[:len(jpg)-2], tables},
		"scans":                {jpg[:scan], jpg[scan : len(jpg)-2]},
		"comments of a GIF":    {encoded(t, toGIF, corners())[:13+3*256], comment},
		"texts of a PNG":       {png[:33], chunk},
		"texts behind a PNG's": {png[:len(png)-12], chunk},
	} {
		t.Run(name, func(t *testing.T) {
			r := &repeated{file: c.goesOn}
			img, err := vision.Decode(io.MultiReader(bytes.NewReader(c.start), r))
			require.Error(t, err)
			assert.Nil(t, img)
			assert.Less(t, r.read, 20<<20)
			t.Log(err)
		})
	}
}
