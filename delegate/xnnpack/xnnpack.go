package xnnpack

import (
	"fmt"
	"unsafe"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/internal/borrow"
	"github.com/gocoral/coral/internal/capi"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/options"
	"github.com/gocoral/coral/internal/tflitelib"
)

// The sentinels that this package's errors wrap.
var (
	// ErrUnsupported: the runtime has no XNNPACK, or does not take the
	// options.
	ErrUnsupported = errs.ErrUnsupported
	// ErrDelegateDeclined: the runtime made no delegate.
	ErrDelegateDeclined = errs.ErrDelegateDeclined
	// ErrCgoRequired: the program was built with CGO_ENABLED=0.
	ErrCgoRequired = errs.ErrCgoRequired
	// ErrRange: a number of threads that is not possible.
	ErrRange = errs.ErrRange
	// ErrClosed: the delegate was deleted before.
	ErrClosed = errs.ErrClosed
)

// Delegate is an XNNPACK delegate. One serves any number of interpreters, which then
// share its threads, and must not run at the same time.
//
// Interpreters of package tflite borrow it. One of another binding, such as go-tflite,
// keeps nothing but the native pointer: call [Delegate.Borrow] before it is made and
// [Delegate.Return] after it is deleted, or the delegate may be freed under it.
type Delegate struct {
	owned *borrow.Owned
}

var (
	_ delegate.Delegate = (*Delegate)(nil)
	_ delegate.Borrower = (*Delegate)(nil)
	_ delegate.Namer    = (*Delegate)(nil)
)

type config struct {
	threads int
	flags   uint32
	changed bool
}

// Option configures a [Delegate].
type Option func(*config) error

// WithThreads sets the number of threads, 1 to 1024; the default is 1. Other numbers give
// [ErrRange].
func WithThreads(n int) Option {
	return func(c *config) error {
		if n < 1 || n > 1024 {
			return fmt.Errorf("%d threads asked for, 1 to 1024 are possible: %w", n, ErrRange)
		}
		c.changed = c.changed || n != 1
		c.threads = n
		return nil
	}
}

// WithoutSigned leaves int8 operators to the built-in kernels.
func WithoutSigned() Option { return without(capi.XNNPACKSigned) }

// WithoutUnsigned leaves uint8 operators to the built-in kernels.
func WithoutUnsigned() Option { return without(capi.XNNPACKUnsigned) }

// WithForceFP16 computes float32 models in half precision, which is faster on CPUs
// with FP16 arithmetic (ARMv8.2 and later) and less exact everywhere. On a CPU that
// the runtime has no such kernels for, the interpreter refuses the delegate.
func WithForceFP16() Option {
	return func(c *config) error {
		c.flags |= capi.XNNPACKForceFP16
		c.changed = true
		return nil
	}
}

func without(flag uint32) Option {
	return func(c *config) error {
		c.flags &^= flag
		c.changed = true
		return nil
	}
}

// New makes a delegate with both kinds of quantised kernels enabled.
func New(opts ...Option) (*Delegate, error) {
	library, err := tflitelib.Need()
	if err != nil {
		return nil, fmt.Errorf("xnnpack: %w", err)
	}
	c := config{threads: 1, flags: capi.XNNPACKSigned | capi.XNNPACKUnsigned}
	if err := options.Apply(&c, opts); err != nil {
		return nil, fmt.Errorf("xnnpack: %w", err)
	}
	version := library.Version
	layout := capi.XNNPACKLayout(version)
	switch {
	case !capi.HasXNNPACK():
		return nil, fmt.Errorf("xnnpack: TensorFlow Lite %s was built without it: %w", version, ErrUnsupported)
	case layout == capi.XNNPACKDefaults && c.changed:
		return nil, fmt.Errorf("xnnpack: the options of TensorFlow Lite %s are not known, use the defaults: %w", version, ErrUnsupported)
	}
	ptr := capi.XNNPACKCreate(layout, c.threads, c.flags)
	if ptr == nil {
		return nil, fmt.Errorf("xnnpack: %w", ErrDelegateDeclined)
	}
	return &Delegate{owned: borrow.Own(unsafe.Pointer(ptr), func() { capi.XNNPACKDelete(ptr) })}, nil
}

// own is nil, which has all methods too, for a Delegate that is nil or zero.
func (d *Delegate) own() *borrow.Owned {
	if d == nil {
		return nil
	}
	return d.owned
}

// Ptr returns the TfLiteDelegate*, nil for a Delegate that is nil, zero or freed.
func (d *Delegate) Ptr() unsafe.Pointer { return d.own().Ptr() }

// Borrow keeps the delegate from being freed, by Delete or by the garbage collector,
// until [Delegate.Return]. Interpreters of package tflite call it. It gives [ErrClosed]
// after Delete.
func (d *Delegate) Borrow() error { return d.own().Borrow() }

// Return undoes one Borrow.
func (d *Delegate) Return() { d.own().Return() }

// Delete frees the delegate, once the interpreters that use it are closed. Deleting
// twice, or a nil Delegate, does nothing.
func (d *Delegate) Delete() { d.own().Delete() }

// Name is "XNNPACK".
func (d *Delegate) Name() string { return "XNNPACK" }
