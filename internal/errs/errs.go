// Package errs holds the sentinel errors of the whole module in one place.
//
// Each public package re-exports the ones it can return, as the same value, so
// errors.Is(err, tflite.ErrBusy) and errors.Is(err, coral.ErrBusy) agree however
// many layers an error has travelled through.
package errs

import (
	"context"
	"errors"
	"fmt"
)

// The sentinels. Their texts say what went wrong; the error that wraps one says
// where, with which numbers, and what to do about it.
var (
	// ErrClosed: the object was closed before the call.
	ErrClosed = errors.New("already closed")
	// ErrBusy: another call holds the interpreter.
	ErrBusy = errors.New("interpreter is in use by another call")
	// ErrStale: a tensor handle from before a Resize or Close.
	ErrStale = errors.New("tensor handle is stale")
	// ErrType: an element type that is not the tensor's.
	ErrType = errors.New("wrong element type")
	// ErrSize: a length, index or shape that does not fit.
	ErrSize = errors.New("wrong size")
	// ErrUnsupported: the runtime library or platform cannot do this.
	ErrUnsupported = errors.New("not supported by this TensorFlow Lite runtime or platform")
	// ErrReadOnly: a write to a tensor whose memory belongs to the model.
	ErrReadOnly = errors.New("tensor is read-only")
	// ErrDelegateDeclined: a delegate could not be created or refused the model.
	ErrDelegateDeclined = errors.New("delegate declined")
	// ErrUnresolvedOp: the model uses an operator that nothing provides.
	ErrUnresolvedOp = errors.New("model uses an operator that this runtime does not provide")
	// ErrBadModel: the bytes are not a usable TensorFlow Lite model.
	ErrBadModel = errors.New("not a usable TensorFlow Lite model")
	// ErrNoTwin: an Edge TPU model without a CPU model to fall back to.
	ErrNoTwin = errors.New("no CPU twin of the Edge TPU model")
	// ErrTwinMismatch: CPU model and Edge TPU model differ in their interface.
	ErrTwinMismatch = errors.New("CPU model and Edge TPU model differ")
	// ErrStateLost: a stateful model had to move to another device.
	ErrStateLost = errors.New("state of the model was lost")
	// ErrLibraryNotFound: a shared library could not be opened.
	ErrLibraryNotFound = errors.New("shared library not found")
	// ErrNoDevice: no matching Edge TPU is attached.
	ErrNoDevice = errors.New("no such Edge TPU")
	// ErrPermission: the device is there but this process may not open it.
	ErrPermission = errors.New("no permission to open the Edge TPU")
	// ErrDeviceBusy: another process holds the device.
	ErrDeviceBusy = errors.New("the Edge TPU is in use by another process")
	// ErrCgoRequired: the program was built with CGO_ENABLED=0.
	ErrCgoRequired = errors.New("TensorFlow Lite needs cgo: rebuild with CGO_ENABLED=1 and a C compiler")
)

// Ended returns nil while ctx, which may be nil, goes on, and an error that wraps
// ctx.Err(), and the cause if it has another one, once it has ended.
func Ended(ctx context.Context) error {
	if ctx == nil || ctx.Err() == nil {
		return nil
	}
	if cause := context.Cause(ctx); !errors.Is(ctx.Err(), cause) {
		return fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	return ctx.Err()
}
