package edgetputest

import "github.com/gocoral/coral/internal/errs"

// The sentinels this package's errors wrap.
var (
	// ErrUnsupported: the model has nothing for an Edge TPU, or cannot be cut there.
	ErrUnsupported = errs.ErrUnsupported
	// ErrPlatform: the platform has no simulation.
	ErrPlatform = errs.ErrPlatform
	// ErrRange: a number of operators, segments or devices that is not possible.
	ErrRange = errs.ErrRange
	// ErrSize: a model of more bytes than the simulation takes.
	ErrSize = errs.ErrSize
	// ErrBadModel: the bytes are not a usable TensorFlow Lite model.
	ErrBadModel = errs.ErrBadModel
	// ErrTwinMismatch: the CPU model is not the one that was compiled.
	ErrTwinMismatch = errs.ErrTwinMismatch
	// ErrNoDevice: the simulation has no device of that name.
	ErrNoDevice = errs.ErrNoDevice
)
