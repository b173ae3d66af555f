package scale

import "math"

// taps are the weights of consecutive samples, the first of which is number first, in
// integers whose sum is a power of two.
type taps struct {
	first   int
	weights []int32
	// share is the part that they have in a sample of the result, of 1<<16, where several
	// groups of taps make one.
	share uint64
}

// form is how weights are written as integers.
type form uint8

const (
	// rounded: each weight to the nearest of 1<<fraction, as Pillow has them.
	rounded form = iota
	// exact: the sum of the weights is 1<<16.
	exact
	// grouped: groups of at most groupSize taps, in each of which the sum is 1<<8. Every
	// sample of the result has the same number of groups.
	grouped
	// pairs: two weights, the sum of which is 1<<pairBits.
	pairs
)

const (
	fraction  = 22 // bits after the point of a weight: 8+22 and the sum's overshoot fit into 31
	half      = 1 << (fraction - 1)
	groupSize = 12
	pairBits  = 11
)

// tableKey is all that weights depend on.
type tableKey struct {
	span   Span
	n      int // samples of the result
	filter Filter
	form   form
}

// table has the taps for all samples of one direction of the result.
type table struct {
	key  tableKey
	taps []taps
	// groups is how many taps in a row make one sample of the result.
	groups  int
	weights []int32 // what the taps' weights are parts of
	used    uint64  // when, to tell which was not for the longest time
}

// tables keeps those that were used last: two directions of each plane, for a few sizes.
type tables struct {
	all   [16]table
	clock uint64
	w     weigher
}

// get returns a table, which is good until as many others were asked for as are kept.
func (c *tables) get(span Span, n int, filter Filter, f form) *table {
	key := tableKey{span, n, filter, f}
	c.clock++
	oldest := &c.all[0]
	for k := range c.all {
		t := &c.all[k]
		if t.key == key {
			t.used = c.clock
			return t
		}
		if t.used < oldest.used {
			oldest = t
		}
	}
	oldest.key = tableKey{} // nothing, should computing it fail
	oldest.compute(&c.w, key)
	oldest.key, oldest.used = key, c.clock
	return oldest
}

func (t *table) compute(w *weigher, key tableKey) {
	w.filter, w.span, w.step = key.filter, key.span, (key.span.To-key.span.From)/float64(key.n)
	t.taps, t.weights, t.groups = t.taps[:0], t.weights[:0], 1
	if key.form == grouped {
		t.groups = w.mostGroups(key.n)
	}
	for k := range key.n {
		first, weights := w.at(k)
		switch key.form {
		case rounded:
			t.addRounded(first, weights)
		case exact:
			t.addExact(first, weights, 1<<16)
		case grouped:
			t.addGroups(first, weights)
		case pairs:
			t.addExact(first, weights, 1<<pairBits)
		}
	}
}

// mostGroups is how many groups the sample with the most weights needs.
func (w *weigher) mostGroups(n int) int {
	most := 0
	for k := range n {
		_, weights := w.at(k)
		most = max(most, len(weights))
	}
	return (most + groupSize - 1) / groupSize
}

func (t *table) addRounded(first int, weights []float64) {
	start := len(t.weights)
	for _, weight := range weights {
		t.weights = append(t.weights, int32(math.Round(weight*(1<<fraction))))
	}
	t.taps = append(t.taps, taps{first: first, weights: t.weights[start:]}.trimmed())
}

// trimmed drops the zeros at both ends.
func (t taps) trimmed() taps {
	for len(t.weights) > 1 && t.weights[0] == 0 {
		t.first, t.weights = t.first+1, t.weights[1:]
	}
	for len(t.weights) > 1 && t.weights[len(t.weights)-1] == 0 {
		t.weights = t.weights[:len(t.weights)-1]
	}
	return t
}

// addExact rounds the sums of the weights so far, so that the whole is right.
func (t *table) addExact(first int, weights []float64, total float64) {
	start, sum, written := len(t.weights), 0.0, int32(0)
	for _, weight := range weights {
		sum += weight
		next := int32(math.Round(sum * total))
		t.weights = append(t.weights, next-written)
		written = next
	}
	t.taps = append(t.taps, taps{first: first, weights: t.weights[start:], share: 1 << 16})
}

// addGroups shares the weights out among the groups, equally many to each.
func (t *table) addGroups(first int, weights []float64) {
	sum, written := 0.0, 0.0
	for g := range t.groups {
		from, to := g*len(weights)/t.groups, (g+1)*len(weights)/t.groups
		part := weights[from:to]
		total := 0.0
		for _, weight := range part {
			total += weight
		}
		sum += total
		next := math.Round(sum * (1 << 16))
		start := len(t.weights)
		t.weights = append(t.weights, make([]int32, len(part))...)
		apportion(t.weights[start:], part, total, 1<<8)
		t.taps = append(t.taps, taps{first: first + from, weights: t.weights[start:], share: uint64(next - written)})
		written = next
	}
}

// apportion shares seats out by the largest remainders, as parliaments do.
func apportion(seats []int32, votes []float64, total float64, all int32) {
	if total <= 0 {
		return
	}
	left := all
	for k, v := range votes {
		seats[k] = int32(v / total * float64(all))
		left -= seats[k]
	}
	for ; left > 0; left-- {
		best, most := 0, math.Inf(-1)
		for k, v := range votes {
			if rest := v/total*float64(all) - float64(seats[k]); rest > most {
				best, most = k, rest
			}
		}
		seats[best]++
	}
}
