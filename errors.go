package coral

import "github.com/gocoral/coral/internal/errs"

// The sentinels that this package's errors wrap; test for them with errors.Is.
// They are the same values as those of packages tflite, model and edgetpu.
var (
	// ErrClosed: the session was closed before the call.
	ErrClosed = errs.ErrClosed
	// ErrBusy: the interpreter is in use by another call.
	ErrBusy = errs.ErrBusy
	// ErrType: an input's element type is not the model's.
	ErrType = errs.ErrType
	// ErrSize: the number of inputs or of their elements does not fit.
	ErrSize = errs.ErrSize
	// ErrNotFound: the model has no input or output of that name.
	ErrNotFound = errs.ErrNotFound
	// ErrRange: a number given to an option is outside of what is possible.
	ErrRange = errs.ErrRange
	// ErrMemory: memory could not be had, or a limit forbids it.
	ErrMemory = errs.ErrMemory
	// ErrUnsupported: the TensorFlow Lite or Edge TPU runtime cannot do what was asked for.
	ErrUnsupported = errs.ErrUnsupported
	// ErrPlatform: it needs Linux, or a worker process that could not be had.
	ErrPlatform = errs.ErrPlatform
	// ErrBadModel: the file is not a usable TensorFlow Lite model.
	ErrBadModel = errs.ErrBadModel
	// ErrUnresolvedOp: the model has an operator that nothing provides.
	ErrUnresolvedOp = errs.ErrUnresolvedOp
	// ErrDelegateDeclined: a delegate failed or refused the model.
	ErrDelegateDeclined = errs.ErrDelegateDeclined
	// ErrOption: options contradict each other, or do not go with the model.
	ErrOption = errs.ErrOption
	// ErrNotCompiled: an Edge TPU is wanted, and the model has no compiled form.
	ErrNotCompiled = errs.ErrNotCompiled
	// ErrNoTwin: an Edge TPU model has to run on the CPU and has no CPU model.
	ErrNoTwin = errs.ErrNoTwin
	// ErrTwinMismatch: CPU model and Edge TPU model differ in their interface.
	ErrTwinMismatch = errs.ErrTwinMismatch
	// ErrStateLost: the device that held a stateful model's state is gone.
	ErrStateLost = errs.ErrStateLost
	// ErrLibraryNotFound: TensorFlow Lite's library, or libedgetpu, was not found or cannot
	// be used.
	ErrLibraryNotFound = errs.ErrLibraryNotFound
	// ErrNoDevice: the Edge TPU asked for is not attached or not working.
	ErrNoDevice = errs.ErrNoDevice
	// ErrPermission: this process may not open the Edge TPU.
	ErrPermission = errs.ErrPermission
	// ErrDeviceBusy: another process holds the Edge TPU.
	ErrDeviceBusy = errs.ErrDeviceBusy
	// ErrCgoRequired: the program was built with CGO_ENABLED=0.
	ErrCgoRequired = errs.ErrCgoRequired
)
