package vision

import (
	"cmp"
	"slices"
)

// Class is a result of a classification.
type Class struct {
	// ID is the position among the model's outputs.
	ID int `json:"id"`
	// Score is the model's number for the class, for most models its probability.
	Score float32 `json:"score"`
	// Label is the name of the class, see [Labels.Name].
	Label string `json:"label"`
}

// TopClasses returns the classes with a score of at least threshold, and of these the
// k best, best first; all of them if k is below 0. scores[i] is the score of class i.
// Of equal scores the higher id comes first. A score that is not a number is none.
// The labels are left empty.
//
// That is what libcoral does. pycoral takes the k best first and all for k = 0, and
// leaves the order of equal scores open.
func TopClasses(scores []float32, k int, threshold float32) []Class {
	classes := []Class{}
	for id, score := range scores {
		if score >= threshold { // false if either is NaN
			classes = append(classes, Class{ID: id, Score: score})
		}
	}
	slices.SortFunc(classes, func(a, b Class) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.ID, a.ID))
	})
	if k >= 0 && k < len(classes) {
		classes = classes[:k]
	}
	return classes
}
