// Command coral-runtime fetches, checks and installs the native TensorFlow Lite
// library that the rest of the module opens or links, and the models its examples use.
//
// Usage:
//
//	coral-runtime fetch   [--version V] [--platform OS/ARCH] [--root DIR | --into DIR]
//	coral-runtime path    [--version V] [--platform OS/ARCH] [--root DIR]
//	coral-runtime verify  [--root DIR]
//	coral-runtime install --prefix DIR [--version V] [--platform OS/ARCH] [--header FILE] [--root DIR]
//	coral-runtime env     [--version V] [--platform OS/ARCH] [--root DIR]
//	coral-runtime list    [--json] [--root DIR]
//	coral-runtime models  [--all | --group GROUP | NAME...] [--list] [--dir DIR] [--root DIR]
//
// # Versions
//
// Without --version the environment variable TFLITE decides, and without that
// the default of the manifest (package thirdparty), or an older version where
// this machine's C library is too old for the default. Naming a --platform says
// that the files are for another machine, whose C library is not looked at.
//
// # Where things go
//
// Libraries go to the user's cache folder, where programs that are built with the module
// look for them, so that
//
//	go install github.com/gocoral/coral/cmd/coral-runtime@latest
//	coral-runtime fetch
//
// is all that a machine needs. There may be several versions; path prints where one is, and
// so chooses it for a program:
//
//	library=$(coral-runtime path --version 2.9.0) && CORAL_TFLITE_LIB=$library ./program
//
// --root names another folder, of the same layout as the cache folder, and --into one that
// gets the bare file: programs also look beside themselves.
//
// # Models
//
// Models, labels and pictures go to the cache folder too, and in a checkout of the module to
// third_party/models. They are in groups, by what they are for and how much has to be
// downloaded:
//
//	demo    what is fetched unless something else is asked for
//	tasks   what the tests of the tasks need besides: faces and photographs, 19 MB
//	more    what only those need who ask for it, by name or with --all
//	graphs  TensorFlow.js models, 145 MB, which "make models-converted" makes TFLite models of
//
// A NAME may hold * and ?, and is looked for in all groups; models --list prints what there
// is, with licences:
//
//	coral-runtime models 'face_detection_*' astronaut.png
//
// # Linking
//
// Programs that are built with the tag tflite_link are linked to the library. env prints the
// variables to set for building and for running them, install makes what pkg-config reads
// for the tag tflite_pkgconfig:
//
//	eval "$(coral-runtime env)"
//	go build -tags tflite_link
//
// # Downloads
//
// The command opens no connection of its own. It runs the package manager of
// each package (pip, npm, mvn, go) with the registry, proxy and credentials that
// the user configured, and trusts nothing that it brings until the SHA-256 is
// that of the manifest. What is already there, with the right hash, is not
// fetched again and needs neither package manager nor network.
//
// Exit status: 0 done, 1 the work failed, 2 wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/gocoral/coral/internal/fetch"
	thirdparty "github.com/gocoral/coral/third_party"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main without the process: it returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	// An interrupt kills the package manager and still removes temporary files.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	t := &tool{stdout: stdout, stderr: stderr, fetcher: *fetch.New(nil), models: thirdparty.Models()}
	return t.run(ctx, args)
}

// tool is one call of the command. Tests give it manifests of their own.
type tool struct {
	stdout, stderr io.Writer
	fetcher        fetch.Fetcher
	models         []thirdparty.Collection
}

// command is one subcommand. setup defines its flags and returns what to do
// once they are parsed.
type command struct {
	name, args, about string
	setup             func(*tool, *flag.FlagSet) func(ctx context.Context, args []string) error
}

func commands() []command {
	return []command{
		{"fetch", "", "fetch a runtime", (*tool).fetch},
		{"path", "", "print where a fetched runtime is", (*tool).path},
		{"verify", "", "check the hash of everything fetched", (*tool).verify},
		{"install", "", "put library, C header and pkg-config file under a prefix", (*tool).install},
		{"env", "", "print the environment for building with -tags tflite_link", (*tool).env},
		{"list", "", "list runtimes and platforms", (*tool).list},
		{"models", " [NAME...]", "fetch models and pictures; NAME may hold * and ?", (*tool).fetchModels},
	}
}

// usageError is a mistake in the command line, which ends in exit status 2.
type usageError struct{ error }

func (t *tool) run(ctx context.Context, args []string) int {
	t.fetcher.Note = func(line string) { t.notef("%s", line) }
	err := t.dispatch(ctx, args)
	_, usage := errors.AsType[usageError](err)
	usage = usage || errors.Is(err, thirdparty.ErrUnknown)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case usage:
		fmt.Fprintf(t.stderr, "coral-runtime: %s; run coral-runtime -h\n", oneLine(err))
		return 2
	case ctx.Err() != nil:
		fmt.Fprintln(t.stderr, "coral-runtime: interrupted")
		return 1
	default:
		fmt.Fprintf(t.stderr, "coral-runtime: %s\n", oneLine(err))
		return 1
	}
}

func (t *tool) dispatch(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return usageError{errors.New("no command given")}
	}
	if slices.Contains([]string{"-h", "-help", "--help", "help"}, args[0]) {
		t.help()
		return flag.ErrHelp
	}
	i := slices.IndexFunc(commands(), func(c command) bool { return c.name == args[0] })
	if i < 0 {
		return usageError{fmt.Errorf("unknown command %q", args[0])}
	}
	return t.call(ctx, commands()[i], args[1:])
}

func (t *tool) call(ctx context.Context, c command, args []string) error {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // its own messages take several lines
	do := c.setup(t, fs)
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(t.stdout, "coral-runtime %s [flags]%s: %s\n", c.name, c.args, c.about)
		fs.SetOutput(t.stdout)
		fs.PrintDefaults()
		return err
	} else if err != nil {
		return usageError{err}
	}
	if c.args == "" && fs.NArg() > 0 {
		return usageError{fmt.Errorf("%s takes no argument, got %q", c.name, fs.Arg(0))}
	}
	return do(ctx, fs.Args())
}

func (t *tool) help() {
	fmt.Fprintln(t.stdout, "coral-runtime fetches, checks and installs the native TensorFlow Lite library.")
	fmt.Fprintln(t.stdout)
	for _, c := range commands() {
		fmt.Fprintf(t.stdout, "  coral-runtime %-18s %s\n", c.name+c.args, c.about)
	}
	fmt.Fprintln(t.stdout, "\ncoral-runtime COMMAND -h lists the flags. TFLITE=VERSION stands for --version.")
}

// notef tells the user something that is not the result.
func (t *tool) notef(format string, args ...any) {
	fmt.Fprintf(t.stderr, "coral-runtime: "+format+"\n", args...)
}

// oneLine is the text of an error on a single line, whatever it wraps.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
