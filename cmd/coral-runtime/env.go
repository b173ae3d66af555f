package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gocoral/coral/internal/fetch"
)

// env is the command of that name: lines for a POSIX shell to evaluate.
func (t *tool) env(flags *flag.FlagSet) func(context.Context, []string) error {
	var s selection
	s.addTo(flags)
	return func(ctx context.Context, _ []string) error {
		l, err := t.fetched(ctx, s)
		if err != nil {
			return err
		}
		t.printEnv(l)
		return nil
	}
}

// printEnv leaves what the variables held before in place, behind the new. A
// library for another machine gets no run path: a folder of this machine means
// nothing there.
func (t *tool) printEnv(l fetch.Library) {
	dir := filepath.ToSlash(filepath.Dir(l.Path))
	here, system := t.isHere(l), t.fetcher.Host.OS
	flags := quoteFlag("-L" + dir)
	if here && hasRPath(system) {
		flags += " " + quoteFlag("-Wl,-rpath,"+dir)
	}
	flags += " -ltensorflowlite_c"
	fmt.Fprintf(t.stdout, "export CGO_LDFLAGS=%s\"${CGO_LDFLAGS:+ $CGO_LDFLAGS}\"\n", quoteShell(flags))
	if variable := searchPath[system]; here && variable != "" {
		fmt.Fprintf(t.stdout, "export %s=%s\"${%s:+:$%s}\"\n", variable, quoteShell(dir), variable, variable)
	}
	if here && system == "windows" {
		t.notef("add %s to PATH, where Windows looks for DLLs", dir)
	}
}

// isHere tells whether a library is for this machine.
func (t *tool) isHere(l fetch.Library) bool { return l.Build.Platform == t.fetcher.Host }

// searchPath is where each system's loader looks for libraries, Windows left
// out: its PATH is written differently for each of its shells.
var searchPath = map[string]string{
	"linux":  "LD_LIBRARY_PATH",
	"darwin": "DYLD_LIBRARY_PATH",
}

// hasRPath tells whether a program can carry the folder of its libraries.
func hasRPath(system string) bool { return system != "windows" }

// quoteFlag makes one flag of a text as the go command splits CGO_LDFLAGS: it
// knows quotes, but no escapes inside them.
func quoteFlag(s string) string {
	switch {
	case !strings.ContainsAny(s, " \t'\""):
		return s
	case !strings.Contains(s, `"`):
		return `"` + s + `"`
	default:
		return "'" + s + "'"
	}
}
