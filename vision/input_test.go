package vision_test

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// ramp has every pixel value once: 16 by 16 pixels, grey.
func ramp() *image.Gray {
	img := image.NewGray(image.Rect(0, 0, 16, 16))
	for k := range img.Pix {
		img.Pix[k] = uint8(k)
	}
	return img
}

// rampInto returns what each pixel value becomes in an input.
func rampInto[T tflite.Element](t testing.TB, typ tflite.Type, scale float32, zero int64, opts ...vision.Option) []T {
	t.Helper()
	in := inputOf(t, identityModel(port{typ: typ, shape: []int32{1, 16, 16, 1}, scale: scale, zero: zero}))
	require.NoError(t, vision.SetInput(in, ramp(), opts...))
	got := make([]T, 256)
	require.NoError(t, tflite.Read(in, got))
	return got
}

func TestSetInputPixelsAsTheyAre(t *testing.T) {
	for name, c := range map[string]struct {
		typ   tflite.Type
		scale float32
		zero  int64
	}{
		"MobileNet v1":               {tflite.TypeUint8, 1. / 128, 128},
		"-1 to 1 of a converter":     {tflite.TypeUint8, 0.0078125, 128},
		"0 to 1":                     {tflite.TypeUint8, 1. / 255, 0},
		"0 to 1, int8":               {tflite.TypeInt8, 1. / 255, -128},
		"0 to 255":                   {tflite.TypeUint8, 1, 0},
		"0 to 255, int8":             {tflite.TypeInt8, 1, -128},
		"-1 to 1, int8":              {tflite.TypeInt8, 1. / 128, 0},
		"-128 to 127":                {tflite.TypeUint8, 1, 128},
		"-128 to 127, int8":          {tflite.TypeInt8, 1, 0},
		"without quantisation":       {tflite.TypeUint8, 0, 0},
		"without quantisation, int8": {tflite.TypeInt8, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if c.typ == tflite.TypeInt8 {
				for p, q := range rampInto[int8](t, c.typ, c.scale, c.zero) {
					require.Equal(t, p-128, int(q))
				}
				return
			}
			for p, q := range rampInto[uint8](t, c.typ, c.scale, c.zero) {
				require.Equal(t, p, int(q))
			}
		})
	}
}

// The numbers come from the formula by hand: models whose range is not the one of
// pixels exactly.
func TestSetInputByHand(t *testing.T) {
	// TF2's MobileNet, (p-128)/(128*0.00784314)+127.
	tf2 := rampInto[uint8](t, tflite.TypeUint8, 0.007843138, 127)
	assert.Equal(t, []uint8{0, 0, 1, 127, 254}, []uint8{tf2[0], tf2[1], tf2[2], tf2[128], tf2[255]}) // -0.5, 0.496, 1.49, 127, 253.504
	// The same as int8, with zero point -1.
	int8s := rampInto[int8](t, tflite.TypeInt8, 0.007843138, -1)
	assert.Equal(t, []int8{-128, -128, -127, -1, 126}, []int8{int8s[0], int8s[1], int8s[2], int8s[128], int8s[255]})
	// A range like none of the usual ones: -1 to 1 by pycoral's rule.
	odd := rampInto[uint8](t, tflite.TypeUint8, 0.01, 100)
	assert.Equal(t, []uint8{0, 22, 100, 199}, []uint8{odd[0], odd[28], odd[128], odd[255]}) // 0, 21.9, 100, 199.2
	// Both sides cut off.
	narrow := rampInto[uint8](t, tflite.TypeUint8, 0.002, 128, vision.WithNormalization(128, 128))
	assert.Equal(t, []uint8{0, 128, 132, 255}, []uint8{narrow[0], narrow[128], narrow[129], narrow[255]}) // -372, 128, 131.9, 624
}

func TestSetInputFloat(t *testing.T) {
	for p, x := range rampInto[float32](t, tflite.TypeFloat32, 0, 0) {
		require.InDelta(t, (float64(p)-128)/128, x, 0)
	}
	for p, x := range rampInto[float32](t, tflite.TypeFloat32, 0, 0, vision.WithNormalization(0, 255)) {
		require.InDelta(t, float64(p)/255, x, 1e-7)
	}
	for p, x := range rampInto[tflite.Float16](t, tflite.TypeFloat16, 0, 0) {
		require.InDelta(t, (float64(p)-128)/128, x.Float32(), 0)
	}
}

// TestSetInputIsPycorals compares with pycoral's computation, which rounds down what
// this package rounds to the nearest, for parameters of all kinds.
func TestSetInputIsPycorals(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		scale, zero := float32(0.001+r.Float64()*0.02), int64(r.IntN(256))
		mean, std := 100+100*r.Float64(), 50+100*r.Float64()
		got := rampInto[uint8](t, tflite.TypeUint8, scale, zero, vision.WithNormalization(mean, std))
		for p, q := range got {
			exact := (float64(p)-mean)/(std*float64(scale)) + float64(zero)
			exact = min(max(exact, 0), 255)
			require.InDelta(t, exact, q, 0.5+1e-4, "pixel %d", p) // which is computed in float32
			require.LessOrEqual(t, uint8(exact), q)
		}
	}
}

func TestSetInputShapes(t *testing.T) {
	four := image.NewRGBA(image.Rect(0, 0, 2, 2)) // as large as the inputs, so nothing is scaled
	for k, c := range []color.Color{red, green, blue, white} {
		four.Set(k%2, k/2, c)
	}
	top := four.SubImage(image.Rect(0, 0, 2, 1))
	colour := []uint8{255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}
	grey := []uint8{76, 150, 29, 255}
	for name, c := range map[string]struct {
		shape []int32
		img   image.Image
		want  []uint8
	}{
		"batch":             {[]int32{1, 2, 2, 3}, four, colour},
		"no batch":          {[]int32{2, 2, 3}, four, colour},
		"grey":              {[]int32{1, 2, 2, 1}, four, grey},
		"grey, no batch":    {[]int32{2, 2, 1}, four, grey},
		"grey, no channels": {[]int32{1, 2, 2}, four, grey},
		"height first":      {[]int32{1, 1, 2, 3}, top, colour[:6]},
	} {
		t.Run(name, func(t *testing.T) {
			in := inputOf(t, identityModel(port{typ: tflite.TypeUint8, shape: c.shape}))
			require.NoError(t, vision.SetInput(in, c.img))
			got := make([]uint8, in.Elements())
			require.NoError(t, tflite.Read(in, got))
			assert.Equal(t, c.want, got)
		})
	}
}

func TestSetInputErrors(t *testing.T) {
	img := ramp()
	for name, c := range map[string]struct {
		port port
		img  image.Image
		opt  vision.Option
		is   error
		says string
	}{
		"a vector":        {port{shape: []int32{1, 784}}, img, nil, vision.ErrModel, "shape [1 784], a picture needs [1 height width 3]"},
		"two pictures":    {port{shape: []int32{2, 4, 4, 3}}, img, nil, vision.ErrModel, "shape [2 4 4 3]"},
		"two channels":    {port{shape: []int32{1, 2, 8, 8}}, img, nil, vision.ErrModel, "shape [1 2 8 8], a picture needs [1 height width 3] or [1 3 height width]"},
		"four channels":   {port{shape: []int32{1, 4, 4, 4}}, img, nil, vision.ErrModel, "shape [1 4 4 4]"},
		"a scalar":        {port{shape: []int32{}}, img, nil, vision.ErrModel, "shape []"},
		"an open size":    {port{shape: []int32{1, 1, 1, 3}, signature: []int32{1, -1, -1, 3}}, img, nil, vision.ErrModel, "leaves its size open ([1 -1 -1 3]): set it with coral.WithInputShape"},
		"another type":    {port{typ: tflite.TypeInt64, shape: []int32{1, 4, 4, 3}}, img, nil, vision.ErrType, "holds int64"},
		"no picture":      {port{shape: []int32{1, 4, 4, 3}}, nil, nil, vision.ErrSize, "the picture is nil"},
		"no pixels":       {port{shape: []int32{1, 4, 4, 3}}, image.NewRGBA(image.Rect(5, 5, 5, 9)), nil, vision.ErrSize, "no pixels"},
		"endless":         {port{shape: []int32{1, 4, 4, 3}}, image.White, nil, vision.ErrTooLarge, "longest side possible is 65535"},
		"no deviation":    {port{shape: []int32{1, 4, 4, 3}}, img, vision.WithNormalization(128, 0), vision.ErrRange, "deviation 0"},
		"minus deviation": {port{shape: []int32{1, 4, 4, 3}}, img, vision.WithNormalization(128, -1), vision.ErrRange, "above 0"},
		"no number":       {port{shape: []int32{1, 4, 4, 3}}, img, vision.WithNormalization(math.NaN(), 1), vision.ErrRange, "finite"},
		"no end":          {port{shape: []int32{1, 4, 4, 3}}, img, vision.WithNormalization(0, math.Inf(1)), vision.ErrRange, "finite"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.port.typ == 0 {
				c.port.typ = tflite.TypeUint8
			}
			var opts []vision.Option
			if c.opt != nil {
				opts = append(opts, c.opt)
			}
			err := vision.SetInput(inputOf(t, identityModel(c.port)), c.img, opts...)
			require.ErrorIs(t, err, c.is)
			assert.ErrorContains(t, err, "vision: set input: ")
			assert.ErrorContains(t, err, c.says)
		})
	}
}
