package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral/internal/fetch"
	"github.com/gocoral/coral/tflite"
)

// app is one call of the command: the process's streams and the flags that all
// commands have.
type app struct {
	stdin  io.Reader
	stdout *output
	stderr io.Writer

	asJSON  bool
	device  deviceFlag
	library string // libedgetpu's file, "" for the usual one
	verbose bool

	fetcher *fetch.Fetcher // of TensorFlow Lite

	signals     []os.Signal // that ask to end
	exit        func(status int)
	supervisor  *supervisor // nil where the work is done in this process
	supervising atomic.Bool // a child does the work

	bar     *progress // nil most of the time
	command string    // as the user would call it, for messages
	started bool      // the arguments are checked and the work has begun
}

func newApp(stdin io.Reader, stdout, stderr io.Writer) *app {
	a := &app{stdin: stdin, stdout: &output{w: stdout}, stderr: stderr, fetcher: fetch.New(nil), signals: interrupts, exit: os.Exit}
	a.stdout.before = func() { a.bar.clear() }
	return a
}

// commands are all there are; a new one is a file of its own and a line here.
func (a *app) commands() []*cobra.Command {
	all := []*cobra.Command{
		a.devicesCommand(),
		a.doctorCommand(),
		a.inspectCommand(),
		a.isolated(a.classifyCommand()),
		a.isolated(a.runCommand()),
		a.isolated(a.benchCommand()),
		a.fetchRuntimeCommand(),
		a.versionCommand(),
	}
	all = append(all, a.hiddenCommands()...)
	for _, command := range packagersCommands {
		all = append(all, command(a))
	}
	return all
}

// packagersCommands are those of builds with the tag man.
var packagersCommands []func(*app) *cobra.Command

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "coral",
		Short: "Run TensorFlow Lite models on Edge TPUs or on the CPU",
		Long: `coral looks for Edge TPUs, and runs TensorFlow Lite models on them or on the CPU.

Exit status: 0 done, 1 the work failed, 2 wrong usage.`,
		Example: `  coral devices
  coral classify -m mobilenet.tflite -l labels.txt parrot.jpg
  echo 'source <(coral completion bash)' >> ~/.bashrc`,
		Version:       cliVersion(),
		SilenceErrors: true, // report prints them
		SilenceUsage:  true,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetVersionTemplate("coral {{.Version}}\n")
	root.SetHelpCommand(helpCommand(root))
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		a.command = c.CommandPath()
		return usageError{err}
	})

	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.BoolVar(&a.asJSON, "json", false, "write one JSON object a line")
	flags.Var(&a.device, "device", "run on `NAME`: auto, cpu, tpu, usb, usb:N, pci, pci:N, :N or a path (default auto)")
	flags.Var(nameFlag{&a.library}, "edgetpu-lib", "libedgetpu's `FILE` (default: "+libraryVariable+", or libedgetpu.so.1 where the loader finds it)")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "log to standard error, with what native libraries print")
	// The error would be that the flag does not exist.
	_ = root.RegisterFlagCompletionFunc("device", completeDevice)

	root.SetUsageTemplate(root.UsageTemplate() + "\nEnvironment:\n" + environmentText())
	root.AddCommand(a.commands()...)
	root.InitDefaultCompletionCmd()
	refuseUnknownShells(root)
	return root
}

// refuseUnknownShells: cobra's command prints its help and succeeds.
func refuseUnknownShells(root *cobra.Command) {
	if c, _, err := root.Find([]string{"completion"}); err == nil {
		c.RunE = func(*cobra.Command, []string) error {
			return usagef("no shell given: name bash, zsh, fish or powershell, as in source <(coral completion bash)")
		}
	}
}

// does sets what the command does once cobra has checked its flags and arguments.
func (a *app) does(c *cobra.Command, work func(ctx context.Context, args []string) error) *cobra.Command {
	c.DisableFlagsInUseLine = true // Use names the important ones
	c.Flags().SortFlags = false
	arguments := c.Args
	c.Args = func(c *cobra.Command, args []string) error {
		a.command = c.CommandPath()
		return arguments(c, args)
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		a.started = true
		if a.verbose { // tests run commands side by side
			tflite.SetLogger(a.logger())
		}
		return work(c.Context(), args)
	}
	return c
}

// helpCommand is cobra's, which prints a page and succeeds for a topic that does not
// exist.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about a command",
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil {
				return usageError{err}
			}
			if len(rest) > 0 {
				return usagef("unknown help topic %q", rest[0])
			}
			c.InitDefaultHelpFlag() // as c --help shows it
			c.InitDefaultVersionFlag()
			return c.Help()
		},
	}
}

// noArguments and someArguments are what cobra.NoArgs and cobra.MinimumNArgs are, in
// words that a user understands.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q", args[0])
	}
	return nil
}

func someArguments(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return errors.New("no " + what + " given")
		}
		return nil
	}
}

// libraries is the argument of [edgetpu.Load].
func (a *app) libraries() []string {
	if a.library == "" {
		return nil
	}
	return []string{a.library}
}

// finalError is one that will not be another's of a list.
type finalError struct{ error }

func (e finalError) Unwrap() error { return e.error }

// forEach does all of a list, also after one that failed; where there are several,
// each tells its error when it happens.
func (a *app) forEach(ctx context.Context, list []string, do func(item string) error) (failed error) {
	for _, item := range list {
		err := do(item)
		if _, final := errors.AsType[finalError](err); final || ctx.Err() != nil || len(list) == 1 {
			return cmp.Or(err, ctx.Err())
		}
		if err != nil {
			a.complain("%s", explain(err))
			failed = errReported
		}
	}
	return failed
}

// logger is for the library, which says nothing unless asked to.
func (a *app) logger() *slog.Logger {
	if !a.verbose {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
