package scale

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// The engines pack several sums into a word. None of them runs into the next one as long as
// weights are not negative and add up to what they should.
func TestWeightsAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var c tables
	for range 400 {
		n, out := 1+r.IntN(300), 1+r.IntN(60)
		span := Span{N: n, From: r.Float64() * 0.9, To: float64(n) - r.Float64()*0.05}
		for _, f := range []Filter{Bilinear, Area} {
			for form, want := range map[form]int32{exact: 1 << 16, grouped: 1 << 8} {
				made := c.get(span, out, f, form)
				require.Len(t, made.taps, out*made.groups)
				for k, tap := range made.taps {
					if tap.share == 0 { // a group without taps, or whose weights are next to nothing
						continue
					}
					require.Equal(t, want, sum(t, tap), "%v to %d by %d", span, out, f)
					require.GreaterOrEqual(t, tap.first, 0)
					require.LessOrEqual(t, tap.first+len(tap.weights), n)
					if k%made.groups == 0 {
						shares := uint64(0)
						for _, tap := range made.taps[k:][:made.groups] {
							shares += tap.share
						}
						require.Equal(t, uint64(1<<16), shares)
					}
				}
			}
		}
		for _, tap := range c.get(span, out, Linear, pairs).taps {
			require.Len(t, tap.weights, 2)
			require.Equal(t, int32(1<<pairBits), sum(t, tap))
		}
	}
}

func sum(t *testing.T, taps taps) (all int32) {
	t.Helper()
	for _, w := range taps.weights {
		require.GreaterOrEqual(t, w, int32(0))
		all += w
	}
	return all
}

// A table that was used lately is kept, and one that was not makes room.
func TestTablesAreKept(t *testing.T) {
	var c tables
	first := c.get(Whole(100), 10, Area, exact)
	weights := &first.weights[0]
	for n := range len(c.all) - 1 {
		c.get(Whole(50), n+1, Area, exact)
		require.Same(t, first, c.get(Whole(100), 10, Area, exact))
	}
	require.Same(t, weights, &first.weights[0], "and not computed again")
	c.get(Whole(50), 1000, Area, exact)
	require.Equal(t, 10, first.key.n, "the one least used was replaced")
	require.Zero(t, testing.AllocsPerRun(10, func() { c.get(Whole(100), 10, Area, exact) }))
}
