package vision_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/vision"
)

var (
	nan = float32(math.NaN())
	inf = float32(math.Inf(1))
)

func TestTopClasses(t *testing.T) {
	for name, c := range map[string]struct {
		scores    []float32
		k         int
		threshold float32
		ids       []int
	}{
		"sorted":                         {[]float32{0.1, 0.7, 0.2}, -1, -inf, []int{1, 2, 0}},
		"the best":                       {[]float32{0.1, 0.7, 0.2}, 1, -inf, []int{1}},
		"none":                           {[]float32{0.1, 0.7, 0.2}, 0, -inf, []int{}},
		"more than there are":            {[]float32{0.1, 0.7, 0.2}, 10, -inf, []int{1, 2, 0}},
		"no scores":                      {nil, 3, -inf, []int{}},
		"threshold included":             {[]float32{0.1, 0.7, 0.2}, -1, 0.2, []int{1, 2}},
		"threshold above":                {[]float32{0.1, 0.7, 0.2}, -1, 0.8, []int{}},
		"equal: higher id first":         {[]float32{0.5, 0.5, 0.7, 0.5}, -1, -inf, []int{2, 3, 1, 0}},
		"equal: higher id stays":         {[]float32{0.5, 0.5, 0.5}, 2, -inf, []int{2, 1}},
		"zeros are equal":                {[]float32{0, float32(math.Copysign(0, -1))}, -1, -inf, []int{1, 0}},
		"not a number is no score":       {[]float32{nan, 0.1, nan}, -1, -inf, []int{1}},
		"nor is it above a threshold":    {[]float32{nan, 0.1}, 1, -1, []int{1}},
		"infinite":                       {[]float32{-inf, 1, inf}, -1, -inf, []int{2, 1, 0}},
		"threshold that is not a number": {[]float32{1, 2}, -1, nan, []int{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := vision.TopClasses(c.scores, c.k, c.threshold)
			ids := []int{}
			for _, class := range got {
				ids = append(ids, class.ID)
				assert.InDelta(t, c.scores[class.ID], class.Score, 0)
				assert.Empty(t, class.Label)
			}
			assert.Equal(t, c.ids, ids)
		})
	}
}

// TestTopClassesIsNaive compares with picking the best one again and again.
func TestTopClassesIsNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		scores := make([]float32, r.IntN(30))
		for k := range scores {
			scores[k] = float32(r.IntN(10)) / 8 // many are equal
			if r.IntN(20) == 0 {
				scores[k] = nan
			}
		}
		k, threshold := r.IntN(12)-1, float32(r.IntN(12)-1)/8
		assert.Equal(t, naiveTop(scores, k, threshold), vision.TopClasses(scores, k, threshold), "%v %d %v", scores, k, threshold)
	}
}

func naiveTop(scores []float32, k int, threshold float32) []vision.Class {
	top, taken := []vision.Class{}, map[int]bool{}
	for k < 0 || len(top) < k {
		best := -1
		for id, score := range scores {
			if !taken[id] && score >= threshold && (best < 0 || score >= scores[best]) {
				best = id
			}
		}
		if best < 0 {
			break
		}
		taken[best] = true
		top = append(top, vision.Class{ID: best, Score: scores[best]})
	}
	return top
}

func BenchmarkTopClasses(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	scores := make([]float32, 1001)
	for k := range scores {
		scores[k] = r.Float32()
	}
	for b.Loop() {
		vision.TopClasses(scores, 5, -inf)
	}
}
