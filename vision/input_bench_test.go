package vision_test

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/draw"

	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// BenchmarkSetInput is how long pictures take to get into an input; bench/pictures compares
// more carefully.
func BenchmarkSetInput(b *testing.B) {
	in := inputOf(b, identityModel(port{typ: tflite.TypeUint8, shape: []int32{1, 224, 224, 3}}))
	for _, size := range []image.Point{{640, 480}, {1920, 1080}, {4000, 3000}} {
		ycc := noise(image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio420))
		rgba := noise(image.NewRGBA(image.Rectangle{Max: size}))
		for _, img := range []image.Image{ycc, rgba, frameOf(b, vision.NV12, size.X, size.Y, 0)} {
			name := fmt.Sprintf("%T/%dx%d", img, size.X, size.Y)
			for _, f := range filters {
				b.Run(f.String()+"/"+name, func(b *testing.B) {
					made, err := vision.NewInput(in.Info(), vision.WithFilter(f))
					require.NoError(b, err)
					b.ReportAllocs()
					for b.Loop() {
						if _, err := made.Set(in, img); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			if _, ours := img.(*vision.Frame); ours { // which takes package draw far too long
				continue
			}
			for _, other := range []struct {
				name string
				draw.Scaler
			}{{"ApproxBiLinear", draw.ApproxBiLinear}, {"CatmullRom", draw.CatmullRom}} {
				b.Run("draw."+other.name+"/"+name, func(b *testing.B) {
					b.ReportAllocs()
					dst := image.NewRGBA(image.Rect(0, 0, 224, 224))
					for b.Loop() {
						other.Scale(dst, dst.Rect, img, img.Bounds(), draw.Src, nil)
					}
				})
			}
		}
	}
}

// noise fills the samples of img.
func noise[T image.Image](img T) T {
	r := rand.New(rand.NewPCG(1, 2))
	planes := [][]uint8{}
	switch img := any(img).(type) {
	case *image.YCbCr:
		planes = append(planes, img.Y, img.Cb, img.Cr)
	case *image.RGBA:
		planes = append(planes, img.Pix)
	}
	for _, p := range planes {
		for k := range p {
			p[k] = uint8(r.Uint32())
		}
	}
	return img
}
