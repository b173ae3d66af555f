package vision

import (
	"fmt"
	"math"
	"slices"

	"github.com/gocoral/coral/tflite"
)

// dflHead has classes, and the distances from the middle of a cell to the edges of a box,
// each as a distribution over whole numbers of cells (distribution focal loss).
type dflHead struct {
	parts []dflPart
	order dflOrder
}

// dflPart is an output with both, or a pair of outputs, for one or more grids of cells.
type dflPart struct {
	levels  []level
	rows    int
	outputs []int // one, boxes before classes; or two
	columns []int // of the outputs
}

// dflOrder is which of a pair has the boxes.
type dflOrder int

const (
	orderUnknown dflOrder = iota
	boxesFirst
	classesFirst
)

// pairOf finds two outputs for all grids together. A third one, with one column, is what
// some models have of each place's best score, and is not read.
func pairOf(order dflOrder) func(o headOutputs, asked bool) head {
	return func(o headOutputs, asked bool) head {
		if len(o.infos) < 2 || len(o.infos) > 3 || (order != orderUnknown && !asked) {
			return nil
		}
		part := dflPart{}
		for k, t := range o.infos {
			shape := grid(t.Shape)
			if _, ok := elements(shape); !ok || len(shape) != 2 || (k > 0 && shape[0] != part.rows) {
				return nil
			}
			part.rows = shape[0]
			part.outputs, part.columns = append(part.outputs, k), append(part.columns, shape[1])
		}
		part.dropThird()
		part.levels = o.levels(part.rows)
		if len(part.outputs) != 2 || part.levels == nil || !slices.Contains(part.columns, columnsOf16Bins) {
			return nil
		}
		return dflHead{[]dflPart{part}, order}
	}
}

// dropThird leaves two outputs of three, if one is of one column.
func (p *dflPart) dropThird() {
	if len(p.outputs) != 3 {
		return
	}
	for k, n := range slices.Backward(p.columns) {
		if n == 1 {
			p.outputs, p.columns = slices.Delete(p.outputs, k, k+1), slices.Delete(p.columns, k, k+1)
			return
		}
	}
}

// mapsOf finds outputs for each grid by itself, by the number of their cells: converters
// leave them in any order, and without names. Those of YOLO have 16 bins.
func mapsOf(of16 bool) func(o headOutputs, asked bool) head {
	return func(o headOutputs, _ bool) head {
		if len(o.infos) < 2 {
			return nil
		}
		var h dflHead
		for k, t := range o.infos {
			l, columns, ok := o.cellsOf(t.Shape)
			if !ok {
				return nil
			}
			h.add(l, k, columns)
		}
		if len(h.parts) < 2 || !h.alike() || h.has16() != of16 {
			return nil
		}
		return h
	}
}

// cellsOf tells which grid an output of shape [cells, columns] or [height, width, columns]
// is for.
func (o headOutputs) cellsOf(shape []int) (l level, columns int, ok bool) {
	if _, ok := elements(shape); !ok || len(shape) < 2 {
		return l, 0, false
	}
	columns = shape[len(shape)-1]
	cells := shape[:len(shape)-1]
	for len(cells) > 2 && cells[0] == 1 {
		cells = cells[1:]
	}
	n, _ := elements(cells)
	for _, stride := range []int{4, 8, 16, 32, 64, 128} {
		l = o.levelOf(stride)
		square := len(cells) == 2 && cells[0] == l.height && cells[1] == l.width
		if l.cells() == n && (square || len(cells) == 1 || cells[0] == 1) {
			return l, columns, true
		}
	}
	return l, 0, false
}

// add puts an output to those for the same grid.
func (h *dflHead) add(l level, output, columns int) {
	k := slices.IndexFunc(h.parts, func(p dflPart) bool { return p.levels[0] == l })
	if k < 0 {
		k = len(h.parts)
		h.parts = append(h.parts, dflPart{levels: []level{l}, rows: l.cells()})
	}
	p := &h.parts[k]
	p.outputs, p.columns = append(p.outputs, output), append(p.columns, columns)
}

// alike reports whether all grids have the same outputs, and puts these in the same order.
func (h *dflHead) alike() bool {
	for k, p := range h.parts {
		if len(p.outputs) == 2 && p.columns[0] > p.columns[1] {
			slices.Reverse(h.parts[k].outputs)
			slices.Reverse(h.parts[k].columns)
		}
	}
	first := h.parts[0].columns
	if len(first) > 2 || (len(first) == 1 && first[0] <= columnsOf16Bins) {
		return false
	}
	if len(first) == 2 && !isBins(first[0]) && !isBins(first[1]) {
		return false
	}
	return !slices.ContainsFunc(h.parts, func(p dflPart) bool {
		return !slices.Equal(first, p.columns)
	})
}

// isBins reports whether that many columns may be four distributions.
func isBins(columns int) bool { return columns%4 == 0 && columns >= 8 && columns <= 4*64 }

// has16 reports whether the distributions have 16 bins.
func (h *dflHead) has16() bool {
	return len(h.parts[0].columns) == 1 || slices.Contains(h.parts[0].columns, columnsOf16Bins)
}

// dflColumns are those of an output with boxes or with classes.
type dflColumns struct {
	*matrix
	output, from, end int
}

func (c dflColumns) count() int { return c.end - c.from }

func (h dflHead) read(values []tflite.Value, o headOutputs, threshold float32) (f found, err error) {
	boxes, classes := make([]dflColumns, len(h.parts)), make([]dflColumns, len(h.parts))
	for k, p := range h.parts {
		if boxes[k], classes[k], err = p.columnsOf(values); err != nil {
			return f, err
		}
	}
	turned, warning := h.turned(o, boxes, classes)
	if turned {
		boxes, classes = classes, boxes
	}
	f.warnings, f.classes, f.output = nonEmpty(warning), classes[0].count(), classes[0].output
	least, logits := threshold, slices.ContainsFunc(classes, dflColumns.beyondScores)
	if logits {
		least = logit(threshold)
	}
	for k, p := range h.parts {
		for _, peak := range classes[k].peaks(classes[k].from, classes[k].end, least) {
			score := peak.value
			if logits {
				score = sigmoid(score)
			}
			if score >= threshold {
				f.candidates = append(f.candidates, candidate{box: p.box(boxes[k], peak.row, o), score: score, class: peak.column - classes[k].from})
			}
		}
	}
	return f, nil
}

// columnsOf has the columns of boxes and classes, in the order of the outputs.
func (p dflPart) columnsOf(values []tflite.Value) (first, second dflColumns, err error) {
	k := p.outputs[0]
	m, err := matrixOf(values[k], p.rows, p.columns[0], false)
	if err != nil {
		return first, second, err
	}
	if len(p.outputs) == 1 {
		return dflColumns{m, k, 0, columnsOf16Bins}, dflColumns{m, k, columnsOf16Bins, p.columns[0]}, nil
	}
	l := p.outputs[1]
	n, err := matrixOf(values[l], p.rows, p.columns[1], false)
	return dflColumns{m, k, 0, p.columns[0]}, dflColumns{n, l, 0, p.columns[1]}, err
}

// turned reports whether the second ones are the boxes. What is certain goes first: the
// numbers of columns; then the names; then that scores are from 0 to 1, and that at most
// places there is nothing, so that the logits of classes are low.
func (h dflHead) turned(o headOutputs, first, second []dflColumns) (turned bool, warning string) {
	a, b := first[0].count(), second[0].count()
	switch {
	case first[0].output == second[0].output:
		return false, ""
	case isBins(a) != isBins(b):
		return isBins(b), ""
	case (a == columnsOf16Bins) != (b == columnsOf16Bins):
		return b == columnsOf16Bins, ""
	case h.order != orderUnknown:
		return h.order == classesFirst, ""
	case a != b && (o.labels == a || o.labels == b):
		return o.labels == a, ""
	}
	if turned, ok := o.boxesByName(first[0].output, second[0].output); ok {
		return turned, ""
	}
	firstLogits, secondLogits := slices.ContainsFunc(first, dflColumns.beyondScores), slices.ContainsFunc(second, dflColumns.beyondScores)
	if firstLogits != secondLogits {
		return secondLogits, ""
	}
	turned = first[0].mean() < second[0].mean()
	at := first[0].output
	if turned {
		at = second[0].output
	}
	return turned, fmt.Sprintf("boxes and classes have the same shapes: output %d is taken for the boxes, for its higher values; WithHead(%q) or WithHead(%q) tells",
		at, HeadYOLOv9BoxesFirst, HeadYOLOv9ClassesFirst)
}

// boxesByName reports whether the second of two outputs has the boxes, if a name says so.
func (o headOutputs) boxesByName(first, second int) (turned, ok bool) {
	boxes, classes := []string{"box", "reg", "dfl", "dist"}, []string{"cls", "class", "score", "logit", "conf"}
	yes := o.calls(second, boxes...) || o.calls(first, classes...)
	no := o.calls(first, boxes...) || o.calls(second, classes...)
	return yes, yes != no
}

// beyondScores reports whether the numbers are logits.
func (c dflColumns) beyondScores() bool { return c.matrix.beyondScores(c.from, c.end) }

func (c dflColumns) mean() float64 { return c.matrix.mean(c.from, c.end) }

// box is that of a row, in parts of the input.
func (p dflPart) box(c dflColumns, row int, o headOutputs) Box {
	cell := row
	for _, l := range p.levels {
		if cell >= l.cells() {
			cell -= l.cells()
			continue
		}
		x, y := float32(cell%l.width)+0.5, float32(cell/l.width)+0.5
		b := Box{x - c.distance(row, 0), y - c.distance(row, 1), x + c.distance(row, 2), y + c.distance(row, 3)}
		return b.Scale(float32(l.stride)/float32(o.width), float32(l.stride)/float32(o.height))
	}
	return Box{XMin: 1} // not valid
}

// distance is the mean of the distribution for a side: left, top, right, bottom.
func (c dflColumns) distance(row, side int) float32 {
	bins := c.count() / 4
	from := c.from + side*bins
	largest := c.at(row, from)
	for k := 1; k < bins; k++ {
		largest = max(largest, c.at(row, from+k))
	}
	var sum, weighted float64
	for k := range bins {
		e := math.Exp(float64(c.at(row, from+k) - largest))
		sum += e
		weighted += e * float64(k)
	}
	return float32(weighted / sum)
}

func sigmoid(x float32) float32 { return float32(logistic(float64(x))) }

// logit is below the number whose sigmoid is p, by a little: what is let through by that is
// looked at again.
func logit(p float32) float32 {
	const little = 1e-3
	switch {
	case !(p > 0):
		return float32(math.Inf(-1))
	case p >= 1:
		return 16 // the sigmoid of which is 1 in 32 bits, but for a step
	}
	return float32(math.Log(float64(p)/(1-float64(p)))) - little
}
