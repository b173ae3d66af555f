package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// env is the command of that name: lines for a POSIX shell to evaluate.
func (t *tool) env(flags *flag.FlagSet) func(context.Context, []string) error {
	var s selection
	s.addTo(flags)
	return func(ctx context.Context, _ []string) error {
		where, what, err := t.resolve(ctx, s)
		if err != nil {
			return err
		}
		if _, err := os.Stat(where.library(what)); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("TensorFlow Lite %s for %s is not in %s: run coral-runtime fetch with the same flags first", what.runtime.Version, what.build.Platform, short(where.lib))
		} else if err != nil {
			return err
		}
		t.printEnv(where.dir(what), what)
		return nil
	}
}

// printEnv leaves what the variables held before in place, behind the new. A
// library for another machine gets no run path: a folder of this machine means
// nothing there.
func (t *tool) printEnv(dir string, what target) {
	dir = filepath.ToSlash(dir)
	flags := quoteFlag("-L" + dir)
	here := what.build.Platform == t.host
	if here && hasRPath(t.host) {
		flags += " " + quoteFlag("-Wl,-rpath,"+dir)
	}
	fmt.Fprintf(t.stdout, "export CGO_LDFLAGS=%s\"${CGO_LDFLAGS:+ $CGO_LDFLAGS}\"\n", quoteShell(flags))
	if variable := searchPath[t.host.OS]; here && variable != "" {
		fmt.Fprintf(t.stdout, "export %s=%s\"${%s:+:$%s}\"\n", variable, quoteShell(dir), variable, variable)
	}
	if here {
		t.noteDLL(dir)
	}
}

// searchPath is where each system's loader looks for libraries, Windows left
// out: its PATH is written differently for each of its shells.
var searchPath = map[string]string{
	"linux":  "LD_LIBRARY_PATH",
	"darwin": "DYLD_LIBRARY_PATH",
}

// noteDLL says what a Windows user has to do by hand.
func (t *tool) noteDLL(dir string) {
	if t.host.OS == "windows" {
		t.notef("add %s to PATH, where Windows looks for DLLs", dir)
	}
}

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

// quoteShell makes one word of a text for a POSIX shell.
func quoteShell(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
