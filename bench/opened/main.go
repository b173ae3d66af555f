// Command opened measures what it costs a call that this library opens
// libtensorflowlite_c when the program runs, next to being linked with it. It is built
// twice: without tags, which opens, and with tflite_link, which links. The two take
// turns, each turn a process of its own, so that where a process happens to lie in
// memory is part of the spread and not of the result.
//
//	opened [-rounds N] [-library FILE] LINKED MODEL   start the turns; LINKED is the program with the tag
//	opened -turn c|library MODEL                      time one turn, and print it as JSON
//
// The C API itself is called from a loop in C, in the program that is linked. bench/run.sh
// opened builds and starts both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "opened:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	rounds := flag.Int("rounds", 60, "how often the programs take turns")
	library := flag.String("library", "", "the `FILE` of libtensorflowlite_c that is to be opened; it should be the one that LINKED is linked with")
	turn := flag.String("turn", "", "time one turn of `WHAT`: c or library")
	flag.Parse()
	if *turn != "" && flag.NArg() == 1 {
		return printTurn(ctx, *turn, flag.Arg(0))
	}
	if *turn != "" || flag.NArg() != 2 || *rounds < 1 {
		return errors.New("usage: opened [-rounds N] [-library FILE] LINKED MODEL, with at least one round")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return compare(ctx, os.Stdout, *rounds, flag.Arg(1), contenders(self, flag.Arg(0), *library))
}
