package bench

import (
	"fmt"
	"math"
	"slices"
)

// Spread is where the middle half of some numbers lies.
type Spread struct {
	Low    float64 // the lower quartile
	Median float64
	High   float64 // the upper quartile
}

// String reads like "4.31 (4.12 to 4.55)", and like "-" for no numbers.
func (s Spread) String() string {
	if math.IsNaN(s.Median) {
		return "-"
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.Median, s.Low, s.High)
}

// Summarise finds the quartiles, between two numbers by proportion. Without numbers
// they are NaN.
func Summarise(numbers []float64) Spread {
	sorted := slices.Sorted(slices.Values(numbers))
	return Spread{Low: quantile(sorted, 0.25), Median: quantile(sorted, 0.5), High: quantile(sorted, 0.75)}
}

func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	whole, part := math.Modf(q * float64(len(sorted)-1))
	below := int(whole)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + part*(sorted[above]-sorted[below])
}

// Ratios tells how many times longer a took than b, round by round. Both are of the
// same [Measure], and hold the same kind of time.
func Ratios(a, b []float64) Spread {
	return paired(a, b, func(x, y float64) float64 { return x / y })
}

// Differences tells how many nanoseconds longer a took than b, round by round. Both
// are of the same [Measure], and hold the same kind of time.
func Differences(a, b []float64) Spread {
	return paired(a, b, func(x, y float64) float64 { return x - y })
}

func paired(a, b []float64, f func(x, y float64) float64) Spread {
	numbers := make([]float64, min(len(a), len(b)))
	for k := range numbers {
		numbers[k] = f(a[k], b[k])
	}
	return Summarise(numbers)
}
