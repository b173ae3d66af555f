package percentile_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/internal/percentile"
)

func TestOf(t *testing.T) {
	hundred := make([]int, 100)
	for k := range hundred {
		hundred[k] = k + 1
	}
	assert.Equal(t, 50, percentile.Of(hundred, 50))
	assert.Equal(t, 99, percentile.Of(hundred, 99))
	assert.Equal(t, 1, percentile.Of(hundred, 0))
	assert.Equal(t, 100, percentile.Of(hundred, 200))
	assert.Equal(t, 1, percentile.Of([]int{1, 2}, 50), "nearest rank, not the upper one")
	assert.Equal(t, 7.5, percentile.Of([]float64{7.5}, 99))
	assert.Zero(t, percentile.Of[int](nil, 50))
}
