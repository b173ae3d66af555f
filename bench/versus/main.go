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
	"runtime"
	"time"

	"github.com/gocoral/coral/bench"
	"github.com/gocoral/coral/bench/internal/peer"
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

	if err := peer.SameRuntime(); err != nil {
		return err
	}
	fmt.Printf("%s, %s/%s, Go %s, TensorFlow Lite %s, %s, 1 thread, %d rounds\n",
		bench.CPU(), runtime.GOOS, runtime.GOARCH, runtime.Version()[2:], tflite.Version(), time.Now().Format(time.DateOnly), *rounds)
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
