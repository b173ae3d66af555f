package tflite

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"time"
	"unsafe"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/internal/capi"
)

// Option configures an [Interpreter].
type Option func(*options) error

// XNNPACKMode says whether an interpreter uses XNNPACK, the vectorised CPU
// kernels that the C API leaves out unless asked.
type XNNPACKMode int

const (
	// XNNPACKAuto uses XNNPACK where the runtime has it and it can prepare the
	// model, and the built-in kernels otherwise. It is the default.
	XNNPACKAuto XNNPACKMode = iota
	// XNNPACKOn fails with ErrDelegateDeclined or ErrUnsupported where Auto
	// would do without.
	XNNPACKOn
	// XNNPACKOff uses the built-in kernels only. Their results differ from
	// XNNPACK's in the last bit or, in deep quantised models, by some quanta.
	XNNPACKOff
)

// CustomOp is an operator implemented by C functions, each a pointer of the type
// that TfLiteRegistration in tensorflow/lite/c/common.h gives it. Init and Free
// may be nil. Their code must stay loaded while interpreters use it.
type CustomOp struct {
	// Name is the custom code in the model.
	Name string
	// MinVersion and MaxVersion bound the operator versions served; both zero
	// means version 1.
	MinVersion, MaxVersion int

	Init, Free, Prepare, Invoke unsafe.Pointer
}

type options struct {
	threads   int
	xnnpack   XNNPACKMode
	delegates []delegate.Delegate
	customOps []CustomOp
	maxBytes  int
	offload   func(context.Context, *Offload) error
	observe   func(time.Duration, error)
	logger    *slog.Logger
}

// maxThreads is far above any machine this runs on; the runtime creates as many
// threads as it is told to.
const maxThreads = 1024

// defaultMaxBytes bounds one input tensor after Resize. An allocation that the
// system refuses ends the process inside 2.9.0, so it must not be tried.
const defaultMaxBytes = 256 << 20

func newOptions(opts []Option) (*options, error) {
	o := &options{threads: 1, maxBytes: defaultMaxBytes, logger: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// WithThreads sets the number of threads for CPU kernels, 1 to 1024. The default
// is 1: on small models the built-in kernels get slower with every further one.
func WithThreads(n int) Option {
	return func(o *options) error {
		if n < 1 || n > maxThreads {
			return fmt.Errorf("%d threads asked for, 1 to %d are possible: %w", n, maxThreads, ErrSize)
		}
		o.threads = n
		return nil
	}
}

// WithXNNPACK overrides [XNNPACKAuto].
func WithXNNPACK(mode XNNPACKMode) Option {
	return func(o *options) error {
		if mode < XNNPACKAuto || mode > XNNPACKOff {
			return fmt.Errorf("unknown XNNPACK mode %d", mode)
		}
		o.xnnpack = mode
		return nil
	}
}

// WithDelegates has the delegates take their operators in the order given, before
// XNNPACK gets the rest. The interpreter borrows them: they must not be deleted
// before it is closed. This module's delegates put an early Delete off by
// themselves; for those of other libraries it is the caller's duty.
func WithDelegates(ds ...delegate.Delegate) Option {
	return func(o *options) error {
		for i, d := range ds {
			if d == nil || d.Ptr() == nil {
				return fmt.Errorf("delegate %d is nil: %w", i, ErrDelegateDeclined)
			}
		}
		o.delegates = append(o.delegates, ds...)
		return nil
	}
}

// WithCustomOp makes an operator available to the model.
func WithCustomOp(op CustomOp) Option {
	return func(o *options) error {
		if op.Name == "" || op.Prepare == nil || op.Invoke == nil {
			return fmt.Errorf("custom operator %q needs a name, Prepare and Invoke", op.Name)
		}
		if op.MinVersion == 0 && op.MaxVersion == 0 {
			op.MinVersion, op.MaxVersion = 1, 1
		}
		if op.MinVersion < 1 || op.MaxVersion < op.MinVersion || op.MaxVersion > math.MaxInt32 {
			return fmt.Errorf("custom operator %q: versions %d to %d are no range", op.Name, op.MinVersion, op.MaxVersion)
		}
		o.customOps = append(o.customOps, op)
		return nil
	}
}

// WithPlaceholderOp makes a custom operator known that runs elsewhere: the model can
// then be loaded and its tensors used, but an Invoke that reaches the operator fails.
// See [WithOffload].
func WithPlaceholderOp(name string) Option {
	prepare, invoke := capi.Placeholder()
	return WithCustomOp(CustomOp{Name: name, Prepare: prepare, Invoke: invoke})
}

// WithMaxTensorBytes bounds the size of an input after Resize; the default is
// 256 MiB. A larger shape gives ErrSize.
func WithMaxTensorBytes(n int) Option {
	return func(o *options) error {
		if n < 1 {
			return fmt.Errorf("limit of %d bytes for a tensor: %w", n, ErrSize)
		}
		o.maxBytes = n
		return nil
	}
}

// WithObserver has f told of every Invoke of the primary graph that was begun: how long it
// took, and its error. f runs in the caller's goroutine and must not use the interpreter.
func WithObserver(f func(took time.Duration, err error)) Option {
	return func(o *options) error {
		o.observe = f
		return nil
	}
}

// WithLogger sends what is worth knowing (a delegate that was dropped, memory that
// could not be freed) to l. The default is to log nothing.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) error {
		if l != nil {
			o.logger = l
		}
		return nil
	}
}
