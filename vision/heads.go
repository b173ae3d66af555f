package vision

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// The heads of detectors, see [WithHead].
const (
	HeadSSD                = "ssd"
	HeadYOLOv5             = "yolov5"
	HeadYOLOv8             = "yolov8"
	HeadYOLOv9             = "yolov9"
	HeadYOLOv9BoxesFirst   = "yolov9-boxes-first"
	HeadYOLOv9ClassesFirst = "yolov9-classes-first"
	HeadYOLOMaps           = "yolo-maps"
	HeadNanoDet            = "nanodet"
	HeadEndToEnd           = "end2end"
)

const (
	defaultIoU      = 0.45
	ultralyticsGrey = 114
)

// The numbers of columns that heads have.
const (
	columnsOfBox            = 4
	columnsOfBoxAndPresence = 5
	columnsEndToEnd         = 6
	columnsOf16Bins         = 4 * 16
)

// mostEndToEnd is how many rows a head has that leaves nothing twice.
const mostEndToEnd = 1000

// WithHead says how the outputs of a detector are to be read, where their shapes do not tell
// or tell wrong. N is the number of places, C that of classes.
//
//   - "ssd": the four outputs of TFLite_Detection_PostProcess. Which is which the operator in
//     the model's file tells, the names of its signature, or the place of the boxes: first in
//     TensorFlow 1, second in TensorFlow 2, last in the order of the signature;
//   - "yolov5": [1, N, 5+C], centre, width and height, presence of an object, classes; a
//     score is the product of the last two;
//   - "yolov8": [1, 4+C, N] or [1, N, 4+C], also of YOLO11; without the presence;
//   - "yolov9": logits of the classes [1, N, C] and distances to the edges as distributions
//     over 16 bins [1, N, 64], for the strides 8, 16 and 32, as Frigate has it on the Edge
//     TPU. With 64 classes names or values tell which is which; "yolov9-boxes-first" and
//     "yolov9-classes-first" do it by their order;
//   - "yolo-maps": the same for each stride by itself, [1, H, W, 64+C] or two outputs;
//   - "nanodet": the same with another number of bins, [N, C] and [N, 4×bins];
//   - "end2end": [1, N, 6], left, top, right, bottom, score and class, with nothing twice.
//
// The boxes of "yolov5", "yolov8" and "end2end" are in pixels of the input, or in parts of it
// if no number is above 2. Which of these an output is, the number of cells in the input
// tells, then that of the labels, or else 80, which is COCO's. The classes beside
// distributions are logits, or scores already if all are between 0 and 1.
//
// "" is the default: as the shapes tell. Other names give [ErrRange], outputs that are not
// those of the head [ErrModel].
func WithHead(name string) Option {
	return func(c *config) error {
		if name != "" && !slices.ContainsFunc(headKinds(), func(k headKind) bool { return k.name == name }) {
			return fmt.Errorf("head %q: it is one of %s: %w", name, strings.Join(headNames(), ", "), ErrRange)
		}
		c.detection.head = name
		c.results = append(c.results, "WithHead")
		return nil
	}
}

// headKind is one of the heads, with its defaults.
type headKind struct {
	name           string
	threshold, iou float32 // an iou of 0: nothing is there twice
	fit            Fit
	fill           uint8
	needs          string
	// of is how outputs of this kind are read, nil if they are none. If asked for by name,
	// the kind need not be the likeliest one.
	of func(o headOutputs, asked bool) head
}

// head reads the outputs of a detector.
type head interface {
	// read returns what has at least the score, with boxes in parts of the input.
	read(values []tflite.Value, o headOutputs, threshold float32) (found, error)
}

// headKinds has first what is tried first.
func headKinds() []headKind {
	const pair = "[1 N classes] and [1 N 64], N for the strides 8, 16, 32"
	return []headKind{
		{HeadSSD, 0.4, 0, Stretch, 0, "boxes [1 N 4], classes and scores [1 N] and a count [1]", ssdOf},
		{HeadEndToEnd, 0.25, 0, Letterbox, ultralyticsGrey, "[1 N 6]", singleOf(HeadEndToEnd)},
		{HeadYOLOv5, 0.25, defaultIoU, Letterbox, ultralyticsGrey, "[1 N 5+classes]", singleOf(HeadYOLOv5)},
		{HeadYOLOv8, 0.25, defaultIoU, Letterbox, ultralyticsGrey, "[1 4+classes N] or [1 N 4+classes]", singleOf(HeadYOLOv8)},
		{HeadYOLOv9, 0.4, 0.4, Letterbox, ultralyticsGrey, pair, pairOf(orderUnknown)},
		{HeadYOLOMaps, 0.25, defaultIoU, Letterbox, ultralyticsGrey, "for each stride [1 H W 64+classes], or [1 H W 64] and [1 H W classes]", mapsOf(true)},
		{HeadNanoDet, 0.35, 0.5, Stretch, 0, "for each stride [N classes] and [N 4×bins]", mapsOf(false)},
		{HeadYOLOv9BoxesFirst, 0.4, 0.4, Letterbox, ultralyticsGrey, pair, pairOf(boxesFirst)},
		{HeadYOLOv9ClassesFirst, 0.4, 0.4, Letterbox, ultralyticsGrey, pair, pairOf(classesFirst)},
	}
}

func headNames() (names []string) {
	for _, k := range headKinds() {
		names = append(names, k.name)
	}
	return names
}

// headOutputs are what tells a head: the outputs' shapes, and the input's size.
type headOutputs struct {
	infos         []tflite.TensorInfo
	names         []string
	width, height int
	model         *model.Model // nil: not known
	labels        int          // how many were given, 0 if none
}

// find tells which head the outputs are; name is that which was asked for, or "".
func (o headOutputs) find(name string) (headKind, head, error) {
	var needs []string
	for _, kind := range headKinds() {
		if name != "" && kind.name != name {
			continue
		}
		if h := kind.of(o, name != ""); h != nil {
			return kind, h, nil
		}
		needs = append(needs, fmt.Sprintf("%s: %s", kind.name, kind.needs))
	}
	if name == "" { // The last two are those of another one.
		needs = needs[:len(needs)-2]
	}
	return headKind{}, nil, fmt.Errorf("%w: for an input of %d×%d pixels its outputs are %s; a detector's are one of (%s)",
		ErrModel, o.width, o.height, o.shapes(), strings.Join(needs, "; "))
}

// shapes lists them.
func (o headOutputs) shapes() string {
	const most = 12
	var all []string
	for _, t := range o.infos[:min(len(o.infos), most)] {
		all = append(all, fmt.Sprintf("%v", t.Shape))
	}
	if len(o.infos) > most {
		all = append(all, "…")
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// open reports whether the shape of an output is known only after a run.
func (o headOutputs) open() bool {
	return slices.ContainsFunc(o.infos, func(t tflite.TensorInfo) bool { return t.Dynamic })
}

// calls reports whether the name of an output has one of the words in it.
func (o headOutputs) calls(output int, words ...string) bool {
	name := o.infos[output].Name
	if output < len(o.names) {
		name += " " + o.names[output]
	}
	name = strings.ToLower(name)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(name, w) })
}

// grid is the shape without the ones before, down to two dimensions.
func grid(shape []int) []int {
	for len(shape) > 2 && shape[0] == 1 {
		shape = shape[1:]
	}
	return shape
}

// level is a grid of cells over the input.
type level struct{ stride, width, height int }

func (l level) cells() int { return l.width * l.height }

// levelOf has a cell for each square of stride pixels, also where the input ends in one.
func (o headOutputs) levelOf(stride int) level {
	return level{stride, (o.width + stride - 1) / stride, (o.height + stride - 1) / stride}
}

// strideSets are those that detectors have together.
var strideSets = [][]int{{8, 16, 32}, {8, 16, 32, 64}, {4, 8, 16, 32}}

// levels are those that have n cells together, nil if none have.
func (o headOutputs) levels(n int) []level {
	for _, strides := range strideSets {
		var levels []level
		cells := 0
		for _, stride := range strides {
			levels = append(levels, o.levelOf(stride))
			cells += levels[len(levels)-1].cells()
		}
		if cells == n {
			return levels
		}
	}
	return nil
}
