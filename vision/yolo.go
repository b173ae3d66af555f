package vision

import (
	"fmt"

	"github.com/gocoral/coral/tflite"
)

// rowsHead is one output with a row for each place in the picture.
type rowsHead struct {
	kind          string
	rows, columns int
	turned        bool // the columns come first
	warning       string
}

// singleOf finds heads of one output.
func singleOf(kind string) func(o headOutputs, asked bool) head {
	return func(o headOutputs, asked bool) head {
		if len(o.infos) != 1 {
			return nil
		}
		shape := grid(o.infos[0].Shape)
		if _, ok := elements(shape); !ok || len(shape) != 2 {
			return nil
		}
		h := o.rowsHead(shape[0], shape[1])
		if asked {
			h = o.rowsHeadOf(kind, shape[0], shape[1])
		}
		if h.kind != kind || h.columns < leastColumns[kind] || (kind == HeadEndToEnd && h.columns != columnsEndToEnd) {
			return nil
		}
		return h
	}
}

// leastColumns are those of one class.
var leastColumns = map[string]int{HeadEndToEnd: columnsEndToEnd, HeadYOLOv5: columnsOfBoxAndPresence + 1, HeadYOLOv8: columnsOfBox + 1}

// isCells reports whether YOLOv8 has n places in the input, one in each cell.
func (o headOutputs) isCells(n int) bool { return n > 0 && o.levels(n) != nil }

// isAnchors reports whether YOLOv5 has, which has three in each cell.
func (o headOutputs) isAnchors(n int) bool { return n%3 == 0 && o.isCells(n/3) }

// rowsHead is what an output of a×b most likely is.
func (o headOutputs) rowsHead(a, b int) rowsHead {
	switch {
	case o.isAnchors(a):
		return rowsHead{kind: HeadYOLOv5, rows: a, columns: b}
	case o.isCells(b):
		return rowsHead{kind: HeadYOLOv8, rows: b, columns: a, turned: true}
	case o.isCells(a):
		return rowsHead{kind: HeadYOLOv8, rows: a, columns: b}
	case b == columnsEndToEnd && a <= mostEndToEnd:
		return rowsHead{kind: HeadEndToEnd, rows: a, columns: b}
	case o.isAnchors(b):
		return rowsHead{kind: HeadYOLOv5, rows: b, columns: a, turned: true}
	}
	return o.guessed(a, b)
}

// coco is the number of classes that most detectors have.
const coco = 80

// guessed is for an output whose sides do not fit the input.
func (o headOutputs) guessed(a, b int) rowsHead {
	classes := o.labels
	if classes == 0 {
		classes = coco
	}
	switch {
	case a == columnsOfBox+classes:
		return rowsHead{kind: HeadYOLOv8, rows: b, columns: a, turned: true}
	case b == columnsOfBoxAndPresence+classes:
		return rowsHead{kind: HeadYOLOv5, rows: a, columns: b}
	case b == columnsOfBox+classes, b == columnsOfBox+1:
		return rowsHead{kind: HeadYOLOv8, rows: a, columns: b}
	case a > columnsOfBox && b > a:
		return rowsHead{kind: HeadYOLOv8, rows: b, columns: a, turned: true}
	}
	return rowsHead{kind: HeadYOLOv5, rows: a, columns: b, warning: fmt.Sprintf(
		"the output of %d×%d numbers may be YOLOv5's with %d classes or YOLOv8's with %d: taken for the former; WithHead tells",
		a, b, b-columnsOfBoxAndPresence, b-columnsOfBox)}
}

// rowsHeadOf is an output of a×b as the kind that was asked for. Only which side has the
// columns is open.
func (o headOutputs) rowsHeadOf(kind string, a, b int) rowsHead {
	turned := false
	switch kind {
	case HeadYOLOv5:
		turned = o.isAnchors(b) && !o.isAnchors(a)
	case HeadYOLOv8:
		likely := o.rowsHead(a, b)
		turned = likely.kind == kind && likely.turned
	}
	if turned {
		return rowsHead{kind: kind, rows: b, columns: a, turned: true}
	}
	return rowsHead{kind: kind, rows: a, columns: b}
}

func (h rowsHead) read(values []tflite.Value, o headOutputs, threshold float32) (found, error) {
	f := found{warnings: nonEmpty(h.warning)}
	m, err := matrixOf(values[0], h.rows, h.columns, h.turned)
	if err != nil {
		return f, err
	}
	in := &rowsInput{matrix: m, sx: 1, sy: 1}
	// Ultralytics' exporter for TensorFlow Lite divides by the input's size, others do not.
	if m.largest(0, columnsOfBox) > 2 {
		in.sx, in.sy = 1/float32(o.width), 1/float32(o.height)
	}
	switch h.kind {
	case HeadEndToEnd:
		f.candidates = in.endToEnd(threshold)
	case HeadYOLOv5:
		f.classes, f.candidates = h.columns-columnsOfBoxAndPresence, in.withPresence(threshold)
	default:
		f.classes, f.candidates = h.columns-columnsOfBox, in.centred(threshold)
	}
	return f, nil
}

// rowsInput is the output with what makes its coordinates parts of the input.
type rowsInput struct {
	*matrix
	sx, sy float32
}

// centred reads centre, size, classes.
func (in *rowsInput) centred(threshold float32) (all []candidate) {
	for _, p := range in.peaks(columnsOfBox, in.columns, threshold) {
		all = append(all, candidate{box: in.centredBox(p.row), score: p.value, class: p.column - columnsOfBox})
	}
	return all
}

// withPresence reads centre, size, presence, classes. As in YOLOv5 the presence alone has to
// be as sure as the whole.
func (in *rowsInput) withPresence(threshold float32) (all []candidate) {
	const first = columnsOfBoxAndPresence
	for _, presence := range in.peaks(first-1, first, threshold) {
		best, ok := in.peakOf(presence.row, first, in.columns)
		if score := presence.value * best.value; ok && score >= threshold {
			all = append(all, candidate{box: in.centredBox(best.row), score: score, class: best.column - first})
		}
	}
	return all
}

func (in *rowsInput) centredBox(row int) Box {
	x, y, w, h := in.at(row, 0), in.at(row, 1), in.at(row, 2), in.at(row, 3)
	return Box{x - w/2, y - h/2, x + w/2, y + h/2}.Scale(in.sx, in.sy)
}

// endToEnd reads corners, score and class.
func (in *rowsInput) endToEnd(threshold float32) (all []candidate) {
	const score, class = 4, 5
	for _, p := range in.peaks(score, score+1, threshold) {
		id := in.at(p.row, class)
		if !(id > -0.5 && id < 1<<24) { // so far floats count
			continue
		}
		box := Box{in.at(p.row, 0), in.at(p.row, 1), in.at(p.row, 2), in.at(p.row, 3)}.Scale(in.sx, in.sy)
		all = append(all, candidate{box: box, score: p.value, class: int(id + 0.5)})
	}
	return all
}
