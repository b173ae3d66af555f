package edgetpu

import (
	"errors"

	"github.com/gocoral/coral/internal/errs"
)

// The sentinels this package's errors wrap; test for them with [errors.Is]. All
// but ErrDeviceSpec and ErrRuntimeStuck are the same values as in the module's other packages.
var (
	// ErrNoDevice: nothing that matches is attached, or what is attached is dead.
	ErrNoDevice = errs.ErrNoDevice
	// ErrPermission: the device is there but this process may not open its node.
	ErrPermission = errs.ErrPermission
	// ErrDeviceBusy: another process holds the device.
	ErrDeviceBusy = errs.ErrDeviceBusy
	// ErrLibraryNotFound: libedgetpu could not be loaded.
	ErrLibraryNotFound = errs.ErrLibraryNotFound
	// ErrDelegateDeclined: libedgetpu gave no delegate.
	ErrDelegateDeclined = errs.ErrDelegateDeclined
	// ErrCgoRequired: the program was built with CGO_ENABLED=0.
	ErrCgoRequired = errs.ErrCgoRequired
	// ErrRuntimeStuck: libedgetpu did not return from a call, so this process
	// cannot use it.
	ErrRuntimeStuck = errors.New("libedgetpu is stuck")
	// ErrPlatform: this build or platform cannot do it.
	ErrPlatform = errs.ErrPlatform
	// ErrUnsupported: the structures of the TensorFlow Lite in use are not known.
	ErrUnsupported = errs.ErrUnsupported
	// ErrRange: an option or level that is not among those there are.
	ErrRange = errs.ErrRange
	// ErrClosed: the delegate was deleted before.
	ErrClosed = errs.ErrClosed
	// ErrDeviceSpec: a device name that is not in [ParseDevice]'s grammar. It is
	// a mistake of the caller's, unlike ErrNoDevice, and no fallback hides it.
	ErrDeviceSpec = errors.New("not a device name")
)
