package vision_test

import (
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/internal/niltest"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// liar is an image whose pixels cannot be had.
type liar struct{ bounds image.Rectangle }

func (l liar) Bounds() image.Rectangle { return l.bounds }
func (liar) ColorModel() color.Model   { return nil }
func (liar) At(int, int) color.Color   { panic("no pixel") }

// Nothing that is nil, zero or contradicts itself makes a function of the package panic;
// what can fail says how.
func TestNilAndZero(t *testing.T) {
	s, in := open(t, colours()), inputOf(t, colours())
	img := plain(red)
	one := image.Rect(0, 0, 8, 8)
	fails := map[string]func() error{
		"Load":                        func() error { _, err := vision.Load("", nil); return err },
		"Decode":                      func() error { _, err := vision.Decode(nil, nil); return err },
		"ReadLabels":                  func() error { _, err := vision.ReadLabels(""); return err },
		"ParseLabels":                 func() error { _, err := vision.ParseLabels(nil); return err },
		"NormalizationOf":             func() error { _, err := vision.NormalizationOf(nil, 0); return err },
		"NormalizationOf, zero model": func() error { _, err := vision.NormalizationOf(&model.Model{}, 0); return err },
		"SetInput, no tensor":         func() error { return vision.SetInput(nil, img) },
		"SetInput, zero tensor":       func() error { return vision.SetInput(&tflite.Tensor{}, img) },
		"SetInput, no picture":        func() error { return vision.SetInput(in, nil, nil) },
		"Classify, no session":        func() error { _, err := vision.Classify(t.Context(), nil, img); return err },
		"Classify, zero session":      func() error { _, err := vision.Classify(t.Context(), &coral.Session{}, img); return err },
		"Detect, no session":          func() error { _, err := vision.Detect(t.Context(), nil, img); return err },
		"Detect, zero session":        func() error { _, err := vision.Detect(t.Context(), &coral.Session{}, img); return err },
		"Detect, no picture":          func() error { _, err := vision.Detect(t.Context(), s, nil, nil); return err },
		"DecodeDetections":            func() error { _, err := vision.DecodeDetections(vision.Result{}); return err },
		"Classify, no picture":        func() error { _, err := vision.Classify(t.Context(), s, nil); return err },
		"no numbers":                  func() error { return vision.SetInput(in, img, vision.WithChannelNormalization(nil, nil)) },
	}
	for name, bad := range map[string]image.Image{
		"nil RGBA":      (*image.RGBA)(nil),
		"nil YCbCr":     (*image.YCbCr)(nil),
		"zero RGBA":     &image.RGBA{},
		"RGBA":          &image.RGBA{Rect: one},
		"NRGBA":         &image.NRGBA{Rect: one, Stride: 32, Pix: make([]uint8, 40)},
		"NRGBA64":       &image.NRGBA64{Rect: one},
		"Gray":          &image.Gray{Rect: one, Stride: 8},
		"Gray16":        &image.Gray16{Rect: one},
		"CMYK":          &image.CMYK{Rect: one},
		"Paletted":      &image.Paletted{Rect: one},
		"YCbCr":         &image.YCbCr{Rect: one},
		"nil Frame":     (*vision.Frame)(nil),
		"zero Frame":    &vision.Frame{},
		"Frame":         &vision.Frame{Width: 8, Height: 8, Stride: 8},
		"NYCbCrA":       &image.NYCbCrA{YCbCr: image.YCbCr{Rect: one}},
		"another":       liar{one},
		"without limit": image.White,
	} {
		fails["SetInput, "+name] = func() error { return vision.SetInput(in, bad) }
		fails["Classify, "+name] = func() error { _, err := vision.Classify(t.Context(), s, bad); return err }
		crop := image.Rect(1, 1, 7, 7)
		fails["Classify, a part of "+name] = func() error {
			_, err := vision.Classify(t.Context(), s, bad, vision.WithCrop(crop))
			return err
		}
	}
	for name, call := range fails {
		t.Run(name, func(t *testing.T) {
			var err error
			require.NotPanics(t, func() { err = call() })
			assert.Error(t, err)
			t.Log(err)
		})
	}
	for name, call := range map[string]func(){
		"Classify without a context": func() {
			_, err := vision.Classify(nil, s, img, nil) //nolint:staticcheck // that is the test
			assert.NoError(t, err)
		},
		"SetInput":          func() { assert.NoError(t, vision.SetInput(in, img, nil, vision.WithModel(nil))) },
		"Labels":            func() { vision.Labels(nil).Name(-1); _ = vision.Labels(nil).Mismatch(-1) },
		"ModelLabels":       func() { _, _ = vision.ModelLabels(nil, -1) },
		"ModelLabels, zero": func() { _, _ = vision.ModelLabels(&model.Model{}, 3) },
		"TopClasses":        func() { vision.TopClasses(nil, -5, 0) },
		"Normalization":     func() { _ = vision.Normalization{}.String() },
		"a palette of nothing": func() {
			assert.NoError(t, vision.SetInput(in, &image.Paletted{Rect: one, Stride: 8, Pix: make([]uint8, 64)}))
		},
	} {
		t.Run(name, func(t *testing.T) { require.NotPanics(t, call) })
	}
}

// TestNilWalk calls all that the package exports with nil and zero arguments.
func TestNilWalk(t *testing.T) {
	niltest.Walk(t, map[string]any{
		"Cascade": vision.Cascade[vision.Object, int], "Cosine": vision.Cosine, "Crop": vision.Crop,
		"DecodeEmbedding": vision.DecodeEmbedding, "DecodeFaces": vision.DecodeFaces, "DecodePoses": vision.DecodePoses,
		"DecodeSegmentation": vision.DecodeSegmentation, "Embed": vision.Embed, "Faces": vision.Faces,
		"OpenGallery": vision.OpenGallery, "PascalColor": vision.PascalColor, "Poses": vision.Poses, "Segment": vision.Segment,
		"Classify": vision.Classify, "Decode": vision.Decode, "Load": vision.Load, "ModelLabels": vision.ModelLabels,
		"NewFrame": vision.NewFrame, "ParseFilter": vision.ParseFilter, "WithBGR": vision.WithBGR, "WithFilter": vision.WithFilter,
		"NewInput": vision.NewInput, "NormalizationOf": vision.NormalizationOf, "ParseFit": vision.ParseFit,
		"ParseLabels": vision.ParseLabels, "ReadLabels": vision.ReadLabels, "Run": vision.Run,
		"DecodeDetections": vision.DecodeDetections, "Detect": vision.Detect, "WithHead": vision.WithHead, "WithIoU": vision.WithIoU,
		"WithLabelOffset": vision.WithLabelOffset, "WithTiles": vision.WithTiles,
		"SetInput": vision.SetInput, "TopClasses": vision.TopClasses, "WithCrop": vision.WithCrop,
		"LibjpegTurbo": vision.LibjpegTurbo, "WithGoDecoder": vision.WithGoDecoder, "WithSizeHint": vision.WithSizeHint,
		"WithFill": vision.WithFill, "WithFit": vision.WithFit,
		"WithChannelNormalization": vision.WithChannelNormalization, "WithLabels": vision.WithLabels,
		"WithMaxMemory": vision.WithMaxMemory, "WithMaxPixels": vision.WithMaxPixels, "WithModel": vision.WithModel,
		"WithNormalization": vision.WithNormalization, "WithThreshold": vision.WithThreshold, "WithTopK": vision.WithTopK,
	}, vision.Labels(nil), vision.Normalization{}, (*vision.Input)(nil), &vision.Input{}, vision.Fit(-1), vision.Placement{}, vision.Box{}, &vision.Box{},
		vision.Filter(-1), vision.FrameFormat(-1), (*vision.Frame)(nil), &vision.Frame{},
		vision.Object{}, vision.Face{}, vision.ClassMap{}, vision.Region{}, (*vision.Gallery)(nil), &vision.Gallery{})
}
