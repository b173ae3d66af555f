package track

import "math"

// assign matches rows with columns such that the sum of their weights is largest. It
// returns the column of each row, and -1 for a row without one. Pairs of weight 0 are not
// matched. Weights must be finite and not negative; all rows are as long as the first.
//
// Few objects overlap with few others, so what has nothing to do with each other is
// matched by itself, in a fraction of the time.
func assign(weights [][]float64) []int {
	columnOf := make([]int, len(weights))
	for r := range columnOf {
		columnOf[r] = -1
	}
	seen := make([]bool, len(weights))
	for r := range weights {
		if seen[r] {
			continue
		}
		rows, columns := connected(weights, r, seen)
		for k, c := range assignAll(len(rows), len(columns), func(r, c int) float64 { return weights[rows[r]][columns[c]] }) {
			if c >= 0 {
				columnOf[rows[k]] = columns[c]
			}
		}
	}
	return columnOf
}

// connected returns the rows and columns that can be reached from a row through pairs that
// have a weight.
func connected(weights [][]float64, from int, seen []bool) (rows, columns []int) {
	seen[from] = true
	rows = []int{from}
	reached := make([]bool, len(weights[from]))
	for k := 0; k < len(rows); k++ {
		for c, w := range weights[rows[k]] {
			if w == 0 || reached[c] {
				continue
			}
			reached[c] = true
			columns = append(columns, c)
			for r := range weights {
				if !seen[r] && weights[r][c] > 0 {
					seen[r] = true
					rows = append(rows, r)
				}
			}
		}
	}
	return rows, columns
}

// assignAll is [assign] without a look at what is connected.
func assignAll(rows, columns int, weight func(r, c int) float64) []int {
	columnOf := make([]int, rows)
	for r := range columnOf {
		columnOf[r] = -1
	}
	if rows > columns {
		for r, c := range assignAll(columns, rows, func(r, c int) float64 { return weight(c, r) }) {
			if c >= 0 {
				columnOf[c] = r
			}
		}
		return columnOf
	}
	for c, r := range hungarian(rows, columns, func(r, c int) float64 { return -weight(r, c) }) {
		if r >= 0 && weight(r, c) > 0 {
			columnOf[r] = c
		}
	}
	return columnOf
}

// hungarian gives each row a column such that the sum of costs is least. It returns the row
// of each column, or -1. There are no more rows than columns; the time is rows² × columns.
//
// Rows come in one by one. Each looks for the cheapest way to a free column, in which rows
// that came before may have to move on; potentials keep all costs that remain above zero, so
// that this is the search for a shortest path.
func hungarian(rows, columns int, cost func(r, c int) float64) []int {
	const none = -1
	rowOf := make([]int, columns+1) // the last column stands for where a new row begins
	for c := range rowOf {
		rowOf[c] = none
	}
	start := columns
	ofRow, ofColumn := make([]float64, rows), make([]float64, columns+1)
	for r := range rows {
		rowOf[start] = r
		least, from, done := make([]float64, columns), make([]int, columns), make([]bool, columns+1)
		for c := range least {
			least[c] = math.Inf(1)
		}
		at := start
		for rowOf[at] != none {
			done[at] = true
			row, step, next := rowOf[at], math.Inf(1), none
			for c := range columns {
				if done[c] {
					continue
				}
				if d := cost(row, c) - ofRow[row] - ofColumn[c]; d < least[c] {
					least[c], from[c] = d, at
				}
				if least[c] < step {
					step, next = least[c], c
				}
			}
			for c := range done {
				if done[c] {
					ofRow[rowOf[c]] += step
					ofColumn[c] -= step
				} else {
					least[c] -= step
				}
			}
			at = next
		}
		for at != start {
			rowOf[at] = rowOf[from[at]]
			at = from[at]
		}
	}
	return rowOf[:columns]
}
