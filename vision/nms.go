package vision

import (
	"cmp"
	"slices"
)

// maxCandidates is how many boxes are compared with each other, the best ones: an output in
// which everything is an object takes some tens of milliseconds and no more. Ultralytics
// has 30000 of them for this purpose.
const maxCandidates = 4096

// possible are the candidates that can be objects, the best first, and no more than
// [maxCandidates]: boxes and scores are numbers, and scores from 0 to 1, which quantised ones
// may miss by a step.
func possible(all []candidate) []candidate {
	some := all[:0]
	for _, one := range all {
		if finite(one.box.XMin, one.box.YMin, one.box.XMax, one.box.YMax, one.score) && one.box.Valid() {
			one.score = min(max(one.score, 0), 1)
			some = append(some, one)
		}
	}
	sortCandidates(some)
	return some[:min(len(some), maxCandidates)]
}

// sortCandidates puts the best first, and of equal ones the higher class, as libcoral does.
func sortCandidates(all []candidate) {
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.class, a.class))
	})
}

// suppressed leaves out what is in the list before, in the same class: the intersection over
// union is larger than iou. Of what is cut off at the edge of a tile, that part counts which
// the other covers.
func suppressed(all []candidate, iou float32) []candidate {
	kept := all[:0]
	byClass := make(map[int][]Box)
	for _, one := range all {
		if !slices.ContainsFunc(byClass[one.class], func(b Box) bool { return same(b, one, iou) }) {
			kept = append(kept, one)
			byClass[one.class] = append(byClass[one.class], one.box)
		}
	}
	return kept
}

// same reports whether a candidate is the object that has the box.
func same(b Box, one candidate, iou float32) bool {
	if b.IoU(one.box) > iou {
		return true
	}
	if !one.cut {
		return false
	}
	shared := b.Intersect(one.box)
	return shared.Valid() && shared.Area() > iou*one.box.Area()
}
