package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteTable writes the times of contenders, the median of each in a unit of so many
// nanoseconds, and what compare says of every one next to the first.
func WriteTable(w io.Writer, unit string, nanoseconds float64, series []Series, comparison string, compare func(each, first []float64) Spread) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\t%s\tof CPU\t%s\tof CPU\t\n", unit, comparison)
	for k, s := range series {
		fmt.Fprintf(t, "%s\t%s\t%s\t", s.Name, median(s.Wall, nanoseconds), median(s.CPU, nanoseconds))
		if k > 0 {
			fmt.Fprintf(t, "%v\t%v\t", compare(s.Wall, series[0].Wall), compare(s.CPU, series[0].CPU))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

func median(times []float64, unit float64) string {
	if len(times) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", Summarise(times).Median/unit)
}
