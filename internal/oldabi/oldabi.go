package oldabi

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/gocoral/coral/internal/errs"
)

// unknown is the version of a runtime that no adapter can serve, nil for all others.
var unknown atomic.Pointer[string]

// RuntimeOpened says which version of TensorFlow Lite was opened in this process, and whether
// its structures are known.
func RuntimeOpened(version string, known bool) {
	noteRuntime(version)
	if !known {
		unknown.Store(&version)
	}
}

// Usable returns an error that wraps ErrUnsupported if a runtime was opened whose structures,
// which an adapter reads, are not known.
func Usable() error {
	if v := unknown.Load(); v != nil {
		return fmt.Errorf("a delegate built for an older TensorFlow Lite, with TensorFlow Lite %s, whose structures are not known here: use one up to 2.20: %w", *v, errs.ErrUnsupported)
	}
	return nil
}

// Adapter stands between a runtime and a delegate compiled for an older one.
type Adapter struct {
	c unsafe.Pointer
}

// Wrap makes an adapter for the TfLiteDelegate* d. The delegate stays the caller's,
// and must live until after [Adapter.Free].
//
// The error wraps ErrDelegateDeclined for a delegate that no old runtime could use,
// ErrMemory where there is none for the adapter, ErrCgoRequired without cgo.
func Wrap(d unsafe.Pointer) (*Adapter, error) {
	switch {
	case !available:
		return nil, errs.ErrCgoRequired
	case d == nil:
		return nil, fmt.Errorf("adapter for an old delegate: the delegate is nil: %w", errs.ErrDelegateDeclined)
	case !hasPrepare(d):
		return nil, fmt.Errorf("adapter for an old delegate: this one is of the opaque kind, which is newer; use it without the adapter: %w", errs.ErrDelegateDeclined)
	}
	c := wrap(d)
	if c == nil {
		return nil, fmt.Errorf("adapter for an old delegate: %w", errs.ErrMemory)
	}
	return &Adapter{c: c}, nil
}

// Ptr is the TfLiteDelegate* to give to the runtime, nil after Free.
func (a *Adapter) Ptr() unsafe.Pointer {
	if a == nil {
		return nil
	}
	return a.c
}

// Free frees the adapter, not the delegate. Call it after the interpreters that
// use it are closed. Freeing twice, or a nil Adapter, does nothing.
func (a *Adapter) Free() {
	if a == nil || a.c == nil {
		return
	}
	free(a.c)
	a.c = nil
}
