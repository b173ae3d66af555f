package main

import (
	"context"
	"flag"
	"fmt"
)

// path is the command of that name.
func (t *tool) path(flags *flag.FlagSet) func(context.Context, []string) error {
	var s selection
	s.addTo(flags)
	return func(ctx context.Context, _ []string) error {
		l, err := t.fetched(ctx, s)
		if err != nil {
			return err
		}
		fmt.Fprintln(t.stdout, l.Path)
		return nil
	}
}
