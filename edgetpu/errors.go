package edgetpu

import (
	"errors"

	"github.com/gocoral/coral/internal/errs"
)

// The sentinels this package's errors wrap; test for them with [errors.Is]. All
// but ErrDeviceSpec are the same values as in the module's other packages.
var (
	// ErrNoDevice: nothing that matches is attached, or what is attached is dead.
	ErrNoDevice = errs.ErrNoDevice
	// ErrPermission: the device is there but this process may not open its node.
	ErrPermission = errs.ErrPermission
	// ErrDeviceBusy: another process holds the device.
	ErrDeviceBusy = errs.ErrDeviceBusy
	// ErrUnsupported: this build or platform cannot do it.
	ErrUnsupported = errs.ErrUnsupported
	// ErrDeviceSpec: a device name that is not in [ParseDevice]'s grammar. It is
	// a mistake of the caller's, unlike ErrNoDevice, and no fallback hides it.
	ErrDeviceSpec = errors.New("not a device name")
)
