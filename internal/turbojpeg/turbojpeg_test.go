package turbojpeg_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/turbojpeg"
)

// library is the one of this machine. CI installs it.
func library(t testing.TB) *turbojpeg.Library {
	t.Helper()
	l, err := turbojpeg.Installed()
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	require.NoError(t, err)
	return l
}

// ramp gets brighter to the right, redder downwards.
func ramp(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for k := range w * h {
		x, y := k%w, k/w
		img.SetRGBA(x, y, color.RGBA{uint8(x*128/w + y*127/h), uint8(x * 128 / w), uint8(x * 128 / w), 255})
	}
	return img
}

func encode(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}))
	return b.Bytes()
}

// near compares pixels at their places in the whole picture.
func near(t *testing.T, want, got image.Image) {
	t.Helper()
	a, b := want.Bounds(), got.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			p := color.RGBAModel.Convert(want.At((2*x+1)*a.Dx()/(2*b.Dx()), (2*y+1)*a.Dy()/(2*b.Dy()))).(color.RGBA)
			q := color.RGBAModel.Convert(got.At(x, y)).(color.RGBA)
			require.InDelta(t, p.R, q.R, 14, "%d, %d", x, y)
			require.InDelta(t, p.G, q.G, 14, "%d, %d", x, y)
			require.InDelta(t, p.B, q.B, 14, "%d, %d", x, y)
		}
	}
}

func TestScales(t *testing.T) {
	l := library(t)
	img := ramp(203, 101)
	file := encode(t, img)
	grey := image.NewGray(img.Rect)
	for k := range grey.Pix {
		grey.Pix[k] = img.Pix[4*k+1]
	}
	h := turbojpeg.Header{Width: 203, Height: 101, Sampling: image.YCbCrSubsampleRatio420}
	for scale, size := range map[int]image.Rectangle{
		1: image.Rect(0, 0, 203, 101), 2: image.Rect(0, 0, 102, 51), 4: image.Rect(0, 0, 51, 26), 8: image.Rect(0, 0, 26, 13),
	} {
		planes, err := l.YCbCr(file, h, scale)
		require.NoError(t, err)
		assert.Equal(t, size, planes.Rect)
		near(t, img, planes)
		pixels, err := l.RGBA(file, h, scale)
		require.NoError(t, err)
		assert.Equal(t, size, pixels.Rect)
		near(t, img, pixels)
		plane, err := l.Gray(encode(t, grey), h, scale)
		require.NoError(t, err)
		assert.Equal(t, size, plane.Rect)
		near(t, grey, plane)
	}
}

func TestErrors(t *testing.T) {
	l := library(t)
	file, grey := encode(t, ramp(64, 48)), encode(t, image.NewGray(image.Rect(0, 0, 64, 48)))
	h := turbojpeg.Header{Width: 64, Height: 48, Sampling: image.YCbCrSubsampleRatio420}
	with := func(change func(*turbojpeg.Header)) turbojpeg.Header {
		other := h
		change(&other)
		return other
	}
	ycbcr := func(file []byte, h turbojpeg.Header) error { _, err := l.YCbCr(file, h, 1); return err }
	rgba := func(file []byte, h turbojpeg.Header) error { _, err := l.RGBA(file, h, 1); return err }
	gray := func(file []byte, h turbojpeg.Header) error { _, err := l.Gray(file, h, 1); return err }
	for name, c := range map[string]struct {
		got, want error
	}{
		"another width":     {ycbcr(file, with(func(h *turbojpeg.Header) { h.Width-- })), turbojpeg.ErrHeader},
		"another height":    {rgba(file, with(func(h *turbojpeg.Header) { h.Height-- })), turbojpeg.ErrHeader},
		"another sampling":  {ycbcr(file, with(func(h *turbojpeg.Header) { h.Sampling = image.YCbCrSubsampleRatio444 })), turbojpeg.ErrHeader},
		"an unknown one":    {ycbcr(file, with(func(h *turbojpeg.Header) { h.Sampling = image.YCbCrSubsampleRatio410 })), turbojpeg.ErrDecode},
		"grey, not colours": {ycbcr(grey, h), turbojpeg.ErrHeader},
		"colours, not grey": {gray(file, h), turbojpeg.ErrHeader},
		"cut off":           {ycbcr(file[:len(file)-40], h), turbojpeg.ErrDecode},
		"cut off, pixels":   {rgba(file[:len(file)-40], h), turbojpeg.ErrDecode},
		"cut off, grey":     {gray(grey[:len(grey)-4], h), turbojpeg.ErrDecode},
		"nothing":           {ycbcr(nil, h), turbojpeg.ErrDecode},
		"no picture":        {rgba([]byte("not a picture"), h), turbojpeg.ErrDecode},
	} {
		require.ErrorIs(t, c.got, c.want, name)
		assert.NotContains(t, c.got.Error(), "\n")
	}
	assert.ErrorContains(t, ycbcr(file[:len(file)-40], h), "libjpeg-turbo: Premature end of JPEG file", "a warning")
	require.NoError(t, ycbcr(file, h), "and nothing of it is left")
}

func TestConcurrentDecoding(t *testing.T) {
	l := library(t)
	var wg sync.WaitGroup
	for k := range 8 {
		wg.Go(func() {
			img := ramp(100+k, 60)
			for range 20 {
				got, err := l.YCbCr(encode(t, img), turbojpeg.Header{Width: 100 + k, Height: 60, Sampling: image.YCbCrSubsampleRatio420}, 2)
				if assert.NoError(t, err) {
					assert.Equal(t, 50+(k+1)/2, got.Rect.Dx())
				}
			}
		})
	}
	wg.Wait()
}

func TestOpenFailures(t *testing.T) {
	_, err := turbojpeg.Open("/no/such/library.so")
	require.Error(t, err)
	if !errors.Is(err, errs.ErrCgoRequired) {
		require.ErrorIs(t, err, errs.ErrLibraryNotFound)
	}
	if runtime.GOOS == "linux" && !errors.Is(err, errs.ErrCgoRequired) {
		_, err = turbojpeg.Open("libm.so.6")
		require.ErrorIs(t, err, errs.ErrLibraryNotFound)
		assert.ErrorContains(t, err, "is no libjpeg-turbo 2.0 or newer")
	}
}

// TestMain lets a test start this program again to see which library is looked for.
func TestMain(m *testing.M) {
	if os.Getenv("CORAL_TEST_SAY_LIBRARY") != "" {
		l, err := turbojpeg.Installed()
		if err != nil {
			println("none:", err.Error())
			os.Exit(0)
		}
		println(l.Path())
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestVariableChoosesTheLibrary(t *testing.T) {
	says := func(value string) string {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "CORAL_TEST_SAY_LIBRARY=1", turbojpeg.Variable+"="+value)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return strings.TrimSpace(string(out))
	}
	assert.Equal(t, "none: CORAL_TURBOJPEG_LIB is none", says("none"))
	l := library(t)
	assert.Contains(t, says("/no/such/library.so"), "none: open library \"/no/such/library.so\"")
	assert.Equal(t, l.Path(), says(l.Path()))
}

// What a decoder of its own costs: the file is the smallest there is.
func BenchmarkSmallest(b *testing.B) {
	l := library(b)
	file := encode(b, image.NewGray(image.Rect(0, 0, 1, 1)))
	for b.Loop() {
		if _, err := l.Gray(file, turbojpeg.Header{Width: 1, Height: 1}, 1); err != nil {
			b.Fatal(err)
		}
	}
}

// Where whole blocks, made smaller, end before the last sample of colour does, another scale
// is taken.
func TestPlaneScale(t *testing.T) {
	for _, c := range []struct {
		width    int
		sampling image.YCbCrSubsampleRatio
		want     map[int]int
	}{
		{1920, image.YCbCrSubsampleRatio420, map[int]int{1: 1, 2: 2, 4: 4, 8: 8}},
		{1912, image.YCbCrSubsampleRatio420, map[int]int{1: 1, 2: 2, 4: 4, 8: 4}},
		{1912, image.YCbCrSubsampleRatio422, map[int]int{8: 4}},
		{1912, image.YCbCrSubsampleRatio444, map[int]int{8: 8}},
		{1912, image.YCbCrSubsampleRatio440, map[int]int{8: 8}},
		{1, image.YCbCrSubsampleRatio420, map[int]int{8: 4, 4: 4}},
		{8, image.YCbCrSubsampleRatio411, map[int]int{8: 2, 4: 2, 2: 2}},
	} {
		for most, want := range c.want {
			h := turbojpeg.Header{Width: c.width, Height: 8, Sampling: c.sampling}
			assert.Equal(t, want, h.PlaneScale(most), "%d wide, %v, up to %d", c.width, c.sampling, most)
		}
	}
}
