package vision_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"os"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// needTurbo skips a test where libjpeg-turbo is not installed. CI installs it.
func needTurbo(t *testing.T) {
	t.Helper()
	path, err := vision.LibjpegTurbo()
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	require.NoError(t, err)
	assert.NotEmpty(t, path)
}

// bothWays decodes a file by libjpeg-turbo, where it is installed, and by image/jpeg.
func bothWays(file []byte, opts ...vision.LoadOption) (turbo, plain image.Image, turboErr, plainErr error) {
	turbo, turboErr = vision.Decode(bytes.NewReader(file), opts...)
	plain, plainErr = vision.Decode(bytes.NewReader(file), append(opts, vision.WithGoDecoder())...)
	return
}

// difference is how far pixels are from each other, in the mean and at most.
func difference(t *testing.T, a, b image.Image) (mean, most float64) {
	t.Helper()
	require.Equal(t, a.Bounds(), b.Bounds())
	r := a.Bounds()
	for y := range r.Dy() {
		for x := range r.Dx() {
			p, q := color.RGBAModel.Convert(a.At(x, y)).(color.RGBA), color.RGBAModel.Convert(b.At(x, y)).(color.RGBA)
			for _, d := range []float64{float64(p.R) - float64(q.R), float64(p.G) - float64(q.G), float64(p.B) - float64(q.B)} {
				mean, most = mean+math.Abs(d), max(most, math.Abs(d))
			}
		}
	}
	return mean / float64(3*r.Dx()*r.Dy()), most
}

// jpegs are files of all kinds that are whole.
func jpegs(t testing.TB) map[string][]byte {
	photograph := encoded(t, toJPEG, photo(61, 87))
	files := map[string][]byte{
		"4:2:0":                photograph,
		"4:2:0, whole blocks":  encoded(t, toJPEG, photo(64, 32)),
		"one pixel":            encoded(t, toJPEG, photo(1, 1)),
		"grey":                 encoded(t, toJPEG, ramp()),
		"no Huffman tables":    joined(slices.DeleteFunc(segments(t, photograph), func(s []byte) bool { return s[1] == 0xc4 })),
		"turned":               withEXIF(photograph, exif(binary.BigEndian, 6, 1)),
		"something behind it":  append(bytes.Clone(photograph), photograph...),
		"a comment in between": slices.Insert(bytes.Clone(photograph), len(photograph)-2, 0xff, 0xfe, 0, 4, 'h', 'i'),
		"fill bytes":           slices.Insert(bytes.Clone(photograph), len(photograph)-2, 0xff, 0xff, 0xff),
		"rubbish":              slices.Insert(bytes.Clone(photograph), len(photograph)-2, 1, 2, 3),
	}
	for _, name := range []string{"progressive", "restarts", "noise_progressive", "restarts_progressive", "cmyk"} {
		files[name] = readFile(t, "testdata/"+name+".jpg")
	}
	return files
}

// The two decoders round otherwise, and no more.
func TestTurboIsGo(t *testing.T) {
	needTurbo(t)
	for name, file := range jpegs(t) {
		t.Run(name, func(t *testing.T) {
			turbo, plain, err, plainErr := bothWays(file)
			require.NoError(t, err)
			require.NoError(t, plainErr)
			assert.IsType(t, plain, turbo)
			mean, most := difference(t, turbo, plain)
			assert.LessOrEqual(t, most, 4.)
			assert.Less(t, mean, 0.6)
			t.Logf("%.3f in the mean, at most %v", mean, most)
		})
	}
}

// Files that image/jpeg does not read are decoded all the same, if not to the same planes.
func TestTurboSamplingFactors(t *testing.T) {
	needTurbo(t)
	for _, factors := range [][]byte{
		{0x11, 0x11, 0x11},
		{0x21, 0x11, 0x11},
		{0x12, 0x11, 0x11},
		{0x22, 0x11, 0x11},
		{0x41, 0x11, 0x11},
		{0x42, 0x11, 0x11},
		{0x22, 0x22, 0x22},
		{0x11, 0x22, 0x22},
		{0x14, 0x11, 0x11},
		{0x44, 0x11, 0x11},
		{0x31, 0x11, 0x11},
		{0x33, 0x22, 0x11},
		{0x22, 0x21, 0x11},
		{0x41, 0x21, 0x21},
		{0x33},
	} {
		t.Run(fmt.Sprintf("%x", factors), func(t *testing.T) {
			file, _ := planesJPEG(t, 45, 53, factors...)
			turbo, plain, err, plainErr := bothWays(file)
			require.NoError(t, err)
			require.NoError(t, plainErr)
			mean, most := difference(t, turbo, plain)
			assert.LessOrEqual(t, most, 6.)
			t.Logf("%.3f in the mean, at most %v, %T", mean, most, turbo)

			small, err := vision.Decode(bytes.NewReader(file), vision.WithSizeHint(11, 11))
			require.NoError(t, err)
			if !assert.ObjectsAreEqual(plain, turbo) {
				assert.Equal(t, image.Rect(0, 0, 23, 27), small.Bounds())
			}
		})
	}
}

func TestSizeHint(t *testing.T) {
	needTurbo(t)
	file := encoded(t, toJPEG, photo(400, 240))
	turned := withEXIF(file, exif(binary.BigEndian, 6, 1))
	for _, c := range []struct {
		file []byte
		hint image.Point
		want image.Point
	}{
		{file, image.Pt(201, 121), image.Pt(400, 240)},
		{file, image.Pt(200, 121), image.Pt(400, 240)},
		{file, image.Pt(101, 10), image.Pt(400, 240)},
		{file, image.Pt(100, 60), image.Pt(200, 120)},
		{file, image.Pt(51, 10), image.Pt(200, 120)},
		{file, image.Pt(50, 30), image.Pt(100, 60)},
		{file, image.Pt(25, 15), image.Pt(50, 30)},
		{file, image.Pt(1, 1), image.Pt(50, 30)},
		{turned, image.Pt(60, 100), image.Pt(120, 200)},
		{turned, image.Pt(100, 60), image.Pt(240, 400)},
		{encoded(t, toJPEG, photo(401, 241)), image.Pt(100, 60), image.Pt(201, 121)},
	} {
		img, err := vision.Decode(bytes.NewReader(c.file), vision.WithSizeHint(c.hint.X, c.hint.Y))
		require.NoError(t, err)
		assert.Equal(t, image.Rectangle{Max: c.want}, img.Bounds(), "%v", c.hint)
	}
	img, err := vision.Decode(bytes.NewReader(file), vision.WithSizeHint(25, 15))
	require.NoError(t, err)
	assert.IsType(t, &image.YCbCr{}, img)
}

// Without libjpeg-turbo, and for other formats, a hint changes nothing.
func TestSizeHintIsAHint(t *testing.T) {
	for name, file := range jpegs(t) {
		want, err := vision.Decode(bytes.NewReader(file), vision.WithGoDecoder())
		require.NoError(t, err)
		got, err := vision.Decode(bytes.NewReader(file), vision.WithGoDecoder(), vision.WithSizeHint(1, 1))
		require.NoError(t, err)
		assert.Equal(t, want, got, name)
	}
	img, err := vision.Decode(bytes.NewReader(encoded(t, encoders["png"], photo(64, 64))), vision.WithSizeHint(1, 1))
	require.NoError(t, err)
	assert.Equal(t, image.Rect(0, 0, 64, 64), img.Bounds())
}

// What a model sees of a picture that was decoded smaller is what it sees of the whole one.
func TestSizeHintAccuracy(t *testing.T) {
	needTurbo(t)
	file := needed(t, "../third_party/models", "make models fetches it", os.Getenv("CI") == "true")("laptop.jpg")
	whole, err := vision.Load(file)
	require.NoError(t, err)
	small, err := vision.Load(file, vision.WithSizeHint(224, 224))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 480, 320), small.Bounds().Intersect(image.Rect(0, 0, 480, 320)))
	require.Less(t, small.Bounds().Dx(), whole.Bounds().Dx())
	a, err := vision.Resize(whole, 224, 224, 3)
	require.NoError(t, err)
	b, err := vision.Resize(small, 224, 224, 3)
	require.NoError(t, err)
	sum := 0.
	for k := range a {
		sum += math.Abs(float64(a[k]) - float64(b[k]))
	}
	assert.Less(t, sum/float64(len(a)), 1.)
	t.Logf("%v: %.3f in the mean", small.Bounds(), sum/float64(len(a)))
}

func TestInputSizeHint(t *testing.T) {
	needTurbo(t)
	file := encoded(t, toJPEG, photo(400, 240))
	info := tflite.TensorInfo{Name: "in", Type: tflite.TypeUint8, Shape: []int{1, 30, 50, 3}}
	in, err := vision.NewInput(info)
	require.NoError(t, err)
	img, err := vision.Decode(bytes.NewReader(file), in.SizeHint())
	require.NoError(t, err)
	assert.Equal(t, image.Rect(0, 0, 100, 60), img.Bounds())

	in, err = vision.NewInput(info, vision.WithCrop(image.Rect(300, 200, 400, 240)))
	require.NoError(t, err)
	img, err = vision.Decode(bytes.NewReader(file), in.SizeHint())
	require.NoError(t, err)
	assert.Equal(t, image.Rect(0, 0, 400, 240), img.Bounds(), "a part is one of the whole picture")
}

// With libjpeg-turbo a file gives the same error as without, or none: it bears a few faults,
// without a warning, that image/jpeg refuses. It bears no file that ends too early.
func TestTurboDamaged(t *testing.T) {
	needTurbo(t)
	for name, file := range jpegs(t) {
		t.Run(name, func(t *testing.T) {
			for n := 0; n < len(file); n += 1 + len(file)/60 {
				_, _, err, plainErr := bothWays(file[:n])
				require.Equal(t, plainErr, err, "cut off at %d", n)
			}
			more := 0
			for n := 0; n < len(file); n += 1 + len(file)/120 {
				changed := bytes.Clone(file)
				changed[n] ^= 0x55
				turbo, plain, err, plainErr := bothWays(changed, vision.WithMaxPixels(1<<16))
				switch {
				case err != nil:
					require.Equal(t, plainErr, err, "changed at %d", n)
				case plainErr != nil:
					more++
				default:
					require.Equal(t, plain.Bounds(), turbo.Bounds(), "changed at %d", n)
				}
			}
			t.Logf("%d are read besides", more)
		})
	}
}

// An error of the reader is not the file's.
func TestTurboReaderFails(t *testing.T) {
	file := encoded(t, toJPEG, photo(200, 200))
	cut := errors.New("cable cut")
	for n := 0; n < len(file)-1; n += 97 {
		_, err := vision.Decode(io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(cut)))
		require.ErrorIs(t, err, cut, "%d of %d bytes", n, len(file))
	}
}

// Where there is too little memory for the file besides the picture, image/jpeg decodes it.
func TestTurboMemory(t *testing.T) {
	needTurbo(t)
	file := encoded(t, toJPEG, photo(640, 480))
	says := costOf(t, file)
	plain, err := vision.Decode(bytes.NewReader(file), vision.WithGoDecoder())
	require.NoError(t, err)
	for spare := range int64(4) {
		got, err := vision.Decode(bytes.NewReader(file), vision.WithMaxMemory(int64(says)+spare*int64(len(file))/2))
		require.NoError(t, err)
		// The size of the tables that are put before the file is not in it.
		enough := spare == 3
		assert.Equal(t, !enough, assert.ObjectsAreEqual(plain, got), "%d halves of the file to spare", spare)
	}
}
