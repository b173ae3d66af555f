//go:build cgo && !nousb

package edgetpu

import (
	"fmt"
	"runtime"

	"github.com/google/gousb"
)

// listLibUSB lists all USB devices by their descriptors, which libusb has
// without opening a device. What could be listed is returned beside an error.
// Closing gousb's event loop can take a tenth of a second.
func listLibUSB() (found []usbDevice, err error) {
	// NewContext panics if libusb cannot start: too few file descriptors, no
	// USB file system, …
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("libusb: %v", r)
		}
	}()
	usb := gousb.NewContext()
	defer usb.Close() // cannot fail with no device open

	_, err = usb.OpenDevices(func(desc *gousb.DeviceDesc) bool {
		found = append(found, fromDescriptor(desc))
		return false // do not open it
	})
	return found, err
}

func fromDescriptor(desc *gousb.DeviceDesc) usbDevice {
	u := usbDevice{
		id:    desc.Vendor.String() + ":" + desc.Product.String(),
		ports: append([]int{desc.Bus}, desc.Path...),
		speed: speeds[desc.Speed],
	}
	if runtime.GOOS == "linux" {
		u.address = desc.Address
	}
	return u
}

// speeds in Mbit/s. gousb has no name for 5, libusb's 10 Gbit/s.
var speeds = map[gousb.Speed]int{
	gousb.SpeedLow:   1,
	gousb.SpeedFull:  12,
	gousb.SpeedHigh:  480,
	gousb.SpeedSuper: 5000,
	5:                10000,
}
