package track

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// best is the largest sum of weights, found by trying all ways.
func best(weights [][]float64, row int, taken []bool) float64 {
	if row == len(weights) {
		return 0
	}
	sum := best(weights, row+1, taken)
	for c, w := range weights[row] {
		if !taken[c] {
			taken[c] = true
			sum = max(sum, w+best(weights, row+1, taken))
			taken[c] = false
		}
	}
	return sum
}

func TestAssignIsOptimal(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		rows, columns := random.IntN(6), random.IntN(6)
		weights := make([][]float64, rows)
		for r := range weights {
			weights[r] = make([]float64, columns)
			for c := range weights[r] {
				// Multiples of an eighth add up exactly; half of the pairs cannot be matched.
				weights[r][c] = max(0, float64(random.IntN(16)-8)/8)
			}
		}
		sum, taken := 0., make([]bool, columns)
		for r, c := range assign(weights) {
			if c < 0 {
				continue
			}
			assert.False(t, taken[c], "two rows have column %d", c)
			taken[c] = true
			assert.Positive(t, weights[r][c])
			sum += weights[r][c]
		}
		assert.Equal(t, best(weights, 0, make([]bool, columns)), sum, "%v", weights)
	}
}

// The largest weight is not always part of the best matching.
func TestAssignIsNotGreedy(t *testing.T) {
	assert.Equal(t, []int{1, 0}, assign([][]float64{{.9, .8}, {.8, 0}}))
}

// Many objects, most of which have nothing to do with each other, are matched as one by one.
func TestAssignOfManyParts(t *testing.T) {
	const n = 400
	weights := make([][]float64, n)
	for r := range weights {
		weights[r] = make([]float64, n)
		weights[r][n-1-r] = 1
	}
	for r, c := range assign(weights) {
		assert.Equal(t, n-1-r, c)
	}
}
