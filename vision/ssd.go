package vision

import (
	"math"
	"slices"

	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// ssdHead has the numbers of the outputs of TFLite_Detection_PostProcess.
type ssdHead struct{ boxes, classes, scores, count int }

// ssdOf finds which output is which. The operator in the model is certain; next are the
// names that the converter gives to a signature, as in pycoral. Without either the order is
// that of TensorFlow 1, of TensorFlow 2 or of the signature, and the place of the boxes
// tells which: these have four times as many elements as any other, also where there is
// one detection.
func ssdOf(o headOutputs, _ bool) head {
	if len(o.infos) != 4 {
		return nil
	}
	for _, h := range []ssdHead{ssdOfModel(o.model), ssdOfNames(o.names)} {
		if h.fits(o.infos) {
			return h
		}
	}
	for _, h := range []ssdHead{
		{boxes: 0, classes: 1, scores: 2, count: 3}, // TensorFlow 1
		{boxes: 1, classes: 3, scores: 0, count: 2}, // TensorFlow 2
		{boxes: 3, classes: 2, scores: 1, count: 0}, // in the order of the signature
	} {
		if h.fits(o.infos) {
			return h
		}
	}
	return nil
}

// fits reports whether the shapes are those of the head.
func (h ssdHead) fits(outputs []tflite.TensorInfo) bool {
	places := []int{h.boxes, h.classes, h.scores, h.count}
	slices.Sort(places)
	if !slices.Equal(places, []int{0, 1, 2, 3}) {
		return false
	}
	boxes := outputs[h.boxes].Shape
	n, ok := elements(outputs[h.scores].Shape)
	return ok && len(boxes) >= 2 && boxes[len(boxes)-1] == columnsOfBox &&
		has(boxes, 4*n) && has(outputs[h.classes].Shape, n) && has(outputs[h.count].Shape, 1)
}

func has(shape []int, n int) bool {
	all, ok := elements(shape)
	return ok && all == n
}

// postProcess is the operator of a model that ends in it.
func postProcess(m *model.Model) (op model.Operator, ok bool) {
	if m == nil || len(m.Subgraphs) == 0 {
		return op, false
	}
	ops := m.Subgraphs[0].Operators
	i := slices.IndexFunc(ops, func(op model.Operator) bool { return op.CustomCode == "TFLite_Detection_PostProcess" })
	if i < 0 {
		return op, false
	}
	return ops[i], true
}

// ssdOfModel goes by the operator, whose outputs are boxes, classes, scores and count.
func ssdOfModel(m *model.Model) (h ssdHead) {
	op, ok := postProcess(m)
	if !ok || len(op.Outputs) != 4 {
		return h
	}
	place := func(k int) int { return slices.Index(m.Subgraphs[0].Outputs, op.Outputs[k]) }
	return ssdHead{boxes: place(0), classes: place(1), scores: place(2), count: place(3)}
}

// ssdOfNames goes by the names in the signature of the converter of TensorFlow 2.
func ssdOfNames(names []string) ssdHead {
	place := func(name string) int { return slices.Index(names, name) }
	return ssdHead{boxes: place("output_3"), classes: place("output_2"), scores: place("output_1"), count: place("output_0")}
}

// read takes as many detections as the model counts, but no more than there are. Class
// numbers are rounded, as in libcoral.
func (h ssdHead) read(values []tflite.Value, o headOutputs, threshold float32) (found, error) {
	f := found{output: h.classes}
	if op, ok := postProcess(o.model); ok {
		if n, ok := op.CustomOption("num_classes"); ok && n >= 1 && n <= math.MaxInt32 {
			f.classes = int(n)
		}
	}
	var all [4][]float32
	for k, output := range []int{h.boxes, h.classes, h.scores, h.count} {
		numbers, err := reals(values[output])
		if err != nil {
			return f, err
		}
		all[k] = numbers
	}
	boxes, classes, scores := all[0], all[1], all[2]
	for k := range counted(all[3][0], len(scores)) {
		class := math.Round(float64(classes[k]))
		if !(scores[k] >= threshold) || !(class >= 0 && class <= math.MaxInt32) {
			continue
		}
		b := boxes[columnsOfBox*k:]
		f.candidates = append(f.candidates, candidate{box: Box{XMin: b[1], YMin: b[0], XMax: b[3], YMax: b[2]}, score: scores[k], class: int(class)})
	}
	return f, nil
}

// counted is how many of the detections count. A count that is none is 0.
func counted(count float32, there int) int {
	if !(count > 0) {
		return 0
	}
	return int(min(math.Round(float64(count)), float64(there)))
}
