package edgetpu

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
)

// The identities of a USB Edge TPU, vendor and product: the first one before its
// firmware is loaded, the second from then on until it loses power.
const (
	idUninitialised = "1a6e:089a"
	idReady         = "18d1:9302"
)

// usbDevice is what sysfs and libusb both know of any USB device.
type usbDevice struct {
	id    string // vendor:product, four hexadecimal digits each
	ports []int  // bus number, then the ports from the root hub down
	// address is the number of the device node, 0 if unknown or if the system
	// has no device nodes.
	address int
	speed   int // Mbit/s
}

// device turns u into a Device, if it is an Edge TPU.
func (u usbDevice) device() (Device, bool) {
	d := Device{
		Type:      USB,
		Path:      usbPath + formatPorts(u.ports),
		SpeedMbps: u.speed,
		USBID:     u.id,
	}
	switch u.id {
	case idUninitialised:
		d.State = Uninitialised
	case idReady:
		d.State = Ready
	default:
		return Device{}, false
	}
	if u.address > 0 {
		d.Node = usbNode(u.ports[0], u.address)
	}
	return d, true
}

func usbNode(bus, address int) string { return fmt.Sprintf("/dev/bus/usb/%03d/%03d", bus, address) }

// sysfsUSBDevices is the folder of all USB devices and their interfaces.
const sysfsUSBDevices = "sys/bus/usb/devices"

// sysfsUSB lists the USB devices under sys/bus/usb/devices. It fails where that
// folder cannot be read. A device that vanishes meanwhile, or whose attributes
// are not as the kernel writes them, is left out or described in part.
func sysfsUSB(files fs.FS) ([]usbDevice, error) {
	entries, err := fs.ReadDir(files, sysfsUSBDevices)
	if err != nil {
		return nil, err
	}
	var found []usbDevice
	for _, entry := range entries {
		ports, ok := parsePorts(entry.Name())
		if !ok {
			continue
		}
		read := attrReader(files, path.Join(sysfsUSBDevices, entry.Name()))
		address, _ := parseIndex(read("devnum"))
		found = append(found, usbDevice{
			id:      read("idVendor") + ":" + read("idProduct"),
			ports:   ports,
			address: address,
			speed:   parseSpeed(read("speed")),
		})
	}
	return found, nil
}

// parseSpeed reads sysfs's Mbit/s, which are whole numbers but for the 1.5 of a
// slow keyboard. It gives 0 for what is not a speed.
func parseSpeed(s string) int {
	mbps, err := strconv.ParseFloat(s, 64)
	if err != nil || !(mbps >= 0 && mbps <= 1e6) { // false for NaN, too
		return 0
	}
	return int(mbps)
}
