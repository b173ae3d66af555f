package errs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// sentinel is an error with a text of its own that is also one of the standard library's.
type sentinel struct {
	text     string
	standard error
}

func (s *sentinel) Error() string { return s.text }
func (s *sentinel) Unwrap() error { return s.standard }

// The sentinels. Their texts say what went wrong; the error that wraps one says
// where, with which numbers, and what to do about it.
var (
	// ErrClosed: the object was closed before the call.
	ErrClosed error = &sentinel{"already closed", fs.ErrClosed}
	// ErrBusy: another call holds the interpreter.
	ErrBusy = errors.New("interpreter is in use by another call")
	// ErrStale: a tensor handle from before a Resize or Close.
	ErrStale = errors.New("tensor handle is stale")
	// ErrType: an element type that is not the tensor's.
	ErrType = errors.New("wrong element type")
	// ErrSize: a length or shape that does not fit.
	ErrSize = errors.New("wrong size")
	// ErrNotFound: a name that the model does not have.
	ErrNotFound = errors.New("no such name in the model")
	// ErrRange: an index, count or duration outside of what is possible.
	ErrRange = errors.New("out of range")
	// ErrMemory: memory that could not be had, or that a limit forbids.
	ErrMemory = errors.New("not enough memory")
	// ErrUnsupported: the TensorFlow Lite or Edge TPU runtime cannot do this.
	ErrUnsupported error = &sentinel{"not supported by this runtime", errors.ErrUnsupported}
	// ErrPlatform: the operating system, or the way the program was built or started,
	// does not allow this.
	ErrPlatform error = &sentinel{"not possible on this platform", errors.ErrUnsupported}
	// ErrReadOnly: a write to a tensor whose memory belongs to the model.
	ErrReadOnly = errors.New("tensor is read-only")
	// ErrDelegateDeclined: a delegate could not be created or refused the model.
	ErrDelegateDeclined = errors.New("delegate declined")
	// ErrUnresolvedOp: the model uses an operator that nothing provides.
	ErrUnresolvedOp = errors.New("model uses an operator that this runtime does not provide")
	// ErrBadModel: the bytes are not a usable TensorFlow Lite model.
	ErrBadModel = errors.New("not a usable TensorFlow Lite model")
	// ErrOption: options that contradict each other, or do not go with the model.
	ErrOption = errors.New("options do not go together")
	// ErrNotCompiled: a model without a form for the Edge TPU.
	ErrNotCompiled = errors.New("the model is not compiled for the Edge TPU")
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
	ErrPermission error = &sentinel{"no permission to open the Edge TPU", fs.ErrPermission}
	// ErrDeviceBusy: another process holds the device.
	ErrDeviceBusy = errors.New("the Edge TPU is in use by another process")
	// ErrCgoRequired: the program was built with CGO_ENABLED=0.
	ErrCgoRequired error = &sentinel{"TensorFlow Lite needs cgo: rebuild with CGO_ENABLED=1 and a C compiler", errors.ErrUnsupported}
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

// Join is errors.Join in one line: "a; b".
func Join(all ...error) error {
	all = slices.DeleteFunc(slices.Clone(all), func(err error) bool { return err == nil })
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return listError(all)
}

type listError []error

func (l listError) Error() string {
	texts := make([]string, len(l))
	for k, err := range l {
		texts[k] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (l listError) Unwrap() []error { return l }
