package vision

import (
	"fmt"
	"math"
	"slices"

	"github.com/gocoral/coral/tflite"
)

// matrix is an output seen as rows, one for each place in the picture, of numbers. It is
// read as it is: a quantised number becomes a real one only when it is asked for.
type matrix struct {
	data              any // []float32, []uint8 or []int8
	real              [256]float32
	rows, columns     int
	rowStep, nextStep int
}

// matrixOf sees a tensor as rows×columns numbers, or as columns×rows if it is turned.
func matrixOf(v tflite.Value, rows, columns int, turned bool) (*matrix, error) {
	m := &matrix{rows: rows, columns: columns, rowStep: columns, nextStep: 1}
	if turned {
		m.rowStep, m.nextStep = 1, rows
	}
	if n, ok := elements(v.Shape); !ok || n != rows*columns {
		return nil, fmt.Errorf("%w: output %q has shape %v, which is not %d×%d", ErrModel, v.Name, v.Shape, rows, columns)
	}
	q := v.Quantization
	isByte := false
	switch v.Data.(type) {
	case []uint8, []int8:
		isByte = true
	}
	if !isByte || q.PerChannel() {
		numbers, err := reals(v)
		m.data = numbers
		return m, err
	}
	if !(q.Scale > 0) || math.IsInf(float64(q.Scale), 0) {
		return nil, fmt.Errorf("%w: output %q holds %v with scale %v: it is not quantised", ErrModel, v.Name, v.Type, q.Scale)
	}
	length := 0
	switch d := v.Data.(type) {
	case []uint8:
		length = len(d)
		m.fillReal(func(k int) int { return k }, q)
	case []int8:
		length = len(d)
		m.fillReal(func(k int) int { return int(int8(k)) }, q)
	}
	m.data = v.Data
	return m, tooShort(v, length)
}

// fillReal has the real numbers of all bytes.
func (m *matrix) fillReal(number func(bits int) int, q tflite.Quantization) {
	for k := range m.real {
		m.real[k] = float32(float64(q.Scale) * float64(number(k)-q.ZeroPoint))
	}
}

// reals are the numbers of an output, integers as they are if they are not quantised.
func reals(v tflite.Value) ([]float32, error) {
	var out []float32
	var err error
	switch d := v.Data.(type) {
	case []int32:
		if v.Quantization.Quantized() {
			out, err = v.Float32()
			break
		}
		out = floatsOf(d)
	case []int64:
		out = floatsOf(d)
	default:
		out, err = v.Float32()
	}
	if err == nil {
		err = tooShort(v, len(out))
	}
	return out, err
}

func floatsOf[T int32 | int64](src []T) []float32 {
	out := make([]float32, len(src))
	for k, n := range src {
		out[k] = float32(n)
	}
	return out
}

// tooShort is an error if a value does not have as many elements as its shape says.
func tooShort(v tflite.Value, length int) error {
	if n, ok := elements(v.Shape); !ok || n != length {
		return fmt.Errorf("%w: output %q of shape %v has %d elements", ErrModel, v.Name, v.Shape, length)
	}
	return nil
}

// at is the real number at a place.
func (m *matrix) at(row, column int) float32 {
	k := row*m.rowStep + column*m.nextStep
	switch d := m.data.(type) {
	case []float32:
		return d[k]
	case []uint8:
		return m.real[d[k]]
	case []int8:
		return m.real[uint8(d[k])]
	}
	return float32(math.NaN())
}

// peak is the largest number of a row.
type peak struct {
	row, column int
	value       float32
}

// peaks are the largest numbers of columns from to before end, for the rows in which it is
// at least that. What is not a number does not count.
func (m *matrix) peaks(from, end int, least float32) []peak {
	switch d := m.data.(type) {
	case []float32:
		return peaksOf(m, d, from, end, least)
	case []uint8:
		if q, ok := m.quantised(0, least); ok {
			return peaksOf(m, d, from, end, uint8(q))
		}
	case []int8:
		if q, ok := m.quantised(math.MinInt8, least); ok {
			return peaksOf(m, d, from, end, int8(q))
		}
	}
	return nil
}

// quantised is the smallest integer, of those from first on, that stands for at least that.
func (m *matrix) quantised(first int, least float32) (q int, ok bool) {
	for k := first; k < first+len(m.real); k++ {
		if m.real[uint8(k)] >= least {
			return k, true
		}
	}
	return 0, false
}

func peaksOf[T float32 | uint8 | int8](m *matrix, data []T, from, end int, least T) (peaks []peak) {
	for row := range m.rows {
		at, largest := -1, least
		k := row*m.rowStep + from*m.nextStep
		for column := from; column < end; column++ {
			if v := data[k]; v > largest || (v == largest && at < 0) {
				at, largest = column, v
			}
			k += m.nextStep
		}
		if at >= 0 {
			peaks = append(peaks, peak{row, at, m.at(row, at)})
		}
	}
	return peaks
}

// peakOf is the largest number of a row. It is not ok if there is none.
func (m *matrix) peakOf(row, from, end int) (best peak, ok bool) {
	for column := from; column < end; column++ {
		if v := m.at(row, column); v > best.value || (!ok && v == v) {
			best, ok = peak{row, column, v}, true
		}
	}
	return best, ok
}

// largest is the largest number of the columns, -Inf if there is none.
func (m *matrix) largest(from, end int) float32 {
	largest := float32(math.Inf(-1))
	for row := range m.rows {
		for column := from; column < end; column++ {
			if v := m.at(row, column); v > largest {
				largest = v
			}
		}
	}
	return largest
}

// mean is that of the numbers of the columns.
func (m *matrix) mean(from, end int) float64 {
	sum := 0.0
	for row := range m.rows {
		for column := from; column < end; column++ {
			sum += float64(m.at(row, column))
		}
	}
	return sum / float64(max(m.rows*(end-from), 1))
}

// beyondScores reports whether numbers of the columns can be below 0 or above 1, where no
// score is: by what a quantised tensor can hold, or by what a float one does hold.
func (m *matrix) beyondScores(from, end int) bool {
	data, ok := m.data.([]float32)
	if !ok {
		return slices.ContainsFunc(m.real[:], isBeyondScores)
	}
	for row := range m.rows {
		for column := from; column < end; column++ {
			if isBeyondScores(data[row*m.rowStep+column*m.nextStep]) {
				return true
			}
		}
	}
	return false
}

// isBeyondScores leaves room for a step, since quantised ranges are not exact.
func isBeyondScores(x float32) bool { return x < -0.01 || x > 1.01 }
