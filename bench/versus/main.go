//go:build gotflite

// Command versus measures this library against go-tflite, in one process and on one
// TensorFlow Lite library, and against a loop in C.
//
//	versus [-rounds N] [-tiny MODEL] MODEL...
//
// For each MODEL, a .tflite file, it times what go-tflite does by itself, what it does
// with XNNPACK attached by hand, and what this library does by itself. Then it times
// the calls themselves on a model of one operator, given by -tiny.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/gocoral/coral/bench"
	"github.com/gocoral/coral/tflite"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "versus:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	rounds := flag.Int("rounds", 60, "how often the contenders take turns")
	tiny := flag.String("tiny", "", "the `MODEL` that shows what a call costs")
	flag.Parse()

	fmt.Printf("%s, %s/%s, Go %s, TensorFlow Lite %s, %s, 1 thread, %d rounds\n",
		cpu(), runtime.GOOS, runtime.GOARCH, runtime.Version()[2:], tflite.Version(), time.Now().Format(time.DateOnly), *rounds)
	for _, path := range flag.Args() {
		if err := speed(ctx, path, *rounds); err != nil {
			return err
		}
	}
	if *tiny != "" {
		return overhead(ctx, *tiny, *rounds)
	}
	return nil
}

// table prints the times of a model's contenders in a unit, given in nanoseconds, each
// with what compare says of it next to the first.
func table(path, unit string, nanoseconds float64, series []bench.Series, comparison string, compare func(each, first []float64) bench.Spread) error {
	fmt.Printf("\n%s\n", filepath.Base(path))
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\t%s\tof CPU\t%s\tof CPU\t\n", unit, comparison)
	for k, s := range series {
		fmt.Fprintf(w, "%s\t%s\t%s\t", s.Name, median(s.Wall, nanoseconds), median(s.CPU, nanoseconds))
		if k > 0 {
			fmt.Fprintf(w, "%v\t%v\t", compare(s.Wall, series[0].Wall), compare(s.CPU, series[0].CPU))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

func median(times []float64, unit float64) string {
	if len(times) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", bench.Summarise(times).Median/unit)
}
