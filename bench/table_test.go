package bench_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/bench"
)

func TestWriteTable(t *testing.T) {
	var out strings.Builder
	require.NoError(t, bench.WriteTable(&out, "µs a call", 1000, []bench.Series{
		{Name: "one", Wall: []float64{2000, 2000}, CPU: []float64{1000, 1000}},
		{Name: "other", Wall: []float64{3000, 5000}},
	}, "more than the first", bench.Differences))
	assert.Equal(t, []string{
		"µs a call of CPU more than the first of CPU",
		"one 2.00 1.00",
		"other 4.00 - 2000.00 (1500.00 to 2500.00) -",
	}, lines(out.String()))
}

// lines are those of a text, with the columns one space apart.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		all = append(all, strings.Join(strings.Fields(line), " "))
	}
	return all
}
