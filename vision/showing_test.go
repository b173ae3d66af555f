package vision_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// shown is what a picture becomes in an input of a type and shape.
func shown[T tflite.Element](t testing.TB, p port, img image.Image, opts ...vision.Option) []T {
	t.Helper()
	in := inputOf(t, identityModel(p))
	require.NoError(t, vision.SetInput(in, img, opts...))
	got := make([]T, in.Elements())
	require.NoError(t, tflite.Read(in, got))
	return got
}

// Whatever an input holds and in which order, it gets the same pixels.
func TestSetInputLayouts(t *testing.T) {
	const w, h = 14, 10
	img := subjects(t, 61, 47)["RGBA"].img
	fitted := []vision.Option{vision.WithFit(vision.Letterbox), vision.WithFill(200), vision.WithFilter(vision.Bilinear)}
	want := shown[uint8](t, port{typ: tflite.TypeUint8, shape: []int32{1, h, w, 3}}, img, fitted...)
	for name, c := range map[string]struct {
		shape       []int32
		planar, bgr bool
	}{
		"NHWC":                {[]int32{1, h, w, 3}, false, false},
		"NHWC, BGR":           {[]int32{1, h, w, 3}, false, true},
		"NCHW":                {[]int32{1, 3, h, w}, true, false},
		"NCHW, BGR":           {[]int32{1, 3, h, w}, true, true},
		"CHW":                 {[]int32{3, h, w}, true, false},
		"NHWC of three lines": {[]int32{1, 3, w, 3}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := int(c.shape[1])
			if c.planar {
				h = int(c.shape[len(c.shape)-2])
			}
			want := want
			if h != 10 {
				want = shown[uint8](t, port{typ: tflite.TypeUint8, shape: c.shape}, img, fitted...)
			}
			opts := fitted
			if c.bgr {
				opts = append([]vision.Option{vision.WithBGR()}, fitted...)
			}
			at := func(x, y, k int) (from, to int) {
				from, to = 3*(y*w+x)+k, 3*(y*w+x)+k
				if c.bgr {
					from += 2 - 2*k
				}
				if c.planar {
					to = (k*h+y)*w + x
				}
				return from, to
			}
			bytes := shown[uint8](t, port{typ: tflite.TypeUint8, shape: c.shape}, img, opts...)
			signed := shown[int8](t, port{typ: tflite.TypeInt8, shape: c.shape}, img, opts...)
			whole := shown[int32](t, port{typ: tflite.TypeInt32, shape: c.shape}, img, opts...)
			float := shown[float32](t, port{typ: tflite.TypeFloat32, shape: c.shape}, img, append(opts, vision.WithNormalization(0, 255))...)
			half := shown[tflite.Float16](t, port{typ: tflite.TypeFloat16, shape: c.shape}, img, append(opts, vision.WithNormalization(0, 1))...)
			for y := range h {
				for x := range w {
					for k := range 3 {
						from, to := at(x, y, k)
						p := want[from]
						require.Equal(t, p, bytes[to])
						require.Equal(t, int(p)-128, int(signed[to]))
						require.Equal(t, int(p), int(whole[to]))
						require.InDelta(t, float64(p)/255, float[to], 1e-6)
						require.InDelta(t, p, half[to].Float32(), 0.1)
					}
				}
			}
		})
	}
	grey := shown[uint8](t, port{typ: tflite.TypeUint8, shape: []int32{1, h, w, 1}}, img)
	assert.Equal(t, grey, shown[uint8](t, port{typ: tflite.TypeUint8, shape: []int32{1, 1, h, w}}, img, vision.WithBGR()))
}

// Numbers for each channel are in the order of the input.
func TestSetInputBGRNormalization(t *testing.T) {
	p := port{typ: tflite.TypeFloat32, shape: []int32{1, 2, 2, 3}}
	got := shown[float32](t, p, plain(color.RGBA{30, 20, 10, 255}), vision.WithBGR(),
		vision.WithChannelNormalization([]float64{1, 2, 3}, []float64{1, 10, 100}))
	assert.InDeltaSlice(t, []float32{9, 1.8, 0.27}, got[:3], 1e-6)
}

// An input of int32 takes pixels as they are, unless an option says otherwise.
func TestSetInputInt32(t *testing.T) {
	for p, q := range rampInto[int32](t, tflite.TypeInt32, 0, 0) {
		require.Equal(t, p, int(q))
	}
	for p, q := range rampInto[int32](t, tflite.TypeInt32, 0, 0, vision.WithNormalization(100, 0.5)) {
		require.Equal(t, 2*(p-100), int(q))
	}
	n, err := vision.NormalizationOf(parsed(t, identityModel(port{typ: tflite.TypeInt32, shape: pictureShape})), 0)
	require.NoError(t, err)
	assert.Equal(t, vision.Normalization{Mean: []float64{0}, Std: []float64{1}, Source: vision.FromRange}, n)
}

// A picture that has to be turned gives what its upright copy gives, also a part of it.
func TestSetInputTurned(t *testing.T) {
	lying := smooth(37, 23)
	in := inputOf(t, identityModel(port{typ: tflite.TypeUint8, shape: []int32{1, 12, 15, 3}}))
	for value := 1; value <= 8; value++ {
		file := withEXIF(encoded(t, png.Encode, lying), exif(binary.BigEndian, uint16(value), 1))
		turned, err := vision.Decode(bytes.NewReader(file))
		require.NoError(t, err)
		upright := image.NewRGBA(turned.Bounds())
		draw.Draw(upright, upright.Rect, turned, image.Point{}, draw.Src)
		for _, f := range filters {
			for _, opts := range [][]vision.Option{
				{vision.WithFilter(f)},
				{vision.WithFilter(f), vision.WithFit(vision.LetterboxTopLeft), vision.WithFill(99)},
				{vision.WithFilter(f), vision.WithFit(vision.Letterbox), vision.WithCrop(image.Rect(2, 5, 20, 19))},
			} {
				made, err := vision.NewInput(in.Info(), opts...)
				require.NoError(t, err)
				var got [2][]uint8
				for k, img := range []image.Image{upright, turned} {
					_, err = made.Set(in, img)
					require.NoError(t, err)
					got[k] = make([]uint8, in.Elements())
					require.NoError(t, tflite.Read(in, got[k]))
				}
				// The pass after which is rounded is along the other side.
				assert.LessOrEqual(t, worst(got[0], got[1]), 1, "%v, turned by %d", f, value)
			}
		}
	}
}

// A part is the same as a picture of its own.
func TestSetInputCrop(t *testing.T) {
	part := image.Rect(5, 7, 38, 30)
	for name, s := range subjects(t, 61, 47) {
		sub, ok := s.img.(interface {
			SubImage(image.Rectangle) image.Image
		})
		if !ok || name == "NYCbCrA" { // that of another test, which has no transparency to cut out
			continue
		}
		alone := sub.SubImage(part.Add(s.img.Bounds().Min))
		p := port{typ: tflite.TypeUint8, shape: []int32{1, 9, 11, 3}}
		for _, f := range filters {
			assert.Equal(t, shown[uint8](t, p, alone, vision.WithFilter(f)),
				shown[uint8](t, p, s.img, vision.WithFilter(f), vision.WithCrop(part)), "%s, %v", name, f)
		}
	}
}

// A part of a frame is that of the same pixels in a picture of package image.
func TestSetInputCropFrame(t *testing.T) {
	part := image.Rect(5, 7, 38, 30)
	p := port{typ: tflite.TypeUint8, shape: []int32{1, 9, 11, 3}}
	for _, s := range []subject{ofNV12(t, 61, 47, 3, true), ofYUYV(t, 61, 47, 3, true)} {
		f := s.img.(*vision.Frame)
		ratio := image.YCbCrSubsampleRatio420
		if f.Format == vision.YUYV {
			ratio = image.YCbCrSubsampleRatio422
		}
		same := image.NewYCbCr(f.Bounds(), ratio)
		for k, pix := range [][]uint8{same.Y, same.Cb, same.Cr} {
			at := 0
			for _, row := range s.planes[k].pix {
				for _, v := range row {
					pix[at] = uint8(v)
					at++
				}
			}
		}
		for _, filter := range filters {
			for _, opts := range [][]vision.Option{{vision.WithFilter(filter)}, {vision.WithFilter(filter), vision.WithCrop(part)}} {
				// A row of the frame is added up eight bytes at a time all the same.
				assert.Equal(t, shown[uint8](t, p, same, opts...), shown[uint8](t, p, f, opts...), "%v, %v", f.Format, filter)
			}
		}
	}
}

// However long and thin a picture is, one of a single colour keeps it.
func TestSetInputExtremes(t *testing.T) {
	const most = 65535
	for _, size := range []image.Point{{1, 1}, {most, 1}, {1, most}, {7, 1}, {8, 1}, {9, 3}} {
		grey := make([]uint8, size.X*size.Y)
		for k := range grey {
			grey[k] = 201
		}
		all := image.Rectangle{Max: size}
		rgba := image.NewRGBA(all)
		draw.Draw(rgba, all, image.NewUniform(color.Gray{201}), image.Point{}, draw.Src)
		ycc := image.NewYCbCr(all, image.YCbCrSubsampleRatio420)
		copy(ycc.Y, grey)
		for k := range ycc.Cb {
			ycc.Cb[k], ycc.Cr[k] = 128, 128
		}
		frame, err := vision.NewFrame(vision.Grey, size.X, size.Y, 0, grey)
		require.NoError(t, err)
		for _, img := range []image.Image{rgba, ycc, frame, &image.Gray{Pix: grey, Stride: size.X, Rect: all}} {
			for _, f := range filters {
				for _, fit := range []vision.Fit{vision.Stretch, vision.Letterbox} {
					for _, side := range []int32{1, 5} {
						p := port{typ: tflite.TypeUint8, shape: []int32{1, side, side, 3}}
						for _, v := range shown[uint8](t, p, img, vision.WithFilter(f), vision.WithFit(fit), vision.WithFill(201)) {
							require.Equal(t, uint8(201), v, "%T of %v, %v, %v, %d", img, size, f, fit, side)
						}
					}
				}
			}
		}
	}
}

// One Input serves many goroutines, each with pictures of other sizes and layouts.
func TestInputConcurrently(t *testing.T) {
	p := port{typ: tflite.TypeUint8, shape: []int32{1, 16, 16, 3}}
	one, err := vision.NewInput(inputOf(t, identityModel(p)).Info(), vision.WithFilter(vision.Area))
	require.NoError(t, err)
	var wait sync.WaitGroup
	for name, s := range subjects(t, 41, 33) {
		in, want := inputOf(t, identityModel(p)), s.expected(vision.Area, 16, 16)
		wait.Go(func() {
			got := make([]uint8, in.Elements())
			for range 20 {
				_, err := one.Set(in, s.img)
				assert.NoError(t, err)
				assert.NoError(t, tflite.Read(in, got))
				assert.NoError(t, s.matches(want, got), name)
			}
		})
	}
	wait.Wait()
}

// From a frame to scores nothing is allocated, once there was one such frame.
func TestNoAllocations(t *testing.T) {
	const w, h = 640, 360
	s := open(t, colours())
	images := map[string]image.Image{
		"RGBA": image.NewRGBA(image.Rect(0, 0, w, h)), "NRGBA": image.NewNRGBA(image.Rect(0, 0, w, h)),
		"Gray": image.NewGray(image.Rect(0, 0, w, h)), "YCbCr": image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420),
	}
	for _, format := range []vision.FrameFormat{vision.NV12, vision.YUYV, vision.RGB, vision.BGR, vision.RGBA, vision.Grey} {
		images["frame "+format.String()] = frameOf(t, format, w, h, 8)
	}
	scores := make([]uint8, 3)
	for name, img := range images {
		for _, f := range filters {
			in, err := vision.NewInput(s.Inputs()[0], vision.WithFilter(f), vision.WithFit(vision.Letterbox))
			require.NoError(t, err)
			show := func() {
				err = s.Do(context.Background(), func(i *tflite.Interpreter) error {
					t, err := i.Input(0)
					if err != nil {
						return err
					}
					if _, err := in.Set(t, img); err != nil {
						return err
					}
					if err := i.Invoke(context.Background()); err != nil {
						return err
					}
					out, err := i.Output(0)
					if err != nil {
						return err
					}
					return tflite.Read(out, scores)
				})
			}
			if raceDetector { // which has sync.Pool lose some of what it is given
				show()
			} else {
				assert.Zero(t, testing.AllocsPerRun(20, show), "%s, %v", name, f)
			}
			require.NoError(t, err)
		}
	}
}
