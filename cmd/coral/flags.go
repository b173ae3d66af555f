package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/model"
)

// deviceFlag is the value of --device, valid from the start; "" is auto.
type deviceFlag string

// policies are the names that stand for no particular Edge TPU.
func policies() []string {
	return []string{coral.Auto.String(), coral.CPUOnly.String(), coral.RequireTPU.String()}
}

// Set refuses what coral.WithDevice would, before any work is done.
func (d *deviceFlag) Set(s string) error {
	if s == "" {
		return fmt.Errorf("give the name of a device, or leave out --device")
	}
	if !slices.Contains(policies(), s) {
		if _, err := edgetpu.ParseDevice(s); err != nil {
			// What was given is in front of the whole already.
			return fmt.Errorf("%s; or auto, cpu, tpu", strings.TrimPrefix(err.Error(), strconv.Quote(s)+": "))
		}
	}
	*d = deviceFlag(s)
	return nil
}

func (d *deviceFlag) String() string { return string(*d) }

// Type is for the help text.
func (d *deviceFlag) Type() string { return "device" }

// completeDevice offers what can be asked for, and the devices that are attached.
func completeDevice(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	all := append(policies(), string(edgetpu.USB), string(edgetpu.PCIe))
	if devices, err := edgetpu.Probe(c.Context()); err == nil {
		for k, name := range deviceNames(devices) {
			all = append(all, cobra.CompletionWithDesc(name, devices[k].String()))
		}
	}
	return all, cobra.ShellCompDirectiveNoFileComp
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

// clockFlag is one of the clocks of the chip.
type clockFlag struct{ value edgetpu.Performance }

// clocks are the names that --clock takes.
var clocks = []string{"low", "medium", "high", "max"}

// Set refuses other names.
func (f *clockFlag) Set(s string) error {
	k := slices.Index(clocks, strings.ToLower(s))
	if k < 0 {
		return fmt.Errorf("give one of %s", strings.Join(clocks, ", "))
	}
	f.value = []edgetpu.Performance{edgetpu.Low, edgetpu.Medium, edgetpu.High, edgetpu.Max}[k]
	return nil
}

func (f *clockFlag) String() string { return strings.ToLower(string(f.value)) }

// Type is for the help text.
func (f *clockFlag) Type() string { return "CLOCK" }

// durationFlag is a time that is not zero.
type durationFlag struct{ value time.Duration }

// Set takes what Go's durations are written as.
func (f *durationFlag) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return fmt.Errorf("give a time, such as 500ms or 10s")
	}
	f.value = d
	return nil
}

func (f *durationFlag) String() string {
	if f.value == 0 {
		return ""
	}
	return f.value.String()
}

// Type is for the help text.
func (f *durationFlag) Type() string { return "TIME" }

// sizeFlag is a number of bytes.
type sizeFlag struct{ value int64 }

// sizeUnits are powers of 1024, as memory is counted.
var sizeUnits = []string{"K", "M", "G"}

// Set takes a number with or without a unit: 300000000, 512M, 1.5GiB.
func (f *sizeFlag) Set(s string) error {
	number := strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(s), "B"), "I")
	factor := 1.0
	for k, unit := range sizeUnits {
		if rest, ok := strings.CutSuffix(number, unit); ok {
			number, factor = rest, float64(int64(1)<<(10*(k+1)))
			break
		}
	}
	x, err := strconv.ParseFloat(number, 64)
	const limit = 1 << 40
	if size := x * factor; err != nil || !(size >= 1 && size <= limit) {
		return fmt.Errorf("give a number of bytes, such as 512M or 1G")
	}
	f.value = int64(x * factor)
	return nil
}

func (f *sizeFlag) String() string {
	if f.value == 0 {
		return ""
	}
	return strconv.FormatInt(f.value, 10)
}

// Type is for the help text.
func (f *sizeFlag) Type() string { return "SIZE" }

// modelFlags are those of all commands that run a model.
type modelFlags struct {
	path      string
	twin      string
	threads   intFlag
	maxTensor sizeFlag

	clock      clockFlag
	tpuTimeout durationFlag

	inProcess, isolated bool
}

const (
	// inProcessFlag keeps a command from starting a process of its own for the model.
	inProcessFlag = "in-process"
	isolatedFlag  = "isolated"
)

// maxThreads is the library's own limit.
const maxThreads = 1024

func (m *modelFlags) define(c *cobra.Command) {
	m.threads = intFlag{value: 1, min: 1, max: maxThreads}
	flags := c.Flags()
	flags.VarP(nameFlag{&m.path}, "model", "m", "the `MODEL` to run, a .tflite file")
	flags.Var(nameFlag{&m.twin}, "twin", "its other form, `MODEL` for the CPU or the Edge TPU (default: the file beside it, x.tflite and x_edgetpu.tflite)")
	flags.Var(&m.threads, "threads", "CPU threads")
	flags.Var(&m.maxTensor, "max-tensor", "the most memory that a tensor may take, `SIZE` in bytes or as 512M, and all together four times as much (default 256M)")
	flags.Var(&m.clock, "clock", "clock of an Edge TPU: low, medium, high or max (default: libedgetpu's)")
	flags.Var(&m.tpuTimeout, "tpu-timeout", "`TIME` after which an inference of an Edge TPU counts as hanging (default 10s)")
	flags.BoolVar(&m.isolated, isolatedFlag, false, "drive PCIe accelerators in a worker process too; with --device cpu, run the model in one, with the time limit of --tpu-timeout")
	flags.BoolVar(&m.inProcess, inProcessFlag, false, "do everything in one process, for debuggers and profilers")
	c.MarkFlagsMutuallyExclusive(isolatedFlag, inProcessFlag)
	// The errors would be that a flag does not exist.
	_ = c.MarkFlagFilename("model", "tflite")
	_ = c.MarkFlagFilename("twin", "tflite")
	_ = c.RegisterFlagCompletionFunc("clock", cobra.FixedCompletions(clocks, cobra.ShellCompDirectiveNoFileComp))
}

var errNoModel = errors.New("no MODEL given: name it, or give it with -m")

// takeModel accepts the model as the one argument of a command, or by --model.
func (m *modelFlags) takeModel(_ *cobra.Command, args []string) error {
	switch {
	case len(args) > 1:
		return fmt.Errorf("unexpected argument %q", args[1])
	case len(args) == 0 && m.path == "":
		return errNoModel
	case len(args) == 1 && m.path != "":
		return fmt.Errorf("two models given, %q and with --model %q", args[0], m.path)
	case len(args) == 1:
		m.path = args[0]
	}
	return nil
}

// completeModel is for shells.
func completeModel(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"tflite"}, cobra.ShellCompDirectiveFilterFileExt
}

// limits are those of --max-tensor. What all tensors may take together is raised with it.
func (m *modelFlags) limits() model.Limits {
	defaults := model.DefaultLimits
	return model.Limits{
		TensorBytes: m.maxTensor.value,
		TotalBytes:  max(defaults.TotalBytes, m.maxTensor.value*(defaults.TotalBytes/defaults.TensorBytes)),
	}
}

// open makes the session that the flags ask for.
func (m *modelFlags) open(ctx context.Context, a *app, opts ...coral.Option) (*coral.Session, error) {
	return checked(coral.OpenContext(ctx, m.path, append(opts, m.options(a)...)...))
}

// openBytes is open for another model than that of the file.
func (m *modelFlags) openBytes(b []byte, a *app, opts ...coral.Option) (*coral.Session, error) {
	return checked(coral.OpenBytes(b, append(m.options(a), opts...)...))
}

// checked tells flags that contradict each other from what else goes wrong.
func checked(s *coral.Session, err error) (*coral.Session, error) {
	if errors.Is(err, coral.ErrOption) {
		return nil, usageError{err}
	}
	return s, err
}

// options are those of the library that the flags stand for.
func (m *modelFlags) options(a *app) []coral.Option {
	opts := []coral.Option{coral.WithDevice(string(a.device)), coral.WithThreads(m.threads.value), coral.WithLogger(a.logger())}
	if a.library != "" {
		opts = append(opts, coral.WithTPULibrary(a.library))
	}
	if m.twin != "" {
		opts = append(opts, coral.WithTwin(m.twin))
	}
	if m.clock.value != "" {
		opts = append(opts, coral.WithTPUOptions(edgetpu.Options{Performance: m.clock.value}))
	}
	if m.tpuTimeout.value != 0 {
		opts = append(opts, coral.WithTPUTimeout(m.tpuTimeout.value))
	}
	if m.maxTensor.value != 0 {
		opts = append(opts, coral.WithModelLimits(m.limits()))
	}
	switch {
	case m.isolated:
		opts = append(opts, coral.WithIsolation(coral.Isolated))
	case m.inProcess:
		opts = append(opts, coral.WithIsolation(coral.InProcess))
	}
	return opts
}
