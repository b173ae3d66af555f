package bench_test

import (
	"errors"
	"fmt"
	"log"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/bench"
	"github.com/gocoral/coral/tflite"
)

func TestSummarise(t *testing.T) {
	for _, c := range []struct {
		numbers []float64
		want    bench.Spread
	}{
		{[]float64{5}, bench.Spread{Low: 5, Median: 5, High: 5}},
		{[]float64{3, 1}, bench.Spread{Low: 1.5, Median: 2, High: 2.5}},
		{[]float64{40, 10, 20, 50, 30}, bench.Spread{Low: 20, Median: 30, High: 40}},
		{[]float64{1, 2, 3, 1000}, bench.Spread{Low: 1.75, Median: 2.5, High: 252.25}},
	} {
		before := slices.Clone(c.numbers)
		assert.Equal(t, c.want, bench.Summarise(c.numbers), "%v", c.numbers)
		assert.Equal(t, before, c.numbers, "the numbers stay in their order")
	}
	none := bench.Summarise(nil)
	assert.True(t, math.IsNaN(none.Median))
	assert.Equal(t, "-", none.String())
	assert.Equal(t, "2.00 (1.50 to 2.50)", bench.Summarise([]float64{3, 1}).String())
}

// The second round was disturbed: the ratio within each round does not show it, that
// of the medians would.
func TestRatiosAndDifferencesArePaired(t *testing.T) {
	a, b := []float64{20, 2000, 24}, []float64{10, 1000, 6}
	assert.Equal(t, bench.Spread{Low: 2, Median: 2, High: 3}, bench.Ratios(a, b))
	assert.Equal(t, bench.Spread{Low: 14, Median: 18, High: 509}, bench.Differences(a, b))
	assert.True(t, math.IsNaN(bench.Ratios(a, nil).Median), "a time that the system does not tell")
}

func TestMeasureTakesTurns(t *testing.T) {
	var order []string
	contender := func(name string) bench.Contender {
		return bench.Contender{Name: name, Run: func(n int) error {
			order = append(order, fmt.Sprint(name, n))
			return nil
		}}
	}
	series, err := bench.Measure(3, 5, contender("a"), contender("b"))
	require.NoError(t, err)
	assert.Equal(t, []string{"a5", "b5", "a5", "b5", "b5", "a5", "a5", "b5"}, order, "a warm-up, then the first changes")
	require.Len(t, series, 2)
	assert.Equal(t, "b", series[1].Name)
	assert.Len(t, series[1].Wall, 3)
}

func TestTurnsEndWithTheFirstError(t *testing.T) {
	stop := errors.New("stop")
	var order []int
	err := bench.Turns(2, 3, func(k int) error {
		order = append(order, k)
		if len(order) == 5 {
			return stop
		}
		return nil
	})
	require.ErrorIs(t, err, stop)
	assert.Equal(t, []int{0, 1, 2, 1, 2}, order)
}

func TestMeasureTellsTimePerCall(t *testing.T) {
	const nap = 2 * time.Millisecond
	var spent time.Duration
	series, err := bench.Measure(3, 4,
		bench.Contender{Name: "asleep", Run: func(n int) error { time.Sleep(time.Duration(n) * nap); return nil }},
		bench.Contender{Name: "busy", Run: func(n int) error {
			start := time.Now()
			for time.Since(start) < time.Duration(n)*nap {
			}
			spent = max(spent, time.Since(start))
			return nil
		}},
	)
	require.NoError(t, err)
	asleep, busy := series[0], series[1]
	assert.GreaterOrEqual(t, slices.Min(asleep.Wall), float64(nap))
	if runtime.GOOS != "linux" {
		assert.Nil(t, busy.CPU)
		return
	}
	assert.Len(t, asleep.CPU, 3)
	assert.Less(t, slices.Min(asleep.CPU), float64(nap)/2, "a sleeping thread is not running")
	assert.Positive(t, slices.Min(busy.CPU))
	assert.LessOrEqual(t, slices.Max(busy.CPU), float64(spent)/4+float64(time.Millisecond))
}

func TestMeasureRefuses(t *testing.T) {
	fine := bench.Contender{Name: "fine", Run: func(int) error { return nil }}
	for _, c := range []struct{ rounds, calls int }{{0, 1}, {1, 0}, {-1, 1}} {
		_, err := bench.Measure(c.rounds, c.calls, fine)
		assert.ErrorContains(t, err, fmt.Sprintf("%d rounds of %d calls", c.rounds, c.calls))
	}
	_, err := bench.Measure(1, 1)
	require.Error(t, err)

	broken := errors.New("broken")
	calls := 0
	_, err = bench.Measure(5, 1, fine, bench.Contender{Name: "late", Run: func(int) error {
		if calls++; calls == 3 {
			return broken
		}
		return nil
	}})
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "late")
}

func TestRandom(t *testing.T) {
	info := func(e tflite.Type) tflite.TensorInfo {
		return tflite.TensorInfo{Name: "x", Type: e, Shape: []int{20, 100}}
	}
	a, err := bench.Random(info(tflite.TypeInt8), 1)
	require.NoError(t, err)
	again, err := bench.Random(info(tflite.TypeInt8), 1)
	require.NoError(t, err)
	other, err := bench.Random(info(tflite.TypeInt8), 2)
	require.NoError(t, err)
	assert.Equal(t, a, again)
	assert.NotEqual(t, a, other)
	require.Len(t, a, 2000)
	assert.Negative(t, slices.Min(a.([]int8)))
	assert.Greater(t, slices.Max(a.([]int8)), int8(100))

	u, err := bench.Random(info(tflite.TypeUint8), 1)
	require.NoError(t, err)
	assert.Greater(t, slices.Max(u.([]uint8)), uint8(200))
	f, err := bench.Random(info(tflite.TypeFloat32), 1)
	require.NoError(t, err)
	assert.Less(t, slices.Max(f.([]float32)), float32(1))
	_, err = bench.Random(info(tflite.TypeString), 1)
	require.ErrorIs(t, err, tflite.ErrType)
}

func ExampleMeasure() {
	work := func(steps int) func(int) error {
		return func(n int) error {
			x := 1.0
			for range n * steps {
				x = math.Sqrt(x + 1)
			}
			if x == 0 {
				return errors.New("impossible")
			}
			return nil
		}
	}
	series, err := bench.Measure(21, 1,
		bench.Contender{Name: "long", Run: work(400_000)},
		bench.Contender{Name: "short", Run: work(20_000)},
	)
	if err != nil {
		log.Fatal(err)
	}
	ratio := bench.Ratios(series[0].Wall, series[1].Wall)
	fmt.Println("the long one takes over 5 times as long as the short one:", ratio.Median > 5)
	// Output: the long one takes over 5 times as long as the short one: true
}
