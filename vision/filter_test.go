package vision_test

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

var filters = []vision.Filter{vision.Lanczos, vision.Bilinear, vision.Area, vision.Linear}

// samples are those of one channel of a picture, and how the picture lies on them.
type samples struct {
	pix            [][]float64
	x0, x1, y0, y1 float64
}

// scaled is the picture at w by h pixels, slowly: from the definitions of the filters, with
// each sample looked at for each pixel.
func (s samples) scaled(f vision.Filter, w, h int) [][]float64 {
	narrow := make([][]float64, len(s.pix))
	for y, row := range s.pix {
		for x := range w {
			v := weighted(f, len(row), s.x0, s.x1, w, x, func(k int) float64 { return row[k] })
			if f == vision.Lanczos { // Pillow rounds in between
				v = byteOf(v)
			}
			narrow[y] = append(narrow[y], v)
		}
	}
	out := make([][]float64, h)
	for y := range h {
		for x := range w {
			v := weighted(f, len(narrow), s.y0, s.y1, h, y, func(k int) float64 { return narrow[k][x] })
			out[y] = append(out[y], byteOf(v))
		}
	}
	return out
}

func byteOf(v float64) float64 { return min(max(math.Floor(v+0.5), 0), 255) }

// weighted is number k of out samples that are made of n, which cover positions from to to.
func weighted(f vision.Filter, n int, from, to float64, out, k int, at func(int) float64) float64 {
	step := (to - from) / float64(out)
	low, high := from+float64(k)*step, from+float64(k+1)*step
	centre := (low + high) / 2
	sum, total := 0.0, 0.0
	for x := range n {
		distance := math.Abs(float64(x)+0.5-centre) / max(step, 1)
		weight := 0.0
		switch {
		case f == vision.Lanczos:
			if distance < 3 {
				weight = sinc(distance) * sinc(distance/3)
			}
		case f == vision.Bilinear || f == vision.Area && step <= 1:
			weight = max(1-distance, 0)
		case f == vision.Area:
			weight = max(min(high, float64(x+1))-max(low, float64(x)), 0)
		case f == vision.Linear:
			inside := min(max(centre, 0.5), float64(n)-0.5)
			weight = max(1-math.Abs(float64(x)+0.5-inside), 0)
		}
		sum, total = sum+weight*at(x), total+weight
	}
	return sum / total
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// plane has n samples for each pixel value that at gives.
func plane(w, h int, at func(x, y int) uint8) samples {
	s := samples{x1: float64(w), y1: float64(h)}
	for y := range h {
		var row []float64
		for x := range w {
			row = append(row, float64(at(x, y)))
		}
		s.pix = append(s.pix, row)
	}
	return s
}

// subject is a picture and what it consists of.
type subject struct {
	img image.Image
	// planes are red, green and blue, or brightness and the two differences.
	planes []samples
	// convert makes red, green and blue of the three; nil if they are that already.
	convert func(y, cb, cr uint8) (r, g, b uint8)
	// rounding is how far off convert may be.
	rounding int
}

// red, green and blue as the picture's pixels have them.
func colourPlanes(img image.Image) []samples {
	b := img.Bounds()
	var all []samples
	for k := range 3 {
		all = append(all, plane(b.Dx(), b.Dy(), func(x, y int) uint8 {
			// Not RGBA, which hides what is transparent.
			c := color.NRGBA64Model.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA64)
			return uint8([]uint16{c.R, c.G, c.B}[k] >> 8)
		}))
	}
	return all
}

// coarse is a plane with one sample for fx by fy pixels of a picture that begins at left, top.
func coarse(b image.Rectangle, fx, fy int, at func(x, y int) uint8) samples {
	first := image.Pt(b.Min.X/fx, b.Min.Y/fy)
	last := image.Pt((b.Max.X-1)/fx, (b.Max.Y-1)/fy)
	s := plane(last.X-first.X+1, last.Y-first.Y+1, func(x, y int) uint8 { return at(first.X+x, first.Y+y) })
	s.x0, s.x1 = float64(b.Min.X)/float64(fx)-float64(first.X), float64(b.Max.X)/float64(fx)-float64(first.X)
	s.y0, s.y1 = float64(b.Min.Y)/float64(fy)-float64(first.Y), float64(b.Max.Y)/float64(fy)-float64(first.Y)
	return s
}

func ofYCbCr(img *image.YCbCr, fx, fy int) subject {
	b := img.Rect
	difference := func(pix []uint8) samples {
		return coarse(b, fx, fy, func(x, y int) uint8 {
			return pix[img.COffset(max(x*fx, b.Min.X), max(y*fy, b.Min.Y))]
		})
	}
	return subject{img, []samples{
		plane(b.Dx(), b.Dy(), func(x, y int) uint8 { return img.Y[img.YOffset(b.Min.X+x, b.Min.Y+y)] }),
		difference(img.Cb), difference(img.Cr),
	}, color.YCbCrToRGB, 0}
}

// limited is the conversion of ITU-R BT.601 from its definition.
func limited(y, cb, cr uint8) (r, g, b uint8) {
	l, u, v := 255./219*(float64(y)-16), 255./224*(float64(cb)-128), 255./224*(float64(cr)-128)
	return uint8(byteOf(l + 1.402*v)), uint8(byteOf(l - 0.344136*u - 0.714136*v)), uint8(byteOf(l + 1.772*u))
}

// frameOf makes a frame of random bytes with a gap between its rows.
func frameOf(t testing.TB, format vision.FrameFormat, w, h, gap int) *vision.Frame {
	t.Helper()
	pix := pseudoRandom(uint32(w*h+1), 4*(w+2+gap)*(h+1)*2)
	tight, err := vision.NewFrame(format, w, h, 0, pix)
	require.NoError(t, err)
	f, err := vision.NewFrame(format, w, h, tight.Stride+gap, pix)
	require.NoError(t, err)
	return f
}

func ofNV12(t testing.TB, w, h, gap int, full bool) subject {
	f := frameOf(t, vision.NV12, w, h, gap)
	f.FullRange = full
	difference := func(k int) samples {
		return coarse(f.Bounds(), 2, 2, func(x, y int) uint8 { return f.Pix[(h+y)*f.Stride+2*x+k] })
	}
	s := subject{f, []samples{
		plane(w, h, func(x, y int) uint8 { return f.Pix[y*f.Stride+x] }), difference(0), difference(1),
	}, limited, 1}
	if full {
		s.convert, s.rounding = color.YCbCrToRGB, 0
	}
	return s
}

func ofYUYV(t testing.TB, w, h, gap int, full bool) subject {
	f := frameOf(t, vision.YUYV, w, h, gap)
	f.FullRange = full
	difference := func(k int) samples {
		return coarse(f.Bounds(), 2, 1, func(x, y int) uint8 { return f.Pix[y*f.Stride+4*x+k] })
	}
	s := subject{f, []samples{
		plane(w, h, func(x, y int) uint8 { return f.Pix[y*f.Stride+2*x] }), difference(1), difference(3),
	}, limited, 1}
	if full {
		s.convert, s.rounding = color.YCbCrToRGB, 0
	}
	return s
}

// subjects are pictures of w by h pixels of noise in all layouts, whose bounds do not begin
// at 0, and whose rows have gaps, where that can be.
func subjects(t testing.TB, w, h int) map[string]subject {
	large := image.Rect(3, 5, w+14, h+12)
	part := image.Rect(9, 10, 9+w, 10+h)
	all := map[string]subject{}
	add := func(name string, img image.Image) { all[name] = subject{img: img, planes: colourPlanes(img)} }
	noiseIn := func(seed uint32, pix []uint8) { copy(pix, pseudoRandom(seed, len(pix))) }

	rgba, nrgba, grey := image.NewRGBA(large), image.NewNRGBA(large), image.NewGray(large)
	deep, deepGrey := image.NewNRGBA64(large), image.NewGray16(large)
	cmyk, table := image.NewCMYK(large), image.NewPaletted(large, nil)
	for k, pix := range [][]uint8{rgba.Pix, nrgba.Pix, grey.Pix, deep.Pix, deepGrey.Pix, cmyk.Pix, table.Pix} {
		noiseIn(uint32(k), pix)
	}
	for k := 3; k < len(rgba.Pix); k += 4 {
		rgba.Pix[k], nrgba.Pix[k] = 255, 255
	}
	for k := 6; k < len(deep.Pix); k += 8 {
		deep.Pix[k], deep.Pix[k+1] = 255, 255
	}
	for k := range 256 {
		table.Palette = append(table.Palette, color.RGBA{uint8(k), uint8(255 - k), uint8(k * 7), 255})
	}
	add("RGBA", rgba.SubImage(part))
	add("NRGBA", nrgba.SubImage(part))
	add("Gray", grey.SubImage(part))
	add("NRGBA64", deep.SubImage(part))
	add("Gray16", deepGrey.SubImage(part))
	add("CMYK", cmyk.SubImage(part))
	add("Paletted", table.SubImage(part))
	for ratio, f := range map[image.YCbCrSubsampleRatio][2]int{
		image.YCbCrSubsampleRatio444: {1, 1}, image.YCbCrSubsampleRatio422: {2, 1}, image.YCbCrSubsampleRatio420: {2, 2},
		image.YCbCrSubsampleRatio440: {1, 2}, image.YCbCrSubsampleRatio411: {4, 1}, image.YCbCrSubsampleRatio410: {4, 2},
	} {
		img := image.NewYCbCr(large, ratio)
		noiseIn(11, img.Y)
		noiseIn(12, img.Cb)
		noiseIn(13, img.Cr)
		all[ratio.String()] = ofYCbCr(img.SubImage(part).(*image.YCbCr), f[0], f[1])
		if f == [2]int{2, 2} {
			all["NYCbCrA"] = subject{&image.NYCbCrA{YCbCr: *img.SubImage(part).(*image.YCbCr)}, all[ratio.String()].planes, color.YCbCrToRGB, 0}
		}
	}
	for _, format := range []vision.FrameFormat{vision.RGB, vision.BGR, vision.RGBA, vision.Grey} {
		add("frame "+format.String(), frameOf(t, format, w, h, 5))
	}
	all["frame NV12"], all["frame NV12, full range"] = ofNV12(t, w, h, 6, false), ofNV12(t, w, h, 0, true)
	all["frame YUYV"], all["frame YUYV, full range"] = ofYUYV(t, w, h, 6, false), ofYUYV(t, w, h, 0, true)
	return all
}

// expected are the picture's channels at w by h pixels, as they are before they become red,
// green and blue.
func (s subject) expected(f vision.Filter, w, h int) []uint8 {
	pix := make([]uint8, 3*w*h)
	for k, p := range s.planes {
		for y, row := range p.scaled(f, w, h) {
			for x, v := range row {
				pix[3*(y*w+x)+k] = uint8(v)
			}
		}
	}
	return pix
}

// matches makes sure that red, green and blue are those of the expected channels, each of
// which may be off by 1.
func (s subject) matches(want, got []uint8) error {
	for k := 0; k < len(want); k += 3 {
		a, b := [3]uint8(want[k:]), [3]uint8(got[k:])
		if worst(a[:], b[:]) > 1 && s.convert == nil || s.convert != nil && !s.near(a, b) {
			return fmt.Errorf("pixel %d is %v, its channels should be %v", k/3, b, a)
		}
	}
	return nil
}

func (s subject) near(channels, colour [3]uint8) bool {
	for k := range 27 {
		var near [3]uint8
		for c, d := range [...]int{k%3 - 1, k/3%3 - 1, k/9 - 1} {
			near[c] = uint8(min(max(int(channels[c])+d, 0), 255))
		}
		r, g, b := s.convert(near[0], near[1], near[2])
		if worst(colour[:], []uint8{r, g, b}) <= s.rounding {
			return true
		}
	}
	return false
}

// Every filter makes of every layout, in every size, what it is defined to make.
func TestFilters(t *testing.T) {
	for _, size := range []struct{ w, h, toW, toH int }{
		{61, 47, 16, 12}, {61, 47, 7, 40}, {20, 16, 33, 29}, {13, 9, 13, 9}, {1, 1, 3, 2}, {1, 40, 3, 5}, {90, 2, 11, 4}, {3, 5, 1, 1},
	} {
		for name, s := range subjects(t, size.w, size.h) {
			t.Run(fmt.Sprintf("%s/%dx%d to %dx%d", name, size.w, size.h, size.toW, size.toH), func(t *testing.T) {
				for _, f := range filters {
					got, err := vision.ResizeBy(f, s.img, size.toW, size.toH, 3)
					require.NoError(t, err)
					assert.NoError(t, s.matches(s.expected(f, size.toW, size.toH), got), f)
				}
			})
		}
	}
}

// worst is the largest difference.
func worst(a, b []uint8) int {
	most := 0
	for k := range a {
		most = max(most, int(a[k])-int(b[k]), int(b[k])-int(a[k]))
	}
	return most
}

// What shrinks a picture a lot has many weights to a pixel, and stripes do not even out what
// they are rounded by.
func TestFiltersFarAway(t *testing.T) {
	for _, size := range []image.Point{{16, 1500}, {1500, 16}, {320, 240}} {
		stripes := image.NewGray(image.Rectangle{Max: size})
		level := pseudoRandom(uint32(size.X), max(size.X, size.Y))
		for k := range stripes.Pix {
			stripes.Pix[k] = level[k/stripes.Stride]
			if size.X > size.Y {
				stripes.Pix[k] = level[k%stripes.Stride]
			}
		}
		planes := colourPlanes(stripes)
		for _, f := range filters {
			for _, to := range []image.Point{{9, 11}, {8, 70}} {
				got, err := vision.ResizeBy(f, stripes, to.X, to.Y, 3)
				require.NoError(t, err)
				want := subject{img: stripes, planes: planes}.expected(f, to.X, to.Y)
				assert.LessOrEqual(t, worst(want, got), 1, "%v of %v to %v", f, size, to)
			}
		}
	}
}

// A picture lies where the fit says, the margin is filled, and the picture is what the filter
// makes of it.
func TestFilterAndFit(t *testing.T) {
	const n, grey = 24, 114
	in := inputOf(t, identityModel(port{typ: tflite.TypeUint8, shape: []int32{1, n, n, 3}}))
	for name, s := range subjects(t, 61, 30) {
		for _, fit := range []vision.Fit{vision.Stretch, vision.Letterbox, vision.LetterboxTopLeft} {
			for _, f := range filters {
				made, err := vision.NewInput(in.Info(), vision.WithFilter(f), vision.WithFit(fit), vision.WithFill(grey))
				require.NoError(t, err)
				p, err := made.Set(in, s.img)
				require.NoError(t, err)
				got := make([]uint8, in.Elements())
				require.NoError(t, tflite.Read(in, got))

				inside := make([]uint8, 0, len(got))
				for y := range n {
					for x := range n {
						pixel := got[3*(y*n+x):][:3]
						if image.Pt(x, y).In(p.Area) {
							inside = append(inside, pixel...)
						} else {
							require.Equal(t, []uint8{grey, grey, grey}, pixel)
						}
					}
				}
				assert.NoError(t, s.matches(s.expected(f, p.Area.Dx(), p.Area.Dy()), inside), "%s, %v, %v", name, fit, f)
			}
		}
	}
}
