package vision

import (
	"cmp"
	"slices"
)

// mergedFaces makes one face of those whose boxes overlap the best of them: the mean of boxes and
// landmarks, weighted by the scores, with the best score. That is MediaPipe's weighted
// non-maximum suppression.
func mergedFaces(faces []rawFace) (out []rawFace) {
	slices.SortStableFunc(faces, func(a, b rawFace) int { return cmp.Compare(b.score, a.score) })
	for len(faces) > 0 {
		best := faces[0]
		var mean weighted
		var others []rawFace
		for k, f := range faces {
			if k == 0 || best.box.IoU(f.box) > sameFace {
				mean.add(f)
			} else {
				others = append(others, f)
			}
		}
		out = append(out, mean.face(best.score))
		faces = others
	}
	return out
}

// weighted sums faces up, multiplied by their scores.
type weighted struct {
	total float32
	sum   rawFace
}

// leastWeight is for scores near 0, which a threshold of 0 lets through.
const leastWeight = 1e-6

func (w *weighted) add(f rawFace) {
	weight := max(f.score, leastWeight)
	w.total += weight
	s, b := &w.sum, f.box.Scale(weight, weight)
	s.box = Box{s.box.XMin + b.XMin, s.box.YMin + b.YMin, s.box.XMax + b.XMax, s.box.YMax + b.YMax}
	for k, l := range f.landmarks {
		s.landmarks[k][0] += weight * l[0]
		s.landmarks[k][1] += weight * l[1]
	}
}

func (w *weighted) face(score float32) rawFace {
	f := w.sum
	f.score = score
	f.box = f.box.Scale(1/w.total, 1/w.total)
	for k := range f.landmarks {
		f.landmarks[k][0] /= w.total
		f.landmarks[k][1] /= w.total
	}
	return f
}
