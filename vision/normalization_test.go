package vision_test

import (
	"image/color"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

var (
	pictureShape = []int32{1, 8, 8, 3}
	floatPicture = port{typ: tflite.TypeFloat32, shape: pictureShape}
	floatScores  = port{typ: tflite.TypeFloat32, shape: []int32{1, 3}}
)

// bytePicture is an input of bytes that stand for the numbers from low to high.
func bytePicture(low, high float32) port {
	scale := (high - low) / 255
	return port{tflite.TypeUint8, pictureShape, nil, scale, int64(-low/scale + 0.5)}
}

func TestNormalizationOf(t *testing.T) {
	imageNet, deviations := []float32{123.675, 116.28, 103.53}, []float32{58.395, 57.12, 57.375}
	for name, c := range map[string]struct {
		file      []byte
		mean, std []float64
		source    vision.NormalizationSource
		warning   string
	}{
		"metadata": {
			identityModel(floatPicture, normalizationMetadata([]float32{0}, []float32{255}, "")),
			[]float64{0},
			[]float64{255},
			vision.FromMetadata, "",
		},
		"metadata for each channel": {
			identityModel(floatPicture, normalizationMetadata(imageNet, deviations, "")),
			[]float64{123.675, 116.28, 103.53},
			[]float64{58.395, 57.12, 57.375},
			vision.FromMetadata, "",
		},
		"metadata of a quantised model": {
			identityModel(bytePicture(-1, 1), normalizationMetadata([]float32{127.5}, []float32{127.5}, "")),
			[]float64{127.5},
			[]float64{127.5},
			vision.FromMetadata, "",
		},
		"metadata that do not fit well": {
			identityModel(bytePicture(0, 1), normalizationMetadata([]float32{127.5}, []float32{127.5}, "")),
			[]float64{127.5},
			[]float64{127.5},
			vision.FromMetadata, "the model's metadata ask for numbers from -1 to 1, its input holds 0 to 1: the metadata were taken",
		},
		"metadata that cannot be meant": {
			identityModel(bytePicture(-1, 1), normalizationMetadata([]float32{0}, []float32{1}, "")),
			[]float64{128},
			[]float64{128},
			vision.FromRange, "the model's metadata ask for numbers from 0 to 255, its input holds -0.996 to 1: the input's range was taken",
		},
		"metadata without a deviation": {
			identityModel(bytePicture(0, 1), normalizationMetadata([]float32{0}, []float32{0}, "")),
			[]float64{0},
			[]float64{255},
			vision.FromRange, "the model's metadata were not used: normalisation by standard deviation 0",
		},
		"metadata for two channels": {
			identityModel(bytePicture(0, 1), normalizationMetadata([]float32{0, 0}, []float32{255}, "")),
			[]float64{0},
			[]float64{255},
			vision.FromRange, "2 means and 1 standard deviations",
		},
		"damaged metadata": {
			identityModel(floatPicture, model.Metadata{Name: "TFLITE_METADATA", Data: []byte("M001 this is none")}),
			[]float64{128},
			[]float64{128},
			vision.FromNothing, "the model's metadata cannot be read",
		},
		"0 to 1":         {identityModel(bytePicture(0, 1)), []float64{0}, []float64{255}, vision.FromRange, ""},
		"0 to 0.98":      {identityModel(bytePicture(0, 0.98)), []float64{0}, []float64{255}, vision.FromRange, ""},
		"0 to 0.975":     {identityModel(bytePicture(0, 0.975)), []float64{0}, []float64{255}, vision.FromRange, ""},
		"0 to 0.95":      {identityModel(bytePicture(0, 0.95)), []float64{0}, []float64{255}, vision.FromRange, ""},
		"0.02 to 0.95":   {identityModel(bytePicture(0.02, 0.95)), []float64{0}, []float64{255}, vision.FromRange, ""},
		"0 to 0.6":       {identityModel(bytePicture(0, 0.6)), []float64{0}, []float64{255}, vision.FromRange, "numbers from 0 to 0.6, which is no usual normalisation: 0 to 1 was taken"},
		"-1 to 1":        {identityModel(bytePicture(-1, 1)), []float64{128}, []float64{128}, vision.FromRange, ""},
		"-0.93 to 0.96":  {identityModel(bytePicture(-0.93, 0.96)), []float64{128}, []float64{128}, vision.FromRange, ""},
		"0 to 255":       {identityModel(bytePicture(0, 255)), []float64{0}, []float64{1}, vision.FromRange, ""},
		"0 to 243":       {identityModel(bytePicture(0, 243)), []float64{0}, []float64{1}, vision.FromRange, ""},
		"-128 to 127":    {identityModel(bytePicture(-128, 127)), []float64{128}, []float64{1}, vision.FromRange, ""},
		"-2.1 to 2.6":    {identityModel(bytePicture(-2.1, 2.6)), []float64{128}, []float64{128}, vision.FromRange, "no usual normalisation: -1 to 0.992 was taken"},
		"no scale":       {identityModel(port{typ: tflite.TypeUint8, shape: pictureShape}), []float64{0}, []float64{1}, vision.FromRange, ""},
		"no scale, int8": {identityModel(port{typ: tflite.TypeInt8, shape: pictureShape}), []float64{128}, []float64{1}, vision.FromRange, ""},
		"float":          {meanModel(floatPicture, floatScores), []float64{128}, []float64{128}, vision.FromNothing, "the model does not say which numbers its float input wants: -1 to 1 was taken"},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := vision.NormalizationOf(parsed(t, c.file), 0)
			require.NoError(t, err)
			assert.Equal(t, c.mean, n.Mean)
			assert.Equal(t, c.std, n.Std)
			assert.Equal(t, c.source, n.Source)
			if c.warning == "" {
				assert.Empty(t, n.Warning)
			}
			assert.Contains(t, n.Warning, c.warning)
		})
	}
}

// step is an operator with one constant, which may stand first.
type step struct {
	op       string
	constant []float32
	reversed bool
}

// beginningWith is a model that computes with a float input before its mean is taken.
func beginningWith(steps ...step) []byte {
	var g graph
	picture := g.tensor("picture", floatPicture)
	at := picture
	for _, s := range steps {
		inputs := []int{at, g.floats(s.constant...)}
		if s.reversed {
			inputs[0], inputs[1] = inputs[1], inputs[0]
		}
		at = g.do(s.op, g.tensor("step", floatPicture), inputs...)
	}
	scores := g.do("MEAN", g.tensor("scores", floatScores), at, g.ints(1, 2))
	return g.file([]int{picture}, []int{scores})
}

// quantizing is a model that turns its float input into bytes from low to high.
func quantizing(low, high float32) []byte {
	var g graph
	picture := g.tensor("picture", floatPicture)
	bytes := g.do("QUANTIZE", g.tensor("bytes", bytePicture(low, high)), picture)
	scores := g.do("MEAN", g.tensor("scores", port{typ: tflite.TypeUint8, shape: []int32{1, 3}, scale: (high - low) / 255, zero: bytePicture(low, high).zero}), bytes, g.ints(1, 2))
	return g.file([]int{picture}, []int{scores})
}

// quantizingSigned is one that turns its float input into int8 with a scale and a zero point.
func quantizingSigned(scale float32, zero int64) []byte {
	var g graph
	picture := g.tensor("picture", floatPicture)
	bytes := g.do("QUANTIZE", g.tensor("bytes", port{typ: tflite.TypeInt8, shape: pictureShape, scale: scale, zero: zero}), picture)
	scores := g.do("MEAN", g.tensor("scores", port{typ: tflite.TypeInt8, shape: []int32{1, 3}, scale: scale, zero: zero}), bytes, g.ints(1, 2))
	return g.file([]int{picture}, []int{scores})
}

// halfConstant multiplies by a constant of 16 bits, which another operator widens.
func halfConstant(factor float32) []byte {
	var g graph
	picture := g.tensor("picture", floatPicture)
	half := g.tensor("half", port{typ: tflite.TypeFloat16, shape: []int32{}})
	bits := tflite.NewFloat16(factor)
	g.Tensors[half].Data = []byte{byte(bits), byte(bits >> 8)}
	wide := g.do("DEQUANTIZE", g.tensor("wide", port{typ: tflite.TypeFloat32, shape: []int32{}}), half)
	scaled := g.do("MUL", g.tensor("scaled", floatPicture), picture, wide)
	scores := g.do("MEAN", g.tensor("scores", floatScores), scaled, g.ints(1, 2))
	return g.file([]int{picture}, []int{scores})
}

// usedTwice scales its input for one output, and puts it out as it is, too.
func usedTwice() []byte {
	var g graph
	picture := g.tensor("picture", floatPicture)
	scaled := g.do("MUL", g.tensor("scaled", floatPicture), picture, g.floats(1./255))
	scores := g.do("MEAN", g.tensor("scores", floatScores), scaled, g.ints(1, 2))
	others := g.do("MEAN", g.tensor("others", floatScores), picture, g.ints(1, 2))
	return g.file([]int{picture}, []int{scores, others})
}

// Models often begin with what turns pixels into the numbers they were trained on.
func TestNormalizationOfGraph(t *testing.T) {
	one := func(x float32) []float32 { return []float32{x} }
	for name, c := range map[string]struct {
		file      []byte
		mean, std float64
	}{
		"Rescaling(1/255)":                  {beginningWith(step{op: "MUL", constant: one(1. / 255)}), 0, 1},
		"Rescaling(1/255), constant first":  {beginningWith(step{"MUL", one(1. / 255), true}), 0, 1},
		"Rescaling(1/127.5, -1)":            {beginningWith(step{op: "MUL", constant: one(1 / 127.5)}, step{op: "ADD", constant: one(-1)}), 0, 1},
		"Rescaling(1/127.5, -1) with SUB":   {beginningWith(step{op: "MUL", constant: one(1 / 127.5)}, step{op: "SUB", constant: one(1)}), 0, 1},
		"x/255":                             {beginningWith(step{op: "DIV", constant: one(255)}), 0, 1},
		"(x-127.5)/127.5":                   {beginningWith(step{op: "SUB", constant: one(127.5)}, step{op: "DIV", constant: one(127.5)}), 0, 1},
		"Normalization of ImageNet":         {beginningWith(step{op: "SUB", constant: []float32{123.675, 116.28, 103.53}}, step{op: "MUL", constant: []float32{1 / 58.395, 1 / 57.12, 1 / 57.375}}), 0, 1},
		"EfficientNet":                      {beginningWith(step{op: "MUL", constant: one(1. / 255)}, step{op: "SUB", constant: []float32{0.485, 0.456, 0.406}}, step{op: "DIV", constant: []float32{0.229, 0.224, 0.225}}), 0, 1},
		"only the mean":                     {beginningWith(step{op: "SUB", constant: []float32{123.68, 116.78, 103.94}}), 0, 1},
		"1 - x/255":                         {beginningWith(step{op: "MUL", constant: one(1. / 255)}, step{"SUB", one(1), true}), 0, 1},
		"0 to 1 made -1 to 1":               {beginningWith(step{op: "MUL", constant: one(2)}, step{op: "SUB", constant: one(1)}), 0, 255},
		"0 to 1, Normalization of ImageNet": {beginningWith(step{op: "SUB", constant: []float32{0.485, 0.456, 0.406}}, step{op: "DIV", constant: []float32{0.229, 0.224, 0.225}}), 0, 255},
		"-1 to 1 made 0 to 1":               {beginningWith(step{op: "MUL", constant: one(0.5)}, step{op: "ADD", constant: one(0.5)}), 127.5, 127.5},
		"quantised from 0 to 255":           {quantizing(0, 255), 0, 1},
		"quantised from 0 to 1":             {quantizing(0, 1), 0, 255},
		"quantised from -1 to 1":            {quantizing(-1, 1), 128, 128},
		"quantised from 0 to 0.96":          {quantizing(0, 0.96), 0, 255},
		"quantised to int8 from 0 to 255":   {quantizingSigned(1, -128), 0, 1}, // MLPerf Tiny's visual_wake_words
		"quantised to int8 from -1 to 1":    {quantizingSigned(1./128, 0), 128, 128},
		"a constant of 16 bits":             {halfConstant(1. / 255), 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := vision.NormalizationOf(parsed(t, c.file), 0)
			require.NoError(t, err)
			assert.Equal(t, vision.Normalization{Mean: []float64{c.mean}, Std: []float64{c.std}, Source: vision.FromGraph}, n)
			open(t, c.file) // the runtime takes it for a model, too
		})
	}
	for name, file := range map[string][]byte{
		"a factor of 1000": beginningWith(step{op: "MUL", constant: one(1000)}),
		"a shift of 3":     beginningWith(step{op: "ADD", constant: one(3)}),
		"by 0":             beginningWith(step{op: "DIV", constant: one(0)}),
		"1/x":              beginningWith(step{"DIV", one(1), true}),
		"used twice":       usedTwice(),
	} {
		t.Run(name, func(t *testing.T) {
			n, err := vision.NormalizationOf(parsed(t, file), 0)
			require.NoError(t, err)
			assert.Equal(t, vision.FromNothing, n.Source)
			assert.NotEmpty(t, n.Warning)
		})
	}
}

// Operators that fit several normalisations, or none that is usual, give a guess.
func TestNormalizationOfGraphUnsure(t *testing.T) {
	one := func(x float32) []float32 { return []float32{x} }
	for name, file := range map[string][]byte{
		"batch normalisation from -1 to 1": beginningWith(step{op: "MUL", constant: one(2)}, step{op: "ADD", constant: one(0)}),
		"with a shift":                     beginningWith(step{op: "MUL", constant: one(1.8)}, step{op: "ADD", constant: one(-0.1)}),
		"nothing at all":                   beginningWith(step{op: "MUL", constant: one(1)}),
	} {
		t.Run(name, func(t *testing.T) {
			n, err := vision.NormalizationOf(parsed(t, file), 0)
			require.NoError(t, err)
			assert.Equal(t, vision.FromGraph, n.Source)
			assert.Contains(t, n.Warning, "do not say for sure which numbers it wants: 0 to 1 was taken")
		})
	}
}

func TestNormalizationOfErrors(t *testing.T) {
	m := parsed(t, identityModel(floatPicture))
	_, err := vision.NormalizationOf(nil, 0)
	require.ErrorIs(t, err, vision.ErrModel)
	for _, input := range []int{-1, 1} {
		_, err = vision.NormalizationOf(m, input)
		require.ErrorIs(t, err, vision.ErrRange)
		assert.ErrorContains(t, err, "of a model with 1")
	}
	_, err = vision.NormalizationOf(parsed(t, identityModel(port{typ: tflite.TypeFloat32, shape: []int32{1, 784}})), 0)
	require.ErrorIs(t, err, vision.ErrModel)
	_, err = vision.NormalizationOf(parsed(t, identityModel(port{typ: tflite.TypeInt64, shape: pictureShape})), 0)
	require.ErrorIs(t, err, vision.ErrType)
	_, err = vision.NormalizationOf(&model.Model{}, 0)
	require.ErrorIs(t, err, vision.ErrRange)
}

func TestNormalizationString(t *testing.T) {
	n := vision.Normalization{Mean: []float64{127.5}, Std: []float64{127.5}, Source: vision.FromMetadata}
	assert.Equal(t, "(p - 127.5) / 127.5, from the model's metadata", n.String())
	n = vision.Normalization{Mean: []float64{123.675, 116.28, 103.53}, Std: []float64{1}}
	assert.Equal(t, "(p - [123.675 116.28 103.53]) / 1", n.String())
	assert.NotPanics(t, func() { _ = vision.Normalization{}.String() })
}

// An option comes before the metadata, those before the range and the graph.
func TestNormalizationOrder(t *testing.T) {
	orange := plain(color.RGBA{200, 100, 50, 255})
	zeroToOne := normalizationMetadata([]float32{0}, []float32{255}, "")
	byteScores := port{typ: tflite.TypeUint8, shape: []int32{1, 3}, scale: 1. / 255}
	for name, c := range map[string]struct {
		file    []byte
		opts    []vision.Option
		source  vision.NormalizationSource
		scores  []float64
		warning bool
	}{
		"metadata":      {meanModel(floatPicture, floatScores, zeroToOne), nil, vision.FromMetadata, []float64{0.7843, 0.3922, 0.1961}, false},
		"an option":     {meanModel(floatPicture, floatScores, zeroToOne), []vision.Option{vision.WithNormalization(100, 100)}, vision.FromOption, []float64{1, 0, -0.5}, false},
		"channels":      {meanModel(floatPicture, floatScores), []vision.Option{vision.WithChannelNormalization([]float64{0, 100, 0}, []float64{100, 1, 50})}, vision.FromOption, []float64{2, 0, 1}, false},
		"means only":    {meanModel(floatPicture, floatScores), []vision.Option{vision.WithChannelNormalization([]float64{0, 100, 50}, []float64{100})}, vision.FromOption, []float64{2, 0, 0}, false},
		"the graph":     {beginningWith(step{op: "MUL", constant: []float32{1. / 255}}), nil, vision.FromGraph, []float64{0.7843, 0.3922, 0.1961}, false},
		"a guess":       {meanModel(floatPicture, floatScores), nil, vision.FromNothing, []float64{0.5625, -0.21875, -0.609375}, true},
		"a short range": {meanModel(bytePicture(0, 0.95), port{typ: tflite.TypeUint8, shape: []int32{1, 3}, scale: 0.95 / 255}), nil, vision.FromRange, []float64{0.7843, 0.3912, 0.1975}, false},
		"the range":     {meanModel(bytePicture(0, 1), byteScores), nil, vision.FromRange, []float64{0.7843, 0.3922, 0.1961}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vision.Classify(t.Context(), open(t, c.file), orange, c.opts...)
			require.NoError(t, err)
			assert.Equal(t, c.source, got.Normalization.Source)
			for _, class := range got.Classes {
				assert.InDelta(t, c.scores[class.ID], class.Score, 0.004)
			}
			assert.Equal(t, c.warning, len(got.Warnings) > 0, got.Warnings)
		})
	}
}

// SetInput knows the tensor only, unless it is given the model.
func TestSetInputWithModel(t *testing.T) {
	file := beginningWith(step{op: "MUL", constant: []float32{1. / 255}})
	in := inputOf(t, file)
	got := make([]float32, in.Elements())
	for name, c := range map[string]struct {
		opts []vision.Option
		want float32
	}{
		"alone":          {nil, 1},
		"with the model": {[]vision.Option{vision.WithModel(parsed(t, file))}, 256},
		"with nil":       {[]vision.Option{vision.WithModel(nil), nil}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, vision.SetInput(in, plain(white), c.opts...))
			require.NoError(t, tflite.Read(in, got))
			assert.InDelta(t, c.want, got[0], 1.01)
			assert.Equal(t, c.want > 2, got[0] > 2)
		})
	}
}

func TestChannelNormalizationErrors(t *testing.T) {
	in := inputOf(t, identityModel(port{typ: tflite.TypeFloat32, shape: []int32{1, 8, 8, 1}}))
	for name, o := range map[string]vision.Option{
		"three for grey": vision.WithChannelNormalization([]float64{1, 2, 3}, []float64{1}),
		"none":           vision.WithChannelNormalization(nil, nil),
		"two":            vision.WithChannelNormalization([]float64{1}, []float64{1, 2}),
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, vision.SetInput(in, plain(white), o), vision.ErrSize)
		})
	}
}

// Options for results have no place at an input.
func TestSetInputRefusesOptionsForResults(t *testing.T) {
	in := inputOf(t, identityModel(floatPicture))
	for name, o := range map[string]vision.Option{
		"WithTopK": vision.WithTopK(1), "WithThreshold": vision.WithThreshold(1), "WithLabels": vision.WithLabels(nil),
	} {
		err := vision.SetInput(in, plain(white), o)
		require.ErrorIs(t, err, vision.ErrOption)
		assert.ErrorContains(t, err, name)
	}
}
