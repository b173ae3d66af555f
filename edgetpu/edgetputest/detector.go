package edgetputest

import (
	"encoding/binary"

	"github.com/gocoral/coral/internal/schema"
	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
)

// The picture of the detector is a grid of squares.
const (
	squares    = 4 // in each direction
	squareSide = 4 // pixels
	channels   = 3
)

// The detector gives this many detections of this many classes.
const (
	detections = 4
	classes    = 3
)

// Detector returns a small detection model, an SSD made as those for the Edge TPU are: a
// quantised network that ends in TFLite_Detection_PostProcess, which [Compile] leaves on
// the CPU. It is for tests of programs that run such models.
//
// The input is a uint8 picture of shape [1,16,16,3]. Each square of 4×4 pixels in it is
// an anchor: an object of class 0, 1 or 2 where it is red, green or blue, with a score of
// more than 0.9 for the pure colour and less than 0.1 for black, white and grey. The box
// is the square, moved towards its brighter side.
//
// The four outputs are float32: the boxes [1,4,4] as top, left, bottom, right from 0 to 1,
// best first, the classes [1,4], the scores [1,4] and the number of detections [1]. As in
// files of the converter they have no shape; the runtime finds it when it allocates the
// tensors.
func Detector() []byte {
	d := &detector{}
	picture := d.tensor("picture", model.Uint8, []int{1, squares * squareSide, squares * squareSide, channels}, quantised(1.0/128, 128))
	boxes := d.head("box", picture, boxWeights)
	logits := d.head("class", picture, classWeights)
	scores := d.tensor("scores", model.Uint8, []int{1, squares * squares, 1 + classes}, quantised(1.0/256, 0))
	d.op(schema.OpLogistic, "", []int{logits}, []int{scores})
	outputs := d.postProcess(boxes, scores)
	return tflitewriter.Model(&model.Model{
		Version: 3, Description: "a detector of colours, made by edgetputest",
		Subgraphs: []model.Subgraph{{Name: "main", Tensors: d.tensors, Operators: d.operators, Inputs: []int{picture}, Outputs: outputs}},
	}, detectorOptions)
}

// detector is the graph under construction.
type detector struct {
	tensors   []model.Tensor
	operators []model.Operator
}

// tensor adds a tensor and returns its index.
func (d *detector) tensor(name string, typ model.TensorType, shape []int, q model.Quantization) int {
	d.tensors = append(d.tensors, model.Tensor{Name: name, Type: typ, Shape: shape, HasRank: true, Quantization: q})
	return len(d.tensors) - 1
}

func (d *detector) constant(name string, typ model.TensorType, shape []int, q model.Quantization, content []byte) int {
	t := d.tensor(name, typ, shape, q)
	d.tensors[t].Data = content
	return t
}

func (d *detector) op(code int, custom string, inputs, outputs []int) {
	d.operators = append(d.operators, model.Operator{BuiltinCode: code, CustomCode: custom, Version: 1, Inputs: inputs, Outputs: outputs})
}

func quantised(scale float32, zeroPoint int) model.Quantization {
	return model.Quantization{Scales: []float32{scale}, ZeroPoints: []int{zeroPoint}}
}

// weights are those of one value of a head: what each pixel of a square adds to it, in
// parts of weightUnit, and what is added whatever the picture.
type weights struct {
	pixel func(row, column, channel int) int
	bias  int
}

const weightUnit = 64

// boxWeights are top and left, which follow the brighter half of the square, and height
// and width, which stay the anchor's.
var boxWeights = []weights{
	{pixel: func(row, _, _ int) int { return towards(row) }},
	{pixel: func(_, column, _ int) int { return towards(column) }},
	{pixel: nothing},
	{pixel: nothing},
}

// classWeights are those of the background and of the colours: the own channel for them,
// the others against them, which is 8 for a pure colour and 0 for grey.
var classWeights = []weights{{pixel: nothing}, colour(0), colour(1), colour(2)}

func nothing(_, _, _ int) int { return 0 }

func towards(position int) int {
	if position < squareSide/2 {
		return -8
	}
	return 8
}

func colour(own int) weights {
	return weights{bias: -4, pixel: func(_, _, channel int) int {
		if channel == own {
			return 16
		}
		return -8
	}}
}

// head adds a convolution over the squares, and returns its result as a list of them.
func (d *detector) head(name string, picture int, values []weights) (list int) {
	const zeroPoint = 128
	var kernel, bias []byte
	for _, w := range values {
		for row := range squareSide {
			for column := range squareSide {
				for channel := range channels {
					kernel = append(kernel, byte(zeroPoint+w.pixel(row, column, channel)))
				}
			}
		}
		bias = binary.LittleEndian.AppendUint32(bias, uint32(w.bias*weightUnit*128))
	}
	result := quantised(1.0/16, zeroPoint)
	grid := d.tensor(name+"_grid", model.Uint8, []int{1, squares, squares, len(values)}, result)
	d.op(schema.OpConv2D, "", []int{
		picture,
		d.constant(name+"_kernel", model.Uint8, []int{len(values), squareSide, squareSide, channels}, quantised(1.0/weightUnit, zeroPoint), kernel),
		d.constant(name+"_bias", model.Int32, []int{len(values)}, quantised(1.0/weightUnit/128, 0), bias),
	}, []int{grid})
	list = d.tensor(name, model.Uint8, []int{1, squares * squares, len(values)}, result)
	d.op(schema.OpReshape, "", []int{grid}, []int{list})
	return list
}

// postProcess adds the operator that stays on the CPU, and returns its outputs.
func (d *detector) postProcess(boxes, scores int) (outputs []int) {
	var centres []byte // and sizes: y, x, height and width of each square, in halves of one
	for row := range squares {
		for column := range squares {
			centres = append(centres, byte(2*row+1), byte(2*column+1), 2, 2)
		}
	}
	anchors := d.constant("anchors", model.Uint8, []int{squares * squares, 4}, quantised(1.0/(2*squares), 0), centres)
	const name = "TFLite_Detection_PostProcess"
	for _, suffix := range []string{"", ":1", ":2", ":3"} {
		outputs = append(outputs, d.tensor(name+suffix, model.Float32, nil, model.Quantization{}))
		d.tensors[outputs[len(outputs)-1]].HasRank = false
	}
	d.op(schema.OpCustom, name, []int{boxes, scores, anchors}, outputs)
	d.operators[len(d.operators)-1].CustomOptions = tflitewriter.FlexMap(4,
		tflitewriter.Entry{Key: "max_detections", Value: detections},
		tflitewriter.Entry{Key: "max_classes_per_detection", Value: 1},
		tflitewriter.Entry{Key: "num_classes", Value: classes},
		tflitewriter.Entry{Key: "nms_score_threshold", Value: float32(1e-8)},
		tflitewriter.Entry{Key: "nms_iou_threshold", Value: float32(0.6)},
		tflitewriter.Entry{Key: "y_scale", Value: float32(10)},
		tflitewriter.Entry{Key: "x_scale", Value: float32(10)},
		tflitewriter.Entry{Key: "h_scale", Value: float32(5)},
		tflitewriter.Entry{Key: "w_scale", Value: float32(5)},
	)
	return outputs
}

// detectorOptions writes Conv2DOptions and ReshapeOptions of the schema.
func detectorOptions(b tflitewriter.Builder, op model.Operator) (union int8, table tflitewriter.Offset) {
	switch op.BuiltinCode {
	case schema.OpConv2D:
		const valid = 1 // padding
		return 1, b.Table(b.Int8(0, valid), b.Int32(1, squareSide), b.Int32(2, squareSide))
	case schema.OpReshape:
		shape := b.Ints([]int{1, squares * squares, -1})
		return 17, b.Table(b.Ref(0, shape))
	}
	return 0, 0
}
