package vision

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gocoral/coral/tflite"
)

// PoseNet has for each cell of a grid, and each keypoint, how likely it is there (heatmaps),
// where exactly (offsets), and where the keypoints are that it is joined to (displacements).
// Persons grow from the likeliest keypoints along these. What follows is libcoral's
// posenet_decoder.cc, with its constants.

// The parameters of the decoder. In Coral's models they are options of its operator.
const (
	poseNetPersons     = 20 // at most
	poseNetRadius      = 20 // pixels: keypoints of one kind that are nearer to each other are the same
	poseNetRefinements = 5  // steps by the offsets after one by a displacement
)

// limbs are the pairs of keypoints that displacements lead from and to; backwards they lead
// from the second to the first.
var limbs = [...][2]int{
	{0, 1},
	{1, 3},
	{0, 2},
	{2, 4},
	{0, 5},
	{5, 7},
	{7, 9},
	{5, 11},
	{11, 13},
	{13, 15},
	{0, 6},
	{6, 8},
	{8, 10},
	{6, 12},
	{12, 14},
	{14, 16},
}

const limbCount = len(limbs)

// poseNetOutputs are the numbers of a model's outputs. Where there is one for displacements
// in both directions, backward is forward.
type poseNetOutputs struct{ heatmaps, offsets, forward, backward int }

// findPoseNet finds the outputs by their shapes. Models that also tell persons' areas have
// another one like the offsets after them, and more.
func findPoseNet(outputs []tflite.Value) (o poseNetOutputs, ok bool) {
	heatmaps, offsets, both, one := -1, -1, -1, []int(nil)
	for k, v := range outputs {
		switch {
		case len(v.Shape) != 4 || v.Shape[0] != 1:
		case v.Shape[3] == keypointCount && heatmaps < 0:
			heatmaps = k
		case v.Shape[3] == 2*keypointCount && offsets < 0:
			offsets = k
		case v.Shape[3] == 4*limbCount && both < 0:
			both = k
		case v.Shape[3] == 2*limbCount:
			one = append(one, k)
		}
	}
	o = poseNetOutputs{heatmaps: heatmaps, offsets: offsets, forward: both, backward: both}
	if both < 0 && len(one) == 2 {
		o.forward, o.backward = one[0], one[1]
		if isBackward(outputs[one[0]].Name) && !isBackward(outputs[one[1]].Name) {
			o.forward, o.backward = o.backward, o.forward
		}
	}
	if heatmaps < 0 || offsets < 0 || o.forward < 0 {
		return o, false
	}
	grid := outputs[heatmaps].Shape[:3]
	same := func(k int) bool { return slices.Equal(outputs[k].Shape[:3], grid) }
	return o, same(o.offsets) && same(o.forward) && same(o.backward) && grid[1] > 0 && grid[2] > 0
}

func isBackward(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "bwd") || strings.Contains(name, "backward")
}

// decode finds the persons.
func (o poseNetOutputs) decode(r Result, threshold float32) ([]person, error) {
	stride, err := strideOf(r.Outputs[o.heatmaps].Shape, r.Placement)
	if err != nil {
		return nil, err
	}
	var grids [4]cells
	for k, output := range [...]int{o.heatmaps, o.offsets, o.forward, o.backward} {
		v := r.Outputs[output]
		x, err := realNumbers(v)
		if err != nil {
			return nil, err
		}
		grids[k] = cells{height: v.Shape[1], width: v.Shape[2], channels: v.Shape[3], x: x}
	}
	d := poseNet{heatmaps: grids[0], offsets: grids[1], displacements: [2]cells{grids[2], grids[3]}, stride: float32(stride)}
	if o.forward == o.backward {
		d.backwardFrom = 2 * limbCount
	}
	return d.persons(threshold, r.Placement), nil
}

// strideOf is how many pixels of the input a cell of the grid is wide and high. Of the
// numbers that are possible the power of two is right: inputs of 256 pixels have 16 cells for
// a stride of 16, those of 257 have 17.
func strideOf(shape []int, p Placement) (int, error) {
	count := func(size, stride int) int { return (size + stride - 1) / stride }
	for _, stride := range []int{16, 8, 32, 4, 2, 1} {
		if count(p.Height, stride) == shape[1] && count(p.Width, stride) == shape[2] {
			return stride, nil
		}
	}
	return 0, fmt.Errorf("%w: heatmaps of %d×%d cells do not fit an input of %d×%d pixels; PoseNet has a cell for each 8, 16 or 32", ErrModel, shape[2], shape[1], p.Width, p.Height)
}

// cells are an output with some numbers for each cell.
type cells struct {
	height, width, channels int
	x                       []float32
}

// extreme is beyond all that a model says of places and scores.
const extreme = 1e6

// tamed keeps computations with a number finite.
func tamed(x float32) float32 {
	if !(x > -extreme) { // also what is not a number
		return -extreme
	}
	return min(x, extreme)
}

func (g cells) at(y, x, channel int) float32 { return tamed(g.x[(y*g.width+x)*g.channels+channel]) }

// between interpolates between the four cells around a place, which is in the grid.
func (g cells) between(p point, channel int) float32 {
	y0, x0 := int(p.y), int(p.x)
	y1, x1 := min(y0+1, g.height-1), min(x0+1, g.width-1)
	fy, fx := p.y-float32(y0), p.x-float32(x0)
	top := (1-fx)*g.at(y0, x0, channel) + fx*g.at(y0, x1, channel)
	bottom := (1-fx)*g.at(y1, x0, channel) + fx*g.at(y1, x1, channel)
	return (1-fy)*top + fy*bottom
}

// point is a place in the grid, in cells.
type point struct{ y, x float32 }

func (p point) squaredDistance(q point) float32 {
	return (p.y-q.y)*(p.y-q.y) + (p.x-q.x)*(p.x-q.x)
}

// part is a keypoint that may be a person's; score is a logit.
type part struct {
	point
	id    int
	score float32
}

// poseNet finds persons.
type poseNet struct {
	heatmaps, offsets cells
	displacements     [2]cells // forwards and backwards
	backwardFrom      int      // the channel at which those backwards begin
	stride            float32
}

// figure is a person in the grid; scores are from 0 to 1.
type figure struct {
	score  float32
	points [keypointCount]point
	scores [keypointCount]float32
}

func (d *poseNet) persons(threshold float32, p Placement) []person {
	figures := d.figures(threshold)
	d.rescore(figures)
	persons := make([]person, len(figures))
	for k, f := range figures {
		persons[k].score = f.score
		for j, at := range f.points {
			persons[k].joints[j] = joint{y: at.y * d.stride / float32(p.Height), x: at.x * d.stride / float32(p.Width), score: f.scores[j]}
		}
	}
	return persons
}

// figures grow from the likeliest keypoints that no other figure has, and have a mean score
// of at least threshold. The best comes first.
func (d *poseNet) figures(threshold float32) []figure {
	var found []figure
	for _, root := range d.roots(threshold) {
		if len(found) == poseNetPersons {
			break
		}
		taken := func(f figure) bool { return d.same(f.points[root.id], root.point) }
		if slices.ContainsFunc(found, taken) {
			continue
		}
		if f := d.grow(root); f.score >= threshold {
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, func(a, b figure) int { return cmp.Compare(b.score, a.score) })
	return found
}

// same reports whether two places are within the radius.
func (d *poseNet) same(a, b point) bool {
	radius := poseNetRadius / d.stride
	return a.squaredDistance(b) <= radius*radius
}

// roots are the keypoints that are at least as likely as threshold and as any of the eight
// cells around, the likeliest first.
func (d *poseNet) roots(threshold float32) []part {
	logit := float32(logitOf(float64(threshold)))
	var all []part
	for y := range d.heatmaps.height {
		for x := range d.heatmaps.width {
			for id := range keypointCount {
				if score := d.heatmaps.at(y, x, id); score >= logit && d.isPeak(y, x, id) {
					at := d.moved(point{float32(y), float32(x)}, d.offsets.at(y, x, id), d.offsets.at(y, x, keypointCount+id))
					all = append(all, part{at, id, score})
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b part) int { return cmp.Compare(b.score, a.score) })
	return all
}

func (d *poseNet) isPeak(y, x, id int) bool {
	score := d.heatmaps.at(y, x, id)
	for ny := max(y-1, 0); ny <= min(y+1, d.heatmaps.height-1); ny++ {
		for nx := max(x-1, 0); nx <= min(x+1, d.heatmaps.width-1); nx++ {
			if d.heatmaps.at(ny, nx, id) > score {
				return false
			}
		}
	}
	return true
}

// moved is a place moved by so many pixels, but not out of the grid.
func (d *poseNet) moved(p point, dy, dx float32) point {
	return point{
		y: min(max(p.y+dy/d.stride, 0), float32(d.heatmaps.height-1)),
		x: min(max(p.x+dx/d.stride, 0), float32(d.heatmaps.width-1)),
	}
}

// grow finds a person's other keypoints from one of them, going on from the likeliest.
func (d *poseNet) grow(root part) figure {
	var f figure
	var known [keypointCount]bool
	root.score = d.heatmaps.between(root.point, root.id)
	open := []part{root}
	for len(open) > 0 {
		best := 0
		for k := range open {
			if open[k].score > open[best].score {
				best = k
			}
		}
		at := open[best]
		open = slices.Delete(open, best, best+1)
		if known[at.id] {
			continue
		}
		known[at.id] = true
		f.points[at.id], f.scores[at.id] = at.point, float32(logistic(float64(at.score)))
		f.score += f.scores[at.id] / float32(keypointCount)
		for limb, ends := range limbs {
			for direction, from := range ends {
				if to := ends[1-direction]; from == at.id && !known[to] {
					open = append(open, d.follow(at.point, limb, direction, to))
				}
			}
		}
	}
	return f
}

// follow goes along a limb to the keypoint at its other end.
func (d *poseNet) follow(from point, limb, direction, to int) part {
	displacements, first := d.displacements[direction], direction*d.backwardFrom
	at := d.moved(from, displacements.between(from, first+limb), displacements.between(from, first+limbCount+limb))
	for range poseNetRefinements {
		at = d.moved(at, d.offsets.between(at, to), d.offsets.between(at, keypointCount+to))
	}
	return part{at, to, d.heatmaps.between(at, to)}
}

// rescore takes from a figure's score the keypoints that a better figure has as well, and
// keeps the order.
func (d *poseNet) rescore(figures []figure) {
	for k := range figures {
		f := &figures[k]
		f.score = 0
		for id, at := range f.points {
			taken := func(better figure) bool { return d.same(better.points[id], at) }
			if !slices.ContainsFunc(figures[:k], taken) {
				f.score += f.scores[id] / float32(keypointCount)
			}
		}
	}
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// logitOf is the inverse of logistic: -Inf for 0 and less, +Inf for 1 and more.
func logitOf(p float64) float64 {
	if p <= 0 {
		return math.Inf(-1)
	}
	if p >= 1 {
		return math.Inf(1)
	}
	return math.Log(p / (1 - p))
}
