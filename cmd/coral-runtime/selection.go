package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/gocoral/coral/internal/fetch"
)

// selection is what the user said about which library a command is about.
type selection struct{ fetch.Request }

func (s *selection) addTo(flags *flag.FlagSet) {
	flags.StringVar(&s.Version, "version", os.Getenv("TFLITE"), "`version` of TensorFlow Lite (default: what suits this machine)")
	flags.StringVar(&s.Platform, "platform", "", "`os/arch` the files are for, if not this machine")
	addRoot(flags, &s.Root)
}

func addRoot(flags *flag.FlagSet, root *string) {
	flags.StringVar(root, "root", "", "`folder` for fetched files (default: gocoral in the user's cache folder)")
}

// flags repeats for another command what the user said, for a POSIX shell.
func (s *selection) flags() (text string) {
	for _, f := range []struct{ name, value string }{{"version", s.Version}, {"platform", s.Platform}, {"root", s.Root}} {
		if f.value != "" {
			text += " --" + f.name + " " + quoteShell(f.value)
		}
	}
	return text
}

// fetched finds the library that was selected, which has to be there.
func (t *tool) fetched(ctx context.Context, s selection) (fetch.Library, error) {
	l, err := t.fetcher.Choose(ctx, s.Request)
	if err != nil {
		return fetch.Library{}, err
	}
	state, err := l.State()
	if err == nil && state != fetch.Fetched {
		err = fmt.Errorf("TensorFlow Lite %s for %s is %s: run coral-runtime fetch%s first, for %s", l.Runtime.Version, l.Build.Platform, state, s.flags(), l.Path)
	}
	return l, err
}

// quoteShell makes one word of a text for a POSIX shell.
func quoteShell(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
