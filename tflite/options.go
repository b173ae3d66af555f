package tflite

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"
	"unsafe"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/internal/capi"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/options"
)

// Option configures an [Interpreter]. Of options that set the same thing the last one
// counts; a nil Option does nothing.
type Option func(*config) error

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

type config struct {
	threads   int
	xnnpack   XNNPACKMode
	delegates []delegate.Delegate
	customOps []CustomOp
	maxBytes  int64 // 0: what the model was loaded with
	shapes    []inputShape
	offload   func(context.Context, *Offload) error
	observe   func(time.Duration, error)
	logger    *slog.Logger
}

// maxThreads is far above any machine this runs on; the runtime creates as many
// threads as it is asked for.
const maxThreads = 1024

// inputShape is what [WithInputShape] asks for.
type inputShape struct {
	index int
	shape []int
}

func newConfig(opts []Option) (*config, error) {
	c := &config{threads: 1, logger: slog.New(slog.DiscardHandler)}
	if err := options.Apply(c, opts); err != nil {
		return nil, err
	}
	return c, nil
}

// WithThreads sets the number of threads for CPU kernels, 1 to 1024 ([ErrRange]). The
// default is 1: on small models the built-in kernels get slower with every further one.
func WithThreads(n int) Option {
	return func(c *config) error {
		if n < 1 || n > maxThreads {
			return fmt.Errorf("%d threads asked for, 1 to %d are possible: %w", n, maxThreads, ErrRange)
		}
		c.threads = n
		return nil
	}
}

// WithXNNPACK overrides [XNNPACKAuto].
func WithXNNPACK(mode XNNPACKMode) Option {
	return func(c *config) error {
		if mode < XNNPACKAuto || mode > XNNPACKOff {
			return fmt.Errorf("unknown XNNPACK mode %d: %w", mode, ErrRange)
		}
		c.xnnpack = mode
		return nil
	}
}

// WithDelegates has the delegates take their operators in the order given, before
// XNNPACK gets the rest. The interpreter keeps them from the garbage collector, and they
// must not be deleted before it is closed. This module's delegates put an early Delete
// off by themselves; for those of other libraries it is the caller's duty.
func WithDelegates(ds ...delegate.Delegate) Option {
	return func(c *config) error {
		for i, d := range ds {
			if errs.IsNil(d) || d.Ptr() == nil {
				return fmt.Errorf("delegate %d is nil: %w", i, ErrDelegateDeclined)
			}
		}
		c.delegates = append(c.delegates, ds...)
		return nil
	}
}

// WithCustomOp makes an operator available to the model. One without a name, Prepare or
// Invoke gives [ErrUnresolvedOp], and versions that are no range [ErrRange].
func WithCustomOp(op CustomOp) Option {
	return func(c *config) error {
		if op.Name == "" || op.Prepare == nil || op.Invoke == nil {
			return fmt.Errorf("custom operator %q needs a name, Prepare and Invoke: %w", op.Name, ErrUnresolvedOp)
		}
		if op.MinVersion == 0 && op.MaxVersion == 0 {
			op.MinVersion, op.MaxVersion = 1, 1
		}
		if op.MinVersion < 1 || op.MaxVersion < op.MinVersion || op.MaxVersion > math.MaxInt32 {
			return fmt.Errorf("custom operator %q: versions %d to %d are no range: %w", op.Name, op.MinVersion, op.MaxVersion, ErrRange)
		}
		c.customOps = append(c.customOps, op)
		return nil
	}
}

// WithPlaceholderOp makes a custom operator known that runs elsewhere: the model can
// then be loaded and its tensors used, but an Invoke that reaches the operator fails.
// See [WithOffload].
//
// Experimental: it is there for package coral and may change.
func WithPlaceholderOp(name string) Option {
	prepare, invoke := capi.Placeholder()
	return WithCustomOp(CustomOp{Name: name, Prepare: prepare, Invoke: invoke})
}

// WithInputShape gives an input a shape before the tensors are allocated for the first
// time, under the rules of [Interpreter.Resize]. A model with open dimensions may need
// it: at the size in its file, mostly 1, not every graph can be allocated. Given twice
// for an input, the last one counts.
func WithInputShape(index int, shape ...int) Option {
	shape = slices.Clone(shape)
	return func(c *config) error {
		c.shapes = slices.DeleteFunc(c.shapes, func(s inputShape) bool { return s.index == index })
		c.shapes = append(c.shapes, inputShape{index, shape})
		return nil
	}
}

// WithMaxTensorBytes bounds the size of an input after Resize; the default is what the
// model was loaded with, see [WithModelLimits]. A larger shape gives ErrSize.
func WithMaxTensorBytes(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return fmt.Errorf("limit of %d bytes for a tensor: %w", n, ErrRange)
		}
		c.maxBytes = int64(n)
		return nil
	}
}

// WithObserver calls f after every Invoke of the primary graph that was begun, with how long
// it took and its error. f runs in the caller's goroutine and must not use the interpreter.
//
// Experimental: it is there for package coral and may change.
func WithObserver(f func(took time.Duration, err error)) Option {
	return func(c *config) error {
		c.observe = f
		return nil
	}
}

// WithLogger sends what is worth knowing (a delegate that was dropped, memory that
// could not be freed) to l. The default is to log nothing.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		c.logger = cmp.Or(l, slog.New(slog.DiscardHandler))
		return nil
	}
}
