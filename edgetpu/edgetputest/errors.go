package edgetputest

import "github.com/gocoral/coral/internal/errs"

// The sentinels this package's errors wrap.
var (
	// ErrUnsupported: the platform has no simulation, or the model cannot be compiled
	// or split that way.
	ErrUnsupported = errs.ErrUnsupported
	// ErrBadModel: the bytes are not a usable TensorFlow Lite model.
	ErrBadModel = errs.ErrBadModel
	// ErrTwinMismatch: the CPU model is not the one that was compiled.
	ErrTwinMismatch = errs.ErrTwinMismatch
	// ErrNoDevice: the simulation has no device of that name.
	ErrNoDevice = errs.ErrNoDevice
)
