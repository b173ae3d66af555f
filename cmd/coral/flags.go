package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu"
)

// deviceFlag is the value of --device, valid from the start; "" is auto.
type deviceFlag string

// policies are the names that stand for no particular Edge TPU.
func policies() []string {
	return []string{coral.Auto.String(), coral.CPUOnly.String(), coral.RequireTPU.String()}
}

// Set refuses what coral.WithDevice would, before any work is done.
func (d *deviceFlag) Set(s string) error {
	if !slices.Contains(policies(), s) {
		if _, err := edgetpu.ParseDevice(s); err != nil {
			return fmt.Errorf("%w; or auto, cpu, tpu", err)
		}
	}
	*d = deviceFlag(s)
	return nil
}

func (d *deviceFlag) String() string { return string(*d) }

// Type is for the help text.
func (d *deviceFlag) Type() string { return "device" }

func completeDevice(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return append(policies(), string(edgetpu.USB), string(edgetpu.PCIe)), cobra.ShellCompDirectiveNoFileComp
}

// intFlag is a number within limits.
type intFlag struct{ value, min, max int }

// Set refuses numbers beyond the limits.
func (f *intFlag) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < f.min || n > f.max {
		return fmt.Errorf("give a number from %d to %d", f.min, f.max)
	}
	f.value = n
	return nil
}

func (f *intFlag) String() string { return strconv.Itoa(f.value) }

// Type is for the help text.
func (f *intFlag) Type() string { return "N" }

// modelFlags are those of all commands that run a model.
type modelFlags struct {
	path    string
	twin    string
	threads intFlag

	inProcess, isolated bool
}

// inProcessFlag keeps a command from starting a process of its own for the model.
const inProcessFlag = "in-process"

// maxThreads is the library's own limit.
const maxThreads = 1024

func (m *modelFlags) define(c *cobra.Command) {
	m.threads = intFlag{value: 1, min: 1, max: maxThreads}
	c.Flags().StringVarP(&m.path, "model", "m", "", "the `MODEL` to run, a .tflite file (required)")
	c.Flags().StringVar(&m.twin, "twin", "", "its other form, `MODEL` for the CPU or the Edge TPU (default: the file beside it, x.tflite and x_edgetpu.tflite)")
	c.Flags().Var(&m.threads, "threads", "CPU threads")
	c.Flags().BoolVar(&m.isolated, "isolated", false, "drive PCIe accelerators in a worker process too, and with --device cpu run the model in one that is limited in memory and time")
	c.Flags().BoolVar(&m.inProcess, inProcessFlag, false, "do everything in one process, for debuggers and profilers; a crash of native code is then reported by the Go runtime")
	c.MarkFlagsMutuallyExclusive("isolated", inProcessFlag)
	// The errors would be that a flag does not exist.
	_ = c.MarkFlagRequired("model")
	_ = c.MarkFlagFilename("model", "tflite")
	_ = c.MarkFlagFilename("twin", "tflite")
}

// open makes the session that the flags ask for.
func (m *modelFlags) open(ctx context.Context, a *app, opts ...coral.Option) (*coral.Session, error) {
	opts = append(opts, coral.WithDevice(string(a.device)), coral.WithThreads(m.threads.value), coral.WithLogger(a.logger()))
	switch {
	case m.isolated:
		opts = append(opts, coral.Isolated())
	case m.inProcess:
		opts = append(opts, coral.InProcess())
	}
	if m.twin != "" {
		opts = append(opts, coral.WithTwin(m.twin))
	}
	return coral.OpenContext(ctx, m.path, opts...)
}

// introduce tells people what there is and what a session runs on.
func (a *app) introduce(ctx context.Context, s *coral.Session) {
	if a.device != deviceFlag(coral.CPUOnly.String()) {
		a.print("Found:    %s", finding(ctx))
	}
	a.print("Device:   %s, because %s", s.Device(), s.Reason())
	a.print("Backend:  %s", s.Backend())
}

// finding is what a probe sees, in a line.
func finding(ctx context.Context) string {
	devices, err := edgetpu.Probe(ctx)
	if err != nil {
		return err.Error()
	}
	names := make([]string, len(devices))
	for k, d := range devices {
		names[k] = d.String()
	}
	return cmp.Or(strings.Join(names, "; "), "no Edge TPU")
}
