// Command pictures measures how pictures get into a model's input: how long each filter of
// package vision takes, next to golang.org/x/image/draw, and what it does to the results.
//
//	pictures speed [-rounds N] MODEL
//	pictures results -pictures FOLDER MODEL...
//
// speed wants a model with an input of uint8. results shows every picture of the folder, and
// five parts of each, to every model, and compares the outputs with those of Lanczos, which
// is what Pillow makes of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("pictures", flag.ExitOnError)
	rounds := flags.Int("rounds", 60, "how often the contenders of speed take turns")
	folder := flags.String("pictures", "", "the `FOLDER` with the pictures of results")
	if len(args) == 0 {
		return errors.New("speed or results?")
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch {
	case args[0] == "speed" && flags.NArg() == 1:
		return speed(ctx, flags.Arg(0), *rounds)
	case args[0] == "results" && flags.NArg() > 0 && *folder != "":
		return results(ctx, *folder, flags.Args())
	}
	return errors.New("usage: pictures speed [-rounds N] MODEL, or pictures results -pictures FOLDER MODEL [MODEL]")
}
