package edgetpu

import (
	"io/fs"
	"testing"
	"time"
)

// LibraryOfEnvironment is libraryOfEnvironment.
var LibraryOfEnvironment = libraryOfEnvironment

// The seams of a prober, for the tests.

func WithFiles(files fs.FS) ProbeOption {
	return func(p *prober) error {
		p.files = files
		return nil
	}
}

func WithAccess(access func(node string) error) ProbeOption {
	return func(p *prober) error {
		p.access = access
		return nil
	}
}

func WithLibUSB(list func() ([]USBDevice, error)) ProbeOption {
	return func(p *prober) error {
		p.libusb = list
		return nil
	}
}

// WithRealLibUSB asks libusb also where sysfs is injected.
func WithRealLibUSB() ProbeOption { return WithLibUSB(listLibUSB) }

type USBDevice = usbDevice

func NewUSBDevice(id string, address, speed int, busAndPorts ...int) USBDevice {
	return usbDevice{id: id, ports: busAndPorts, address: address, speed: speed}
}

var (
	ListLibUSB  = listLibUSB
	ParsePorts  = parsePorts
	FormatPorts = formatPorts
)

// SetFreeTimeout changes how long Delete waits, for one test.
func SetFreeTimeout(tb testing.TB, d time.Duration) {
	tb.Helper()
	before := freeTimeout
	freeTimeout = d
	tb.Cleanup(func() { freeTimeout = before })
}

// HideLocks takes the kernel's list of locks away, for one test.
func HideLocks(tb testing.TB) {
	tb.Helper()
	before := procLocks
	procLocks = "/nowhere/locks"
	tb.Cleanup(func() { procLocks = before })
}
