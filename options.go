package coral

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/options"
	"github.com/gocoral/coral/model"
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
	policyGiven  bool
	device       *string            // of WithDevice, as given
	selectors    []edgetpu.Selector // one for each accelerator the session is to have
	severalGiven bool               // by WithDevices
	allDevices   bool
	twin         string
	twinBytes    []byte
	fsys         fs.FS // nil for the system's files
	interpreters int
	limits       model.Limits
	shapes       map[int][]int
	threads      int
	xnnpack      tflite.XNNPACKMode
	tflite       []tflite.Option
	tpuOptions   edgetpu.Options
	library      []string
	watchdog     time.Duration
	resetState   bool
	isolation    Isolation
	isolations   []Isolation // as given
	workerMemory uint64
	notify       func(Device, error)
	logger       *slog.Logger
	probe        func(context.Context) ([]edgetpu.Device, error)
	unisolated   sync.Once // the warning that a device is driven in this process
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
	if err := options.Apply(c, opts); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.probe == nil {
		c.probe = func(ctx context.Context) ([]edgetpu.Device, error) {
			return edgetpu.Probe(ctx, edgetpu.WithLogger(c.logger))
		}
	}
	return c, nil
}

// check refuses options that contradict each other.
func (c *config) check() error {
	contradiction := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrOption, fmt.Sprintf(format, args...))
	}
	for _, i := range c.isolations {
		if i != c.isolation {
			return contradiction("WithIsolation(%v) and WithIsolation(%v)", c.isolations[0], c.isolation)
		}
	}
	switch named := c.severalGiven || c.device != nil && c.selectors[0] != (edgetpu.Selector{}); {
	case c.device != nil && c.severalGiven:
		return contradiction("WithDevice and WithDevices")
	case c.policyGiven && c.device != nil && slices.Contains([]string{CPUOnly.String(), RequireTPU.String()}, *c.device) && *c.device != c.policy.String():
		return contradiction("WithPolicy(%v) and WithDevice(%q)", c.policy, *c.device)
	case c.policyGiven && c.policy == CPUOnly && named:
		return contradiction("CPUOnly and a device: no Edge TPU is used")
	case c.workerMemory > 0 && c.isolation != Isolated:
		return contradiction("WithWorkerMemory without WithIsolation(Isolated): there may be no worker process")
	case len(c.tflite) > 0 && c.isolation == Isolated:
		return contradiction("WithTFLite and WithIsolation(Isolated): its options do not reach a worker process")
	case c.twin != "" && c.twinBytes != nil:
		return contradiction("WithTwin and WithTwinBytes")
	}
	for k, s := range c.selectors {
		if s != (edgetpu.Selector{}) && slices.Contains(c.selectors[:k], s) {
			return contradiction("device %v twice", s)
		}
	}
	return nil
}

// fitPair refuses what the options demand of a pair that it cannot have.
func (c *config) fitPair(p *pair) error {
	if len(c.tflite) > 0 && p.tpu != nil && c.policy != CPUOnly && c.isolation != InProcess {
		return fmt.Errorf("%w: WithTFLite and a model compiled for the Edge TPU, which a worker process may run: give CPUOnly or WithIsolation(InProcess) too", ErrOption)
	}
	return nil
}

// WithPolicy overrides [Auto], and the policy that [WithDevice] sets.
func WithPolicy(p Policy) Option {
	return func(c *config) error {
		if p < Auto || p > RequireTPU {
			return fmt.Errorf("policy %d: %w", int(p), ErrRange)
		}
		c.policy, c.policyGiven = p, true
		return nil
	}
}

// WithDevice sets policy and device by name: "auto", "cpu", "tpu" are the three
// policies; "usb", "usb:N", "pci", "pci:N", ":N" and a device's path, as
// [edgetpu.ParseDevice] reads them, require that Edge TPU, unless [WithPolicy] says
// otherwise. "" is "auto".
func WithDevice(name string) Option {
	return func(c *config) error {
		policy, selector := RequireTPU, edgetpu.Selector{}
		switch name {
		case "", Auto.String():
			policy = Auto
		case CPUOnly.String():
			policy = CPUOnly
		case RequireTPU.String():
		default:
			var err error
			if selector, err = edgetpu.ParseDevice(name); err != nil {
				return fmt.Errorf("%w; or auto, cpu, tpu", err)
			}
		}
		if c.device != nil && *c.device != name {
			return fmt.Errorf("%w: WithDevice(%q) and WithDevice(%q)", ErrOption, *c.device, name)
		}
		if !c.policyGiven {
			c.policy = policy
		}
		c.device, c.selectors, c.allDevices = &name, []edgetpu.Selector{selector}, false
		return nil
	}
}

// WithDevices has the session use several accelerators side by side, each for one
// inference at a time: those of the given names, as [edgetpu.ParseDevice] reads them, or
// without names all that are attached. The policy is not changed: under Auto the session
// makes do with fewer.
func WithDevices(names ...string) Option {
	return func(c *config) error {
		c.severalGiven, c.allDevices = true, len(names) == 0
		c.selectors = make([]edgetpu.Selector, max(1, len(names)))
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
			return fmt.Errorf("timeout of %v for an inference: %w", d, ErrRange)
		}
		c.watchdog = d
		return nil
	}
}

// WithStateReset lets a model with state (an LSTM for example) go on on another device
// from the initial state when its device is lost. Without it such a loss gives [ErrStateLost].
func WithStateReset() Option {
	return func(c *config) error {
		c.resetState = true
		return nil
	}
}

// WithOnChange calls f whenever the session goes to another device, with what
// [Session.Status] returned then: the device, and why it is not an Edge TPU. The calls come
// one after the other, in the order of the changes, from a goroutine of their own, and end
// with [Session.Close], which does not wait for one that is under way.
func WithOnChange(f func(Device, error)) Option {
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

// WithTwinBytes is [WithTwin] with the content of the file.
func WithTwinBytes(model []byte) Option {
	return func(c *config) error {
		c.twinBytes = model
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
			return fmt.Errorf("%d interpreters asked for, 1 to %d are possible: %w", n, maxInterpreters, ErrRange)
		}
		c.interpreters = n
		return nil
	}
}

const maxInterpreters = 1024

// WithModelLimits sets how much memory a model may ask for, in place of
// [model.DefaultLimits]. A limit of 0 is the default. A model that asks for more wraps
// [ErrMemory].
func WithModelLimits(limits model.Limits) Option {
	return func(c *config) error {
		c.limits = limits
		return nil
	}
}

// WithInputShape gives input index another shape than the file does, before the tensors are
// allocated, for models with open dimensions. The sizes of a compiled model are fixed: where
// it does not have that shape, the session runs on the CPU and says why.
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
		if n < 1 {
			return fmt.Errorf("%d threads asked for, 1 is the least: %w", n, ErrRange)
		}
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

// WithTFLite passes further options on to every interpreter in this process; they override
// what the session would set. They cannot reach a worker process, so they go with models
// and policies that need none.
func WithTFLite(opts ...tflite.Option) Option {
	return func(c *config) error {
		c.tflite = append(c.tflite, opts...)
		return nil
	}
}

// Isolation says which devices a session drives in a worker process.
type Isolation int

const (
	// IsolatedUSB has USB accelerators driven in a worker process where one can be started,
	// and all else in this process.
	IsolatedUSB Isolation = iota
	// InProcess has every accelerator driven in this process. That saves the passing of
	// tensors between processes (see bench/), and costs the process its life when
	// libedgetpu aborts, which it does for every fault of a USB device.
	InProcess
	// Isolated has every accelerator driven in a worker process, PCIe ones too. Without a
	// way to start one ([WorkerMain]) opening a device fails.
	//
	// With [CPUOnly] it is the CPU model that runs in worker processes, one for each
	// interpreter, and this process loads nothing of it: for models that are not trusted.
	// One that crashes the runtime, or takes more memory ([WithWorkerMemory]) or time
	// ([WithTPUTimeout]) than it may, costs an error. It protects against crashes and
	// exhaustion, not against code that an attacker has smuggled in: a worker process may
	// do what its user may. The model's inputs and outputs must have sizes before it runs.
	Isolated
)

// String returns the name of the constant.
func (i Isolation) String() string {
	switch i {
	case IsolatedUSB:
		return "IsolatedUSB"
	case InProcess:
		return "InProcess"
	case Isolated:
		return "Isolated"
	}
	return fmt.Sprintf("Isolation(%d)", int(i))
}

// WithIsolation overrides [IsolatedUSB].
func WithIsolation(i Isolation) Option {
	return func(c *config) error {
		if i < IsolatedUSB || i > Isolated {
			return fmt.Errorf("isolation %d: %w", int(i), ErrRange)
		}
		c.isolation, c.isolations = i, append(c.isolations, i)
		return nil
	}
}

// WithWorkerMemory limits the memory of worker processes to so many bytes (RLIMIT_DATA), and
// that of a model's inputs and outputs in this process. It goes with [Isolated]; 0, the
// default, is no limit.
func WithWorkerMemory(bytes uint64) Option {
	return func(c *config) error {
		c.workerMemory = bytes
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
