package vision_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// floats is an output of real numbers.
func floats(shape []int, numbers ...float32) tflite.Value {
	return tflite.Value{TensorInfo: tflite.TensorInfo{Name: "out", Type: tflite.TypeFloat32, Shape: shape}, Data: numbers}
}

// ssd is what TFLite_Detection_PostProcess puts out, for a count: in the order of TensorFlow
// 1, which is boxes, classes, scores, count.
func ssd(count float32, objects ...vision.Object) []tflite.Value {
	n := len(objects)
	boxes, classes, scores := []float32{}, []float32{}, []float32{}
	for _, o := range objects {
		boxes = append(boxes, o.Box.YMin, o.Box.XMin, o.Box.YMax, o.Box.XMax)
		classes, scores = append(classes, float32(o.ID)), append(scores, o.Score)
	}
	return []tflite.Value{floats([]int{1, n, 4}, boxes...), floats([]int{1, n}, classes...), floats([]int{1, n}, scores...), floats([]int{1}, count)}
}

// in puts outputs into another order.
func in(values []tflite.Value, order ...int) (out []tflite.Value) {
	for _, k := range order {
		out = append(out, values[k])
	}
	return out
}

func decoded(t *testing.T, r vision.Result, opts ...vision.Option) vision.Detections {
	t.Helper()
	d, err := vision.DecodeDetections(r, opts...)
	require.NoError(t, err)
	return d
}

// The outputs of an SSD are told apart in all orders that there are, also for one detection,
// where pycoral takes TensorFlow 2's for TensorFlow 1's.
func TestSSDOrders(t *testing.T) {
	for _, n := range []int{1, 2, 4, 10} {
		var want []vision.Object
		for k := range n {
			x := float32(k * 8)
			want = append(want, vision.Object{ID: 2 * k, Label: fmt.Sprint(2 * k), Score: 0.95 - float32(k)/20, Box: vision.Box{XMin: x, YMin: 10, XMax: x + 20, YMax: 60}})
		}
		var inputs []vision.Object
		for _, o := range want {
			o.Box = o.Box.Scale(1./100, 1./80)
			inputs = append(inputs, o)
		}
		values := ssd(float32(n), inputs...)
		for name, r := range map[string]vision.Result{
			"TensorFlow 1":            {Outputs: values},
			"TensorFlow 2":            {Outputs: in(values, 2, 0, 3, 1)},
			"signature":               {Outputs: in(values, 3, 2, 1, 0)},
			"signature, by its names": {Outputs: in(values, 1, 3, 0, 2), Names: []string{"output_2", "output_0", "output_3", "output_1"}},
			"without the batch":       {Outputs: []tflite.Value{floats([]int{n, 4}, values[0].Data.([]float32)...), floats([]int{n}, values[1].Data.([]float32)...), floats([]int{n}, values[2].Data.([]float32)...), floats([]int{}, float32(n))}},
		} {
			t.Run(fmt.Sprintf("%d, %s", n, name), func(t *testing.T) {
				r.Placement = filling(100, 80)
				got := decoded(t, r)
				assert.Equal(t, vision.HeadSSD, got.Head)
				assertObjects(t, want, got.Objects)
			})
		}
	}

	// Names do not help here, but the operator in the model does.
	values := in(ssd(1, vision.Object{ID: 2, Score: 0.5, Box: vision.Box{XMax: 1, YMax: 1}}), 1, 2, 0, 3)
	_, err := vision.DecodeDetections(vision.Result{Outputs: values, Placement: filling(8, 8)})
	require.ErrorIs(t, err, vision.ErrModel)
	m := parsed(t, edgetputest.Detector())
	m.Subgraphs[0].Outputs = in4(m.Subgraphs[0].Outputs, 1, 2, 0, 3)
	got := decoded(t, vision.Result{Outputs: values, Placement: filling(8, 8)}, vision.WithModel(m))
	require.Len(t, got.Objects, 1)
	assert.Equal(t, 2, got.Objects[0].ID)
}

func in4(from []int, order ...int) (out []int) {
	for _, k := range order {
		out = append(out, from[k])
	}
	return out
}

func TestSSDCount(t *testing.T) {
	box := vision.Box{XMax: 0.5, YMax: 0.5}
	values := func(count float32) []tflite.Value {
		return ssd(count, vision.Object{Score: 0.5, Box: box}, vision.Object{ID: 1, Score: 0.9, Box: box}, vision.Object{ID: 2, Score: 0.7, Box: box})
	}
	for name, c := range map[string]struct {
		count float32
		ids   []int
	}{
		"all, sorted": {3, []int{1, 2, 0}}, "two of them": {2, []int{1, 0}}, "none": {0, []int{}}, "a fraction": {1.7, []int{1, 0}},
		"negative": {-3, []int{}}, "no number": {nan, []int{}}, "too many": {400, []int{1, 2, 0}}, "endless": {inf, []int{1, 2, 0}}, "-endless": {-inf, []int{}},
	} {
		t.Run(name, func(t *testing.T) {
			ids := []int{}
			for _, o := range decoded(t, vision.Result{Outputs: values(c.count), Placement: filling(8, 8)}).Objects {
				ids = append(ids, o.ID)
			}
			assert.Equal(t, c.ids, ids)
		})
	}
}

// Numbers of classes are rounded, equal scores have the higher class first, and boxes end
// where the picture does.
func TestSSDValues(t *testing.T) {
	values := ssd(4, vision.Object{Score: 0.5, Box: vision.Box{XMin: -0.5, YMin: 0.2, XMax: 2, YMax: 0.4}},
		vision.Object{ID: 3, Score: 0.5, Box: vision.Box{XMax: 1, YMax: 1}}, vision.Object{Score: 1.004, Box: vision.Box{XMax: 1, YMax: 1}},
		vision.Object{Score: 0.9, Box: vision.Box{XMin: 1.5, XMax: 2, YMax: 1}})
	values[1].Data.([]float32)[0] = 1.9999
	got := decoded(t, vision.Result{Outputs: values, Placement: filling(10, 10)}).Objects
	require.Len(t, got, 3, "one is not in the picture")
	assert.Equal(t, vision.Object{ID: 0, Label: "0", Score: 1, Box: vision.Box{XMax: 10, YMax: 10}}, got[0])
	assert.Equal(t, 3, got[1].ID)
	assert.Equal(t, 2, got[2].ID)
	assertBox(t, vision.Box{XMin: 0, YMin: 2, XMax: 10, YMax: 4}, got[2].Box, 1e-5)
}

// The class of a head without a suppression to do is a number, too, and rounded. What is
// there twice stays, unless the option says otherwise.
func TestEndToEndValues(t *testing.T) {
	rows := floats([]int{1, 3, 6}, 1, 2, 30, 40, 0.9, 2.9999, 1, 2, 30, 40, 0.8, 3, 1, 2, 30, 40, 0.7, -1)
	r := vision.Result{Outputs: []tflite.Value{rows}, Placement: filling(64, 64)}
	got := decoded(t, r).Objects
	require.Len(t, got, 2)
	assert.Equal(t, vision.Object{ID: 3, Label: "3", Score: 0.9, Box: vision.Box{XMin: 1, YMin: 2, XMax: 30, YMax: 40}}, got[0])
	assert.Equal(t, 3, got[1].ID)
	assert.Len(t, decoded(t, r, vision.WithIoU(0.5)).Objects, 1)
}

// A part of a picture, letterboxed: boxes are those of the picture.
func TestDetectionsPlacement(t *testing.T) {
	p := vision.Placement{Crop: image.Rect(100, 50, 300, 150), Width: 100, Height: 100, Area: image.Rect(0, 25, 100, 75)}
	values := ssd(2, vision.Object{Score: 0.9, Box: vision.Box{XMin: 0.25, YMin: 0.5, XMax: 0.5, YMax: 0.75}}, vision.Object{ID: 1, Score: 0.8, Box: vision.Box{XMax: 1, YMax: 1}})
	got := decoded(t, vision.Result{Outputs: values, Placement: p}).Objects
	require.Len(t, got, 2)
	assertBox(t, vision.Box{XMin: 150, YMin: 100, XMax: 200, YMax: 150}, got[0].Box, 1e-3)
	assertBox(t, vision.Box{XMin: 100, YMin: 50, XMax: 300, YMax: 150}, got[1].Box, 1e-3)
}

// yolov8 is a head of centred boxes in parts of the input, one column each, the scores of
// two classes below.
func yolov8(columns ...[6]float32) tflite.Value {
	const cells = 84 // of 64 by 64 pixels
	numbers := make([]float32, 6*cells)
	for k, c := range columns {
		for row, x := range c {
			numbers[row*cells+k] = x
		}
	}
	return floats([]int{1, 6, cells}, numbers...)
}

func TestDetectionOptions(t *testing.T) {
	r := vision.Result{Placement: filling(64, 64), Outputs: []tflite.Value{yolov8(
		[6]float32{0.5, 0.5, 0.5, 0.5, 0.9, 0.1}, [6]float32{0.5, 0.55, 0.5, 0.5, 0.8, 0.1}, [6]float32{0.5, 0.55, 0.5, 0.5, 0.1, 0.7},
		[6]float32{0.5, 0.75, 0.5, 0.5, 0.3, 0}, [6]float32{0.1, 0.1, 0.1, 0.1, 0.2, 0.24},
	)}}
	scores := func(opts ...vision.Option) (all []float32) {
		d := decoded(t, r, opts...)
		assert.Equal(t, vision.HeadYOLOv8, d.Head)
		for _, o := range d.Objects {
			all = append(all, o.Score)
		}
		return all
	}
	assert.Equal(t, []float32{0.9, 0.7, 0.3}, scores(), "the second is the first, the third is of another class")
	assert.Equal(t, []float32{0.9, 0.7, 0.3, 0.24}, scores(vision.WithThreshold(0.24)))
	assert.Equal(t, []float32{0.9, 0.7}, scores(vision.WithThreshold(0.6)))
	assert.Equal(t, []float32{0.9}, scores(vision.WithTopK(1)))
	assert.Empty(t, scores(vision.WithTopK(0)))
	assert.Equal(t, []float32{0.9, 0.8, 0.7, 0.3}, scores(vision.WithIoU(0.9)))
	assert.Equal(t, []float32{0.9, 0.7}, scores(vision.WithIoU(0.3)), "a third of the union is shared")

	for _, option := range []vision.Option{vision.WithIoU(nan), vision.WithIoU(-0.1), vision.WithIoU(1.1), vision.WithHead("yolo"), vision.WithTiles(-1, 0), vision.WithTiles(0, nanf), vision.WithTiles(0, 1)} {
		_, err := vision.DecodeDetections(r, option)
		require.ErrorIs(t, err, vision.ErrRange)
		t.Log(err)
	}
	for _, option := range []vision.Option{vision.WithIoU(0.5), vision.WithHead("ssd"), vision.WithTiles(0, 0), vision.WithLabelOffset(1)} {
		assert.ErrorIs(t, vision.SetInput(inputOf(t, colours()), plain(red), option), vision.ErrOption)
	}
}

var nanf = math.NaN()

// Where an output fits several heads, that is said, or the labels or the option tell.
func TestHeadAmbiguous(t *testing.T) {
	rows := func(n, columns int) vision.Result {
		return vision.Result{Placement: filling(100, 100), Outputs: []tflite.Value{floats([]int{1, n, columns}, make([]float32, n*columns)...)}}
	}
	labels := func(n int) vision.Option {
		l := vision.Labels{}
		for k := range n {
			l[k] = fmt.Sprint(k)
		}
		return vision.WithLabels(l)
	}
	for name, c := range map[string]struct {
		r       vision.Result
		opts    []vision.Option
		head    string
		warning string
	}{
		"80 classes and the presence": {rows(1000, 85), nil, vision.HeadYOLOv5, ""},
		"80 classes":                  {rows(1000, 84), nil, vision.HeadYOLOv8, ""},
		"13 numbers":                  {rows(1000, 13), nil, vision.HeadYOLOv5, "the output of 1000×13 numbers may be YOLOv5's with 8 classes or YOLOv8's with 9"},
		"13 numbers, 9 labels":        {rows(1000, 13), []vision.Option{labels(9)}, vision.HeadYOLOv8, ""},
		"13 numbers, 8 labels":        {rows(1000, 13), []vision.Option{labels(8)}, vision.HeadYOLOv5, ""},
		"asked for":                   {rows(1000, 13), []vision.Option{vision.WithHead(vision.HeadYOLOv8)}, vision.HeadYOLOv8, ""},
		"few places":                  {rows(3, 85), nil, vision.HeadYOLOv5, ""},
		"few places, asked for":       {rows(3, 10), []vision.Option{vision.WithHead(vision.HeadYOLOv5)}, vision.HeadYOLOv5, ""},
		"columns first":               {rows(10, 999), nil, vision.HeadYOLOv8, ""},
		"one class":                   {rows(1000, 5), nil, vision.HeadYOLOv8, ""},
		"end to end":                  {rows(300, 6), nil, vision.HeadEndToEnd, ""},
		"end to end, asked otherwise": {rows(300, 6), []vision.Option{vision.WithHead(vision.HeadYOLOv5)}, vision.HeadYOLOv5, ""},
		"the cells are 100 pixels'":   {rows(234, 6), nil, vision.HeadYOLOv8, ""},
		"three times these":           {rows(702, 13), nil, vision.HeadYOLOv5, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := decoded(t, c.r, c.opts...)
			assert.Equal(t, c.head, got.Head)
			if c.warning == "" {
				assert.Empty(t, got.Warnings)
				return
			}
			require.Len(t, got.Warnings, 1)
			assert.Contains(t, got.Warnings[0], c.warning)
		})
	}
}

// dflPair is the two outputs for 84 cells of 64 by 64 pixels, with an object in cell 9, whose
// middle is at (12, 12): a box of [4 4 28 28] of the last class.
func dflPair(classes, bins int) (boxes, logits tflite.Value) {
	const cells, at = 84, 9
	b, c := make([]float32, cells*4*bins), make([]float32, cells*classes)
	for k := range c {
		c[k] = -6
	}
	c[at*classes+classes-1] = 3
	for side, distance := range []int{1, 1, 2, 2} {
		b[(at*4+side)*bins+distance] = 100
	}
	return floats([]int{1, cells, 4 * bins}, b...), floats([]int{1, cells, classes}, c...)
}

// With 64 classes the two outputs of YOLOv9 have the same shape.
func TestYOLOv9WithSixtyFourClasses(t *testing.T) {
	boxes, logits := dflPair(64, 16)
	assertFound := func(d vision.Detections) {
		t.Helper()
		require.Len(t, d.Objects, 1)
		assert.Equal(t, 63, d.Objects[0].ID)
		assertBox(t, vision.Box{XMin: 4, YMin: 4, XMax: 28, YMax: 28}, d.Objects[0].Box, 1e-3)
		assert.InDelta(t, 1/(1+math.Exp(-3)), d.Objects[0].Score, 1e-6)
	}
	for _, order := range [][]tflite.Value{{boxes, logits}, {logits, boxes}} {
		got := decoded(t, vision.Result{Outputs: order, Placement: filling(64, 64)})
		assertFound(got)
		require.Len(t, got.Warnings, 1)
		assert.Contains(t, got.Warnings[0], `WithHead("yolov9-boxes-first")`)
	}
	got := decoded(t, vision.Result{Outputs: []tflite.Value{logits, boxes}, Names: []string{"cls", "reg"}, Placement: filling(64, 64)})
	assertFound(got)
	assert.Empty(t, got.Warnings)

	for head, order := range map[string][]tflite.Value{vision.HeadYOLOv9BoxesFirst: {boxes, logits}, vision.HeadYOLOv9ClassesFirst: {logits, boxes}} {
		got := decoded(t, vision.Result{Outputs: order, Placement: filling(64, 64)}, vision.WithHead(head))
		assertFound(got)
		assert.Equal(t, head, got.Head)
		assert.Empty(t, got.Warnings)
		slices.Reverse(order)
		d, err := vision.DecodeDetections(vision.Result{Outputs: order, Placement: filling(64, 64)}, vision.WithHead(head))
		require.NoError(t, err)
		assert.NotEqual(t, got.Objects, d.Objects, "it is as asked, though wrong")
	}
}

// NanoDet's 80 classes and 44 columns of boxes are both multiples of four.
func TestNanoDetOf80Classes(t *testing.T) {
	boxes, scores := dflPair(80, 11)
	c := scores.Data.([]float32)
	for k, x := range c {
		c[k] = float32(1 / (1 + math.Exp(-float64(x))))
	}
	part := func(v tflite.Value, columns, from, end int) tflite.Value {
		return floats([]int{end - from, columns}, v.Data.([]float32)[from*columns:end*columns]...)
	}
	var outputs []tflite.Value
	for _, at := range [][2]int{{64, 80}, {0, 64}, {80, 84}} {
		outputs = append(outputs, part(scores, 80, at[0], at[1]), part(boxes, 44, at[0], at[1]))
	}
	got := decoded(t, vision.Result{Outputs: in(outputs, 3, 0, 4, 5, 2, 1), Placement: filling(64, 64)})
	assert.Equal(t, vision.HeadNanoDet, got.Head)
	require.Len(t, got.Objects, 1)
	assert.Equal(t, 79, got.Objects[0].ID)
	assertBox(t, vision.Box{XMin: 4, YMin: 4, XMax: 28, YMax: 28}, got.Objects[0].Box, 1e-3)
	assert.InDelta(t, 0.952574, got.Objects[0].Score, 1e-5)
}

func TestDetectionLabels(t *testing.T) {
	values := ssd(1, vision.Object{ID: 1, Score: 0.9, Box: vision.Box{XMax: 1, YMax: 1}})
	m := parsed(t, edgetputest.Detector()) // of three classes
	for name, c := range map[string]struct {
		labels  vision.Labels
		opts    []vision.Option
		label   string
		warning string
	}{
		"as many":              {vision.Labels{0: "red", 1: "green", 2: "blue"}, nil, "green", ""},
		"one for the rest":     {vision.Labels{0: "background", 1: "red", 2: "green", 3: "blue"}, nil, "green", `there are 4 labels for the model's 3 classes: the first, "background", is taken for the background, and class 0 is label 1, "red"`},
		"from 1":               {vision.Labels{1: "red", 2: "green", 3: "blue"}, nil, "green", "there are 3 labels for the model's 3 classes, and they count from 1"},
		"from 1, with a gap":   {vision.Labels{1: "red", 3: "blue"}, nil, "1", "there are 2 labels for the model's 3 classes, and they count from 1"},
		"too few":              {vision.Labels{0: "red"}, nil, "1", "there are 1 labels for the model's 3 classes"},
		"one too few":          {vision.Labels{0: "red", 1: "green"}, nil, "green", `there are 2 labels for the model's 3 classes: if the model's first class is one for "background"`},
		"too many":             {vision.Labels{0: "red", 1: "green", 2: "blue", 3: "x", 4: "y"}, nil, "green", "there are 5 labels for the model's 3 classes"},
		"offset 0":             {vision.Labels{0: "background", 1: "red", 2: "green", 3: "blue"}, []vision.Option{vision.WithLabelOffset(0)}, "red", ""},
		"offset -1":            {vision.Labels{0: "red", 1: "green"}, []vision.Option{vision.WithLabelOffset(-1)}, "red", "there are 2 labels for the model's 3 classes: with an offset of -1, 1 of these have none"},
		"offset 2":             {vision.Labels{2: "red", 3: "green", 4: "blue"}, []vision.Option{vision.WithLabelOffset(2)}, "green", ""},
		"of an unknown model":  {vision.Labels{0: "???", 1: "red", 2: "green"}, []vision.Option{vision.WithModel(nil)}, "green", `there are 3 labels: the first, "???", is taken for the background`},
		"of an unknown model,": {vision.Labels{0: "red", 1: "green"}, []vision.Option{vision.WithModel(nil)}, "green", ""},
		"none":                 {vision.Labels{}, nil, "1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			opts := append([]vision.Option{vision.WithModel(m), vision.WithLabels(c.labels)}, c.opts...)
			got := decoded(t, vision.Result{Outputs: values, Placement: filling(8, 8)}, opts...)
			require.Len(t, got.Objects, 1)
			assert.Equal(t, c.label, got.Objects[0].Label)
			if c.warning == "" {
				assert.Empty(t, got.Warnings)
				return
			}
			require.Len(t, got.Warnings, 1)
			assert.Contains(t, got.Warnings[0], c.warning)
		})
	}
}

// What no model should put out is an error, or nothing is found.
func TestHostileDetections(t *testing.T) {
	bad := func(shape []int, data any) tflite.Value {
		return tflite.Value{TensorInfo: tflite.TensorInfo{Name: "out", Type: tflite.TypeInt8, Shape: shape, Quantization: tflite.Quantization{Scale: 1}}, Data: data}
	}
	scaled := func(scale float32) tflite.Value {
		v := bad([]int{1, 6, 84}, make([]int8, 6*84))
		v.Quantization.Scale = scale
		return v
	}
	all := func(shape []int, x float32) tflite.Value {
		n := 1
		for _, d := range shape {
			n *= d
		}
		return floats(shape, slices.Repeat([]float32{x}, n)...)
	}
	ssdOf := func(change func(values []tflite.Value)) []tflite.Value {
		values := ssd(2, vision.Object{Score: 0.9, Box: vision.Box{XMax: 1, YMax: 1}}, vision.Object{Score: 0.8, Box: vision.Box{XMax: 1, YMax: 1}})
		change(values)
		return values
	}
	perChannel := scaled(1)
	perChannel.Quantization.Scales, perChannel.Quantization.ZeroPoints, perChannel.Quantization.Dimension = []float32{1, 2}, []int{0}, 7
	for name, outputs := range map[string][]tflite.Value{
		"nothing":                     nil,
		"no data":                     {{}},
		"no shape":                    {floats(nil, 1)},
		"nil data":                    {bad([]int{1, 6, 84}, nil)},
		"data of another type":        {bad([]int{1, 6, 84}, []string{"x"})},
		"too little":                  {bad([]int{1, 6, 84}, make([]int8, 6))},
		"too much":                    {bad([]int{1, 6, 84}, make([]int8, 6000))},
		"floats, too few":             {floats([]int{1, 6, 84}, 1, 2, 3)},
		"negative":                    {floats([]int{1, -6, -84}, make([]float32, 6*84)...)},
		"huge":                        {floats([]int{1, math.MaxInt, math.MaxInt}, 1)},
		"zero":                        {floats([]int{1, 0, 84})},
		"zero rows":                   {floats([]int{0, 6})},
		"scale 0":                     {scaled(0)},
		"scale NaN":                   {scaled(nan)},
		"scale below 0":               {scaled(-1)},
		"scale inf":                   {scaled(inf)},
		"scale per nothing":           {perChannel},
		"NaN, yolov8":                 {all([]int{1, 6, 84}, nan)},
		"inf, yolov8":                 {all([]int{1, 6, 84}, inf)},
		"-inf, yolov5":                {all([]int{1, 252, 7}, -inf)},
		"inf, yolov5":                 {all([]int{1, 252, 7}, inf)},
		"inf, end2end":                {all([]int{1, 300, 6}, inf)},
		"NaN, end2end":                {all([]int{1, 300, 6}, nan)},
		"-1, end2end":                 {all([]int{1, 300, 6}, -1)},
		"inf, yolov9":                 {all([]int{1, 84, 64}, inf), all([]int{1, 84, 5}, inf)},
		"-inf, yolov9":                {all([]int{1, 84, 64}, -inf), all([]int{1, 84, 5}, 9)},
		"NaN, yolov9":                 {all([]int{1, 84, 64}, nan), all([]int{1, 84, 5}, 9)},
		"yolov9 of other cells":       {all([]int{1, 86, 64}, 1), all([]int{1, 86, 5}, 9)},
		"yolov9, two lengths":         {all([]int{1, 84, 64}, 1), all([]int{1, 21, 5}, 9)},
		"yolov9, third too long":      {all([]int{1, 84, 64}, 1), all([]int{1, 84, 5}, 9), all([]int{1, 84, 2}, 9)},
		"maps of one stride":          {all([]int{1, 8, 8, 64}, 1), all([]int{1, 8, 8, 5}, 1)},
		"maps that differ":            {all([]int{1, 8, 8, 70}, 1), all([]int{1, 4, 4, 71}, 1)},
		"maps without classes":        {all([]int{1, 8, 8, 64}, 1), all([]int{1, 4, 4, 64}, 1)},
		"maps of no stride":           {all([]int{1, 9, 8, 70}, 1), all([]int{1, 4, 4, 70}, 1)},
		"ssd, NaN":                    ssdOf(func(v []tflite.Value) { v[2].Data = []float32{nan, nan} }),
		"ssd, boxes NaN":              ssdOf(func(v []tflite.Value) { v[0].Data = slices.Repeat([]float32{nan}, 8) }),
		"ssd, boxes inf":              ssdOf(func(v []tflite.Value) { v[0].Data = slices.Repeat([]float32{inf}, 8) }),
		"ssd, boxes turned inside":    ssdOf(func(v []tflite.Value) { v[0].Data = []float32{1, 1, 0, 0, 1, 1, 0, 0} }),
		"ssd, scores inf":             ssdOf(func(v []tflite.Value) { v[2].Data = []float32{inf, inf} }),
		"ssd, classes NaN":            ssdOf(func(v []tflite.Value) { v[1].Data = []float32{nan, -7} }),
		"ssd, classes huge":           ssdOf(func(v []tflite.Value) { v[1].Data = []float32{inf, 1e30} }),
		"ssd, no count":               ssdOf(func(v []tflite.Value) { v[3].Data = []float32{} }),
		"ssd, no boxes":               ssdOf(func(v []tflite.Value) { v[0].Data = []float32{} }),
		"ssd, nil":                    ssdOf(func(v []tflite.Value) { v[1].Data = nil }),
		"ssd, words":                  ssdOf(func(v []tflite.Value) { v[1].Data = []string{"cat", "dog"} }),
		"ssd, empty":                  {floats([]int{1, 0, 4}), floats([]int{1, 0}), floats([]int{1, 0}), floats([]int{1}, 5)},
		"ssd, shapes of another":      ssdOf(func(v []tflite.Value) { v[0].Shape = []int{1, 2, 5} }),
		"ssd, sizes do not go":        ssdOf(func(v []tflite.Value) { v[1].Shape = []int{1, 3} }),
		"ssd, overflowing":            ssdOf(func(v []tflite.Value) { v[0].Shape = []int{math.MaxInt/2 + 1, 4} }),
		"ssd, four of the same thing": {floats([]int{1}, 1), floats([]int{1}, 1), floats([]int{1}, 1), floats([]int{1}, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			for _, head := range append([]string{""}, heads...) {
				var got vision.Detections
				var err error
				require.NotPanics(t, func() {
					got, err = vision.DecodeDetections(vision.Result{Outputs: outputs, Placement: filling(64, 64)}, vision.WithHead(head))
				}, head)
				if err == nil {
					assert.Empty(t, got.Objects, head)
				} else if head == "" {
					t.Log(err)
				}
			}
		})
	}
	good := vision.Result{Outputs: []tflite.Value{all([]int{1, 6, 84}, 0.5)}}
	for name, p := range map[string]vision.Placement{
		"none": {}, "no area": {Crop: image.Rect(0, 0, 9, 9), Width: 64, Height: 64}, "no picture": {Area: image.Rect(0, 0, 9, 9), Width: 64, Height: 64},
		"huge": {Crop: image.Rect(0, 0, 9, 9), Area: image.Rect(0, 0, 9, 9), Width: math.MaxInt, Height: math.MaxInt},
	} {
		t.Run("placement, "+name, func(t *testing.T) {
			good.Placement = p
			_, err := vision.DecodeDetections(good)
			require.ErrorIs(t, err, vision.ErrSize)
		})
	}
}

var heads = []string{
	vision.HeadSSD, vision.HeadYOLOv5, vision.HeadYOLOv8, vision.HeadYOLOv9, vision.HeadYOLOv9BoxesFirst,
	vision.HeadYOLOv9ClassesFirst, vision.HeadYOLOMaps, vision.HeadNanoDet, vision.HeadEndToEnd,
}

// An output in which everything is an object, of one class and nothing twice, is compared
// with itself only so far.
func TestEverythingIsAnObject(t *testing.T) {
	const cells = 8400
	numbers := make([]float32, 5*cells)
	for k := range cells {
		numbers[k], numbers[cells+k] = float32(k%100)*6.4, float32(k/100)*7
		numbers[2*cells+k], numbers[3*cells+k] = 6, 6
		numbers[4*cells+k] = 0.5 + float32(k)/100000
	}
	got := decoded(t, vision.Result{Outputs: []tflite.Value{floats([]int{1, 5, cells}, numbers...)}, Placement: filling(640, 640)})
	assert.Len(t, got.Objects, 4096)
	assert.InDelta(t, 0.5+8399./100000, got.Objects[0].Score, 1e-5)
}

// The detector of edgetputest finds squares of colour, in one form as in the other.
func TestDetect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "detector.tflite")
	compiled, err := edgetputest.Compile(edgetputest.Detector())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, edgetputest.Detector(), 0o600))
	require.NoError(t, os.WriteFile(path[:len(path)-len(".tflite")]+"_edgetpu.tflite", compiled, 0o600))
	labels := vision.Labels{0: "red", 1: "green", 2: "blue"}
	detect := func(t *testing.T, s *coral.Session) vision.Detections {
		got, err := vision.Detect(t.Context(), s, squares(), vision.WithLabels(labels), vision.WithNormalization(128, 128))
		require.NoError(t, err)
		return got
	}
	cpu, err := coral.Open(path, coral.WithPolicy(coral.CPUOnly), coral.WithXNNPACK(tflite.XNNPACKOff))
	require.NoError(t, err)
	defer cpu.Close()
	want := detect(t, cpu)
	require.Len(t, want.Objects, 3)
	assert.Empty(t, want.Warnings)
	assert.Equal(t, vision.HeadSSD, want.Head)
	assert.Equal(t, image.Rect(0, 0, 160, 80), want.Placement.Crop)
	assert.Positive(t, want.Timing.Preprocess)
	assert.Positive(t, want.Timing.Invoke)
	assert.Positive(t, want.Timing.Decode)
	for label, at := range map[string]image.Rectangle{"red": image.Rect(0, 0, 40, 20), "green": image.Rect(40, 40, 80, 60), "blue": image.Rect(120, 60, 160, 80)} {
		k := slices.IndexFunc(want.Objects, func(o vision.Object) bool { return o.Label == label })
		require.GreaterOrEqual(t, k, 0, label)
		o := want.Objects[k]
		assert.Greater(t, o.Score, float32(0.9))
		box := vision.Box{XMin: float32(at.Min.X), YMin: float32(at.Min.Y), XMax: float32(at.Max.X), YMax: float32(at.Max.Y)}
		assert.Greater(t, o.Box.IoU(box), float32(0.6), "%v, want %v", o.Box, box)
	}

	edgetputest.New(t, edgetputest.USB("2-1"))
	tpu, err := coral.Open(path, coral.WithXNNPACK(tflite.XNNPACKOff), coral.WithIsolation(coral.InProcess))
	require.NoError(t, err)
	defer tpu.Close()
	require.True(t, tpu.Device().IsTPU(), tpu.Reason())
	got := detect(t, tpu)
	assert.Equal(t, want.Objects, got.Objects)
	assert.Equal(t, want.Warnings, got.Warnings, "the number of classes is known here too")
}

// squares is a picture with a red, a green and a blue square of the detector's grid.
func squares() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 160, 80))
	draw.Draw(img, img.Rect, image.Black, image.Point{}, draw.Src)
	for c, at := range map[color.RGBA]image.Rectangle{
		{R: 255, A: 255}: image.Rect(0, 0, 40, 20), {G: 255, A: 255}: image.Rect(40, 40, 80, 60), {B: 255, A: 255}: image.Rect(120, 60, 160, 80),
	} {
		draw.Draw(img, at, image.NewUniform(c), image.Point{}, draw.Src)
	}
	return img
}

// pictureHead is a model of one RESHAPE: its input is a grey picture of 64 by 42 pixels, and
// its output the same bytes as a head of YOLOv8 with four classes.
func pictureHead(typ tflite.Type, zero int64) []byte {
	var g graph
	p := port{typ: typ, shape: []int32{1, 42, 64, 1}, scale: 1. / 255, zero: zero}
	picture := g.tensor("picture", p)
	p.shape = []int32{1, 8, 336}
	return g.file([]int{picture}, []int{g.do("RESHAPE", g.tensor("head", p), picture, g.ints(p.shape...))})
}

// A head goes from the picture through a session: an object whose numbers are pixels.
func TestDetectHead(t *testing.T) {
	const columns = 336
	img := image.NewGray(image.Rect(0, 0, 64, 42))
	for row, v := range []uint8{102, 204, 51, 51, 1, 0, 230, 3} { // centre 0.4, 0.8; size 0.2; class 2
		img.Pix[row*columns+17] = v
	}
	for name, file := range map[string][]byte{"uint8": pictureHead(tflite.TypeUint8, 0), "int8": pictureHead(tflite.TypeInt8, -128)} {
		t.Run(name, func(t *testing.T) {
			got, err := vision.Detect(t.Context(), open(t, file), img)
			require.NoError(t, err)
			assert.Equal(t, vision.HeadYOLOv8, got.Head)
			require.Len(t, got.Objects, 1)
			assert.Equal(t, 2, got.Objects[0].ID)
			assert.InDelta(t, 230./255, got.Objects[0].Score, 1e-6)
			assertBox(t, vision.Box{XMin: 0.3 * 64, YMin: 0.7 * 42, XMax: 0.5 * 64, YMax: 0.9 * 42}, got.Objects[0].Box, 1e-3)
		})
	}
}

// Ultralytics' heads see a letterboxed picture, with grey around it unless told otherwise.
func TestDetectFit(t *testing.T) {
	s := open(t, pictureHead(tflite.TypeUint8, 0))
	img := image.NewGray(image.Rect(0, 0, 64, 21))
	draw.Draw(img, img.Rect, image.NewUniform(color.Gray{Y: 51}), image.Point{}, draw.Src)
	got, err := vision.Detect(t.Context(), s, img, vision.WithThreshold(0.4))
	require.NoError(t, err)
	assert.Equal(t, image.Rect(0, 10, 64, 31), got.Placement.Area)
	require.NotEmpty(t, got.Objects, "the grey is seen as objects of a score of 114/255")
	assert.InDelta(t, 114./255, got.Objects[0].Score, 1e-6)

	got, err = vision.Detect(t.Context(), s, img, vision.WithThreshold(0.4), vision.WithFill(0))
	require.NoError(t, err)
	assert.Empty(t, got.Objects)
	got, err = vision.Detect(t.Context(), s, img, vision.WithFit(vision.Stretch))
	require.NoError(t, err)
	assert.Equal(t, image.Rect(0, 0, 64, 42), got.Placement.Area)
}

// A model for another task is told before it runs.
func TestDetectOtherModels(t *testing.T) {
	picture := port{typ: tflite.TypeUint8, shape: []int32{1, 8, 8, 3}, scale: 1. / 255}
	for name, c := range map[string]struct {
		file []byte
		opts []vision.Option
		want string
	}{
		"a classifier":    {colours(), nil, "for an input of 8×8 pixels its outputs are [1 3]; a detector's are one of (ssd: boxes [1 N 4]"},
		"two pictures":    {portsModel([]port{picture, picture}, []port{picture}), nil, "it has 2 inputs"},
		"a vector":        {portsModel([]port{{typ: tflite.TypeUint8, shape: []int32{1, 192}}}, []port{{typ: tflite.TypeUint8, shape: []int32{1, 192}}}), nil, "[1 192]"},
		"asked otherwise": {pictureHead(tflite.TypeUint8, 0), []vision.Option{vision.WithHead(vision.HeadSSD)}, "its outputs are [1 8 336]; a detector's are one of (ssd: boxes"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, c.file)
			_, err := vision.Detect(t.Context(), s, plain(red), c.opts...)
			require.ErrorIs(t, err, vision.ErrModel)
			assert.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
	_, err := vision.Detect(t.Context(), nil, plain(red))
	require.ErrorIs(t, err, coral.ErrClosed)
}

// The time is that of decoding, and what a run measured stays.
func TestDetectionsTiming(t *testing.T) {
	r := vision.Result{Outputs: ssd(0, vision.Object{}), Placement: filling(8, 8), Preprocess: time.Second, Invoke: time.Minute, Warnings: []string{"w"}}
	got := decoded(t, r, vision.WithModel(&model.Model{}))
	assert.Equal(t, time.Second, got.Timing.Preprocess)
	assert.Equal(t, time.Minute, got.Timing.Invoke)
	assert.Positive(t, got.Timing.Decode)
	assert.Equal(t, []string{"w"}, got.Warnings)
	assert.NotNil(t, got.Objects)
}
