package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
)

// fetch is the command of that name.
func (t *tool) fetch(flags *flag.FlagSet) func(context.Context, []string) error {
	var s selection
	s.addTo(flags)
	flags.Func("into", "`folder` that gets the library file and nothing else, for a bundle or an image", func(dir string) error {
		if s.Into = dir; dir == "" { // a variable that is not set
			return errors.New("it names no folder")
		}
		return nil
	})
	return func(ctx context.Context, _ []string) error {
		if s.Root != "" && s.Into != "" {
			return usageError{errors.New("--root and --into exclude each other")}
		}
		l, err := t.fetcher.Runtime(ctx, s.Request)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.stdout, "TensorFlow Lite %s for %s: %s\n", l.Runtime.Version, l.Build.Platform, short(l.Path))
		if how := t.fetcher.HowUsed(s.Request, l); how != "" && checkout() == "" {
			fmt.Fprintln(t.stdout, how)
		}
		return nil
	}
}
