package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral/internal/fetch"
)

func (a *app) fetchRuntimeCommand() *cobra.Command {
	var r fetch.Request
	c := a.does(&cobra.Command{
		Use:   "fetch-runtime [--version V] [--into DIR]",
		Short: "Fetch the native TensorFlow Lite library",
		Long: `Fetch the native TensorFlow Lite library into the user's cache folder, where programs that
are built with Coral for Go look for it. There may be several versions; the variable
CORAL_TFLITE_LIB, set to the file of one, chooses that.

Each version is part of a public package, which that package's manager downloads: pip
(2.17.1), npm (2.9.0) or Apache Maven (2.20.0), as it is configured. What it brings is used
only if its SHA-256 is the one that this command knows. A library that is there already is
not downloaded again.`,
		Example: `  coral fetch-runtime
  coral fetch-runtime --version 2.9.0
  coral fetch-runtime --platform linux/arm64 --into bundle/lib
  library=$(coral fetch-runtime --version 2.20.0 --json | jq -r .path) && CORAL_TFLITE_LIB=$library ./program`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
	}, func(ctx context.Context, _ []string) error { return a.fetchRuntime(ctx, r) })
	flags := c.Flags()
	flags.Var(nameFlag{&r.Version}, "version", "the `VERSION` of TensorFlow Lite (default: what suits this machine)")
	flags.Var(nameFlag{&r.Platform}, "platform", "the `OS/ARCH` that it is for, if not this machine")
	flags.Var(nameFlag{&r.Root}, "root", "a folder `DIR` with the layout of the cache folder, lib/VERSION/OS_ARCH, in place of that")
	flags.Var(nameFlag{&r.Into}, "into", "a folder `DIR` that gets the library file and nothing else, for a bundle or an image")
	c.MarkFlagsMutuallyExclusive("root", "into")
	// The errors would be that a flag does not exist.
	_ = c.MarkFlagDirname("root")
	_ = c.MarkFlagDirname("into")
	_ = c.RegisterFlagCompletionFunc("version", a.completeManifest(func(l fetch.Library) string { return l.Runtime.Version }))
	_ = c.RegisterFlagCompletionFunc("platform", a.completeManifest(func(l fetch.Library) string { return l.Build.String() }))
	return c
}

// completeManifest offers something of all the libraries that there are.
func (a *app) completeManifest(of func(fetch.Library) string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var all []string
		for _, l := range a.fetcher.Libraries("") {
			if s := of(l); !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
		return all, cobra.ShellCompDirectiveNoFileComp
	}
}

// fetchRuntimeOutput is the JSON of coral fetch-runtime.
type fetchRuntimeOutput struct {
	Version string `json:"version"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	// Path of the library is absolute.
	Path string `json:"path"`
}

func (a *app) fetchRuntime(ctx context.Context, r fetch.Request) error {
	f := *a.fetcher
	f.Note = func(line string) { a.print("%s", line) }
	if a.asJSON {
		f.Note = func(line string) { a.logger().Info(line) }
	}
	l, err := f.Runtime(ctx, r)
	if err != nil {
		return errors.New(err.Error()) // it says what to do, in which the advice on files would be lost
	}
	if a.asJSON {
		return a.printJSON(fetchRuntimeOutput{l.Runtime.Version, l.Build.OS, l.Build.Arch, l.Path})
	}
	a.print("TensorFlow Lite %s for %s: %s", l.Runtime.Version, l.Build.Platform, l.Path)
	if how := f.HowUsed(r, l); how != "" {
		a.print("%s", how)
	}
	return nil
}
