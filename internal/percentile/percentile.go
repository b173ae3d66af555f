// Package percentile holds the one definition of a percentile that this project uses.
package percentile

import "cmp"

// Of returns the nearest-rank percentile p, from 0 to 100, of values in ascending order: one
// that was measured, not one between two. Of nothing it is zero.
func Of[T cmp.Ordered](sorted []T, p int) T {
	if len(sorted) == 0 {
		var zero T
		return zero
	}
	rank := (min(max(p, 0), 100)*len(sorted) + 99) / 100
	return sorted[max(rank, 1)-1]
}
