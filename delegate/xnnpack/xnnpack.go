package xnnpack

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/internal/borrow"
	"github.com/gocoral/coral/internal/capi"
	"github.com/gocoral/coral/internal/errs"
)

// The sentinels that this package's errors wrap.
var (
	// ErrUnsupported: the linked runtime has no XNNPACK, or does not take the
	// options.
	ErrUnsupported = errs.ErrUnsupported
	// ErrDelegateDeclined: the runtime made no delegate.
	ErrDelegateDeclined = errs.ErrDelegateDeclined
	// ErrCgoRequired: the program was built with CGO_ENABLED=0.
	ErrCgoRequired = errs.ErrCgoRequired
	// ErrSize: a number of threads that is out of range.
	ErrSize = errs.ErrSize
)

// Delegate is an XNNPACK delegate. One serves any number of interpreters, which then
// share its threads, and must not run at the same time.
type Delegate struct {
	refs    borrow.Count
	ptr     capi.Delegate
	cleanup runtime.Cleanup
}

var (
	_ delegate.Delegate = (*Delegate)(nil)
	_ delegate.Borrower = (*Delegate)(nil)
	_ delegate.Namer    = (*Delegate)(nil)
)

type options struct {
	threads int
	flags   uint32
	changed bool
}

// Option configures a [Delegate].
type Option func(*options) error

// WithThreads sets the number of threads, 1 to 1024; the default is 1.
func WithThreads(n int) Option {
	return func(o *options) error {
		if n < 1 || n > 1024 {
			return fmt.Errorf("%d threads asked for, 1 to 1024 are possible: %w", n, ErrSize)
		}
		o.changed = o.changed || n != 1
		o.threads = n
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
	return func(o *options) error {
		o.flags |= capi.XNNPACKForceFP16
		o.changed = true
		return nil
	}
}

func without(flag uint32) Option {
	return func(o *options) error {
		o.flags &^= flag
		o.changed = true
		return nil
	}
}

// New makes a delegate with both kinds of quantised kernels enabled.
func New(opts ...Option) (*Delegate, error) {
	if !capi.Available {
		return nil, fmt.Errorf("xnnpack: %w", ErrCgoRequired)
	}
	o := options{threads: 1, flags: capi.XNNPACKSigned | capi.XNNPACKUnsigned}
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, fmt.Errorf("xnnpack: %w", err)
		}
	}
	version := capi.Version()
	layout := capi.XNNPACKLayout(version)
	switch {
	case !capi.HasXNNPACK():
		return nil, fmt.Errorf("xnnpack: TensorFlow Lite %s was built without it: %w", version, ErrUnsupported)
	case layout == capi.XNNPACKDefaults && o.changed:
		return nil, fmt.Errorf("xnnpack: the options of TensorFlow Lite %s are not known, use the defaults: %w", version, ErrUnsupported)
	}
	ptr := capi.XNNPACKCreate(layout, o.threads, o.flags)
	if ptr == nil {
		return nil, fmt.Errorf("xnnpack: %w", ErrDelegateDeclined)
	}
	d := &Delegate{ptr: ptr}
	d.refs.OnFree(func() { capi.XNNPACKDelete(ptr) })
	// Borrowers keep the Delegate reachable, so when this runs there are none.
	d.cleanup = runtime.AddCleanup(d, func(p capi.Delegate) { capi.XNNPACKDelete(p) }, ptr)
	return d, nil
}

// Ptr returns the TfLiteDelegate*, nil for a nil Delegate or one that is freed.
func (d *Delegate) Ptr() unsafe.Pointer {
	if d == nil || !d.refs.Usable() {
		return nil
	}
	return unsafe.Pointer(d.ptr)
}

// Borrow keeps the delegate from being freed until [Delegate.Return]. Interpreters do
// this.
func (d *Delegate) Borrow() error { return d.refs.Borrow() }

// Return undoes one Borrow.
func (d *Delegate) Return() { d.refs.Return() }

// Delete frees the delegate, once the interpreters that use it are closed. Deleting
// twice, or a nil Delegate, does nothing.
func (d *Delegate) Delete() {
	if d != nil {
		d.cleanup.Stop()
		d.refs.Delete()
	}
}

// Name is "XNNPACK".
func (d *Delegate) Name() string { return "XNNPACK" }
