package track

import (
	"time"

	"github.com/gocoral/coral/vision"
)

// path is an object that is followed.
type path struct {
	Track         // without identity before the object is believed
	motion motion // as predicted for the frame, and corrected if the object was found there
	// first and seen are when the object was first and last found, by the tracker's clock.
	first, seen time.Duration
	missed      int // frames since it was last found
	zones       []inZone
	lines       []atLine
}

func (t *Tracker) newPath(o vision.Object) *path {
	return &path{
		Track:  Track{Object: o, Frames: 1},
		motion: begin(o.Box),
		first:  t.clock, seen: t.clock,
		zones: make([]inZone, len(t.zones)), lines: make([]atLine, len(t.lines)),
	}
}

// found continues the path.
func (p *path) found(o vision.Object, clock time.Duration) {
	p.motion.correct(o.Box)
	p.Object, p.seen, p.missed = o, clock, 0
	p.Age = clock - p.first
	p.Frames++
}

// match continues paths with objects of the same kind that overlap by more than least. It
// returns the objects that are left.
func (t *Tracker) match(paths []*path, objects []vision.Object, least float32, overlap func(vision.Box, vision.Object) float32) []vision.Object {
	weights := make([][]float64, len(paths))
	for k, p := range paths {
		weights[k] = make([]float64, len(objects))
		expected := p.motion.box()
		for j, o := range objects {
			// Not so for boxes that have left the range of numbers, either.
			if beyond := overlap(expected, o) - least; o.ID == p.ID && beyond > 0 {
				weights[k][j] = float64(beyond)
			}
		}
	}
	taken := make([]bool, len(objects))
	for k, j := range assign(weights) {
		if j >= 0 {
			paths[k].found(objects[j], t.clock)
			taken[j] = true
		}
	}
	var left []vision.Object
	for j, o := range objects {
		if !taken[j] {
			left = append(left, o)
		}
	}
	return left
}

func plain(b vision.Box, o vision.Object) float32 { return b.IoU(o.Box) }

// scored prefers certain objects where several overlap.
func scored(b vision.Box, o vision.Object) float32 { return b.IoU(o.Box) * o.Score }
