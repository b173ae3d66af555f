package coral

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/tflite"
)

// Option configures [Open].
type Option func(*config) error

// Policy says what a session may run on.
type Policy int

const (
	// Auto uses an Edge TPU where one is usable and the model is compiled for
	// it, the CPU otherwise.
	Auto Policy = iota
	// CPUOnly never looks for an Edge TPU.
	CPUOnly
	// RequireTPU fails where Auto would use the CPU.
	RequireTPU
)

// String returns the name that the command line uses.
func (p Policy) String() string {
	switch p {
	case Auto:
		return "auto"
	case CPUOnly:
		return "cpu"
	case RequireTPU:
		return "tpu"
	}
	return fmt.Sprintf("policy(%d)", int(p))
}

type config struct {
	policy       Policy
	selectors    []edgetpu.Selector // one for each accelerator the session is to have
	allDevices   bool
	twin         string
	fsys         fs.FS // nil for the system's files
	interpreters int
	shapes       map[int][]int
	threads      int
	xnnpack      tflite.XNNPACKMode
	tflite       []tflite.Option
	tpuOptions   edgetpu.Options
	library      []string
	watchdog     time.Duration
	resetState   bool
	isolation    isolation
	workerMemory uint64
	notify       func(Device, string)
	logger       *slog.Logger
	probe        func(context.Context) ([]edgetpu.Device, error)
}

// defaultWatchdog is far above what any model takes on an Edge TPU, and short enough for
// somebody who waits for a hanging one.
const defaultWatchdog = 10 * time.Second

func newConfig(opts []Option) (*config, error) {
	c := &config{
		selectors: make([]edgetpu.Selector, 1),
		threads:   1,
		watchdog:  defaultWatchdog,
		logger:    slog.New(slog.DiscardHandler),
	}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(c); err != nil {
			return nil, err
		}
	}
	if c.probe == nil {
		c.probe = func(ctx context.Context) ([]edgetpu.Device, error) {
			return edgetpu.Probe(ctx, edgetpu.WithLogger(c.logger))
		}
	}
	c.tflite = append(c.tflite, tflite.WithThreads(c.threads), tflite.WithXNNPACK(c.xnnpack), tflite.WithLogger(c.logger))
	return c, nil
}

// WithPolicy overrides [Auto].
func WithPolicy(p Policy) Option {
	return func(c *config) error {
		if p < Auto || p > RequireTPU {
			return fmt.Errorf("unknown policy %d", int(p))
		}
		c.policy = p
		return nil
	}
}

// WithDevice sets policy and device by name: "auto", "cpu", "tpu" are the three
// policies; "usb", "usb:N", "pci", "pci:N", ":N" and a device's path, as
// [edgetpu.ParseDevice] reads them, require that Edge TPU. "" is "auto".
func WithDevice(name string) Option {
	return func(c *config) error {
		for _, p := range []Policy{Auto, CPUOnly, RequireTPU} {
			if name == p.String() || name == "" {
				c.policy, c.selectors = p, make([]edgetpu.Selector, 1)
				return nil
			}
		}
		selector, err := edgetpu.ParseDevice(name)
		if err != nil {
			return fmt.Errorf("%w; or auto, cpu, tpu", err)
		}
		c.policy, c.selectors = RequireTPU, []edgetpu.Selector{selector}
		return nil
	}
}

// WithDevices has the session use several accelerators side by side, each for one
// inference at a time: those of the given names, as [edgetpu.ParseDevice] reads them, or
// without names all that are attached. The policy is not changed: under Auto the session
// makes do with fewer.
func WithDevices(names ...string) Option {
	return func(c *config) error {
		c.allDevices, c.selectors = len(names) == 0, make([]edgetpu.Selector, max(1, len(names)))
		for k, name := range names {
			var err error
			if c.selectors[k], err = edgetpu.ParseDevice(name); err != nil {
				return err
			}
		}
		return nil
	}
}

// WithTPUOptions configures the accelerators, their clock for example.
func WithTPUOptions(o edgetpu.Options) Option {
	return func(c *config) error {
		c.tpuOptions = o
		return nil
	}
}

// WithTPULibrary names the libedgetpu to load, as [edgetpu.Load] does.
func WithTPULibrary(paths ...string) Option {
	return func(c *config) error {
		c.library = paths
		return nil
	}
}

// WithTPUTimeout bounds one inference on an accelerator; the default is ten seconds. One
// that takes longer counts as hanging: it is repeated elsewhere, and its device is taken
// out of use.
func WithTPUTimeout(d time.Duration) Option {
	return func(c *config) error {
		if d <= 0 {
			return fmt.Errorf("timeout of %v for an inference: %w", d, ErrSize)
		}
		c.watchdog = d
		return nil
	}
}

// WithStateReset lets a model with state (an LSTM for example) go on on another device
// from a zero state when its device is lost. Without it such a loss gives [ErrStateLost].
func WithStateReset() Option {
	return func(c *config) error {
		c.resetState = true
		return nil
	}
}

// WithOnChange calls f whenever the session goes to another device, with the device and
// the reason, from a goroutine of the session's. f must not call the session.
func WithOnChange(f func(Device, string)) Option {
	return func(c *config) error {
		c.notify = f
		return nil
	}
}

// WithTwin names the other form of the model: the CPU model of an Edge TPU one, or
// the reverse. Without it the file beside the model with the same name plus or minus
// "_edgetpu" is taken, if there is one.
func WithTwin(path string) Option {
	return func(c *config) error {
		c.twin = path
		return nil
	}
}

// WithFS reads the model and its twin from fsys, an embed.FS for example.
func WithFS(fsys fs.FS) Option {
	return func(c *config) error {
		c.fsys = fsys
		return nil
	}
}

// WithInterpreters gives the session n interpreters, so that n calls run at the
// same time; further ones wait. The default is 1, or as many as the session has
// accelerators. Weights are shared, tensors are not.
//
// A model with state (variable tensors) admits one only, since each interpreter
// would have a state of its own.
func WithInterpreters(n int) Option {
	return func(c *config) error {
		if n < 1 || n > maxInterpreters {
			return fmt.Errorf("%d interpreters asked for, 1 to %d are possible: %w", n, maxInterpreters, ErrSize)
		}
		c.interpreters = n
		return nil
	}
}

const maxInterpreters = 1024

// WithInputShape resizes input index before the tensors are allocated, for models
// with open dimensions.
func WithInputShape(index int, shape ...int) Option {
	return func(c *config) error {
		if c.shapes == nil {
			c.shapes = make(map[int][]int)
		}
		c.shapes[index] = slices.Clone(shape)
		return nil
	}
}

// WithThreads sets the number of CPU threads of each interpreter; the default is 1.
func WithThreads(n int) Option {
	return func(c *config) error {
		c.threads = n
		return nil
	}
}

// WithXNNPACK overrides [tflite.XNNPACKAuto], also for the operators that a compiled
// model leaves to the CPU.
func WithXNNPACK(mode tflite.XNNPACKMode) Option {
	return func(c *config) error {
		c.xnnpack = mode
		return nil
	}
}

// WithTFLite passes further options on to every interpreter that runs on the CPU.
func WithTFLite(opts ...tflite.Option) Option {
	return func(c *config) error {
		c.tflite = append(c.tflite, opts...)
		return nil
	}
}

// WithLogger sends the session's decisions and mishaps to l. The default is to log
// nothing.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		if l != nil {
			c.logger = l
		}
		return nil
	}
}
