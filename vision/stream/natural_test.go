package stream_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/vision/stream"
)

func TestNatural(t *testing.T) {
	want := []string{
		"", "1", "01", "2", "10", "99999999999999999999", "100000000000000000000",
		"a", "a1b2", "a1b10", "a2b1", "a02b1", "a10", "a10b", "b", "é1", "é10",
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, stream.Natural)
	assert.ElementsMatch(t, want, got)
	for k, a := range want {
		for j, b := range want {
			c := stream.Natural(a, b)
			assert.Equal(t, -c, stream.Natural(b, a), "%q %q", a, b)
			if k == j {
				assert.Zero(t, c)
			}
		}
	}
	assert.Equal(t, []string{"f1", "f2", "f010", "f11"}, slices.SortedFunc(slices.Values([]string{"f11", "f010", "f2", "f1"}), stream.Natural))
	assert.True(t, slices.IsSortedFunc(got, stream.Natural))
}
