package edgetputest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// What libedgetpu's names of devices begin with.
const (
	usbDevices = "/sys/bus/usb/devices/"
	devFolder  = "/dev/"
)

// machine is the root of a made-up machine: what the kernel shows in sys and dev, as
// far as programs look at it. Attributes are files, and device nodes are empty ones.
type machine string

func newMachine(root string) (machine, error) {
	m := machine(root)
	err := errors.Join(m.mkdir("sys/bus/usb/devices"), m.mkdir(usbfsDriver), m.mkdir("sys/class/apex"), m.mkdir("dev/bus/usb"))
	return m, err
}

func (m machine) path(name string) string { return filepath.Join(string(m), filepath.FromSlash(name)) }

func (m machine) mkdir(name string) error { return os.MkdirAll(m.path(name), 0o755) }

func (m machine) write(dir string, attributes map[string]string) error {
	for name, value := range attributes {
		if err := writeAtomically(m.path(dir+"/"+name), []byte(value+"\n"), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// node makes what stands for a device node. It has no content, but can be opened, and
// be forbidden.
func (m machine) node(name string) error {
	if err := m.mkdir(filepath.ToSlash(filepath.Dir(name))); err != nil {
		return err
	}
	return os.WriteFile(m.path(name), nil, 0o666)
}

// link makes a symbolic link between two names below the root.
func (m machine) link(name, target string) error {
	relative, err := filepath.Rel(filepath.Dir(m.path(name)), m.path(target))
	if err != nil {
		return err
	}
	if err := os.Remove(m.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(relative, m.path(name))
}

// The two identities of a USB accelerator.
var (
	uninitialisedID = map[string]string{"idVendor": "1a6e", "idProduct": "089a", "bcdDevice": "0100"}
	readyID         = map[string]string{"idVendor": "18d1", "idProduct": "9302", "bcdDevice": "0100"}
)

func usbNode(bus, devnum int) string { return fmt.Sprintf("dev/bus/usb/%03d/%03d", bus, devnum) }

// usbPlaces returns the folders of a USB device and of the port that it is in, below
// sys. The port is the hub's, so it stays when the device goes.
func usbPlaces(name string) (device, port string) {
	bus, ports, _ := strings.Cut(name, "-")
	hub := "sys/devices/pci0000:00/0000:00:14.0/usb" + bus
	hubName, prefix := "usb"+bus, bus+"-"
	numbers := strings.Split(ports, ".")
	last := numbers[len(numbers)-1]
	for i := range numbers[:len(numbers)-1] {
		hubName = prefix + strings.Join(numbers[:i+1], ".")
		hub = path.Join(hub, hubName)
	}
	hubInterface := hubName + ":1.0"
	if hubName == "usb"+bus {
		hubInterface = bus + "-0:1.0"
	}
	return hub + "/" + name, hub + "/" + hubInterface + "/" + hubName + "-port" + last
}

// usbfsDriver is bound to an interface while a program has claimed it; the accelerator
// has no driver of its own.
const usbfsDriver = "sys/bus/usb/drivers/usbfs"

// usbInterface is the folder of a device's one interface.
func usbInterface(d Device) string {
	dir, _ := usbPlaces(d.name)
	return dir + "/" + d.name + ":1.0"
}

// claim shows whether a program has claimed the interface of a USB device.
func (m machine) claim(d Device, claimed bool) error {
	driver := usbInterface(d) + "/driver"
	if !claimed {
		return removed(os.Remove(m.path(driver)))
	}
	return m.link(driver, usbfsDriver)
}

// plugUSB shows a device on the bus.
func (m machine) plugUSB(d Device, devnum int, initialised bool) error {
	dir, port := usbPlaces(d.name)
	if err := errors.Join(m.mkdir(dir), m.mkdir(port), m.mkdir(usbInterface(d))); err != nil {
		return err
	}
	_, devpath, _ := strings.Cut(d.name, "-")
	err := errors.Join(
		m.write(dir, map[string]string{
			"busnum": strconv.Itoa(d.bus()), "devnum": strconv.Itoa(devnum), "devpath": devpath,
			"speed": strconv.Itoa(d.speed), "bDeviceClass": "00", "bConfigurationValue": "1",
		}),
		m.write(usbInterface(d), map[string]string{"bInterfaceNumber": "00", "bInterfaceClass": "ff"}),
		m.link("sys/bus/usb/devices/"+d.name+":1.0", usbInterface(d)),
		m.link(dir+"/port", port),
		m.node(usbNode(d.bus(), devnum)),
	)
	id := uninitialisedID
	if initialised {
		id = readyID
	}
	if err := errors.Join(err, m.write(dir, id)); err != nil {
		return err
	}
	// The name on the bus comes last, and goes first: whoever finds it finds it whole.
	return m.link("sys/bus/usb/devices/"+d.name, dir)
}

// unplugUSB removes a device; that of the port it was in stays.
func (m machine) unplugUSB(d Device, devnum int) error {
	dir, _ := usbPlaces(d.name)
	return errors.Join(
		removed(os.Remove(m.path("sys/bus/usb/devices/"+d.name))),
		removed(os.Remove(m.path("sys/bus/usb/devices/"+d.name+":1.0"))),
		removed(os.Remove(m.path(usbNode(d.bus(), devnum)))),
		os.RemoveAll(m.path(dir)),
	)
}

// removed forgives the absence of what is to be removed.
func removed(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func pcieFolder(d Device) string {
	n, _ := strconv.Atoi(strings.TrimPrefix(d.name, "apex_"))
	return fmt.Sprintf("sys/devices/pci0000:00/0000:%02x:00.0/apex/%s", n+1, d.name)
}

// plugPCIe shows a device with its driver loaded.
func (m machine) plugPCIe(d Device) error {
	dir := pcieFolder(d)
	address := filepath.Base(filepath.Dir(filepath.Dir(filepath.FromSlash(dir))))
	return errors.Join(
		m.mkdir(dir),
		m.write(dir, map[string]string{
			"temp": "45050", "status": "ALIVE", "is_device_owned": "0", "device_owner": "0",
			"trip_point0_temp": "85000", "trip_point1_temp": "90000", "trip_point2_temp": "95000",
			"hw_temp_warn1": "100000", "hw_temp_warn1_en": "0", "hw_temp_warn2": "100000", "hw_temp_warn2_en": "1",
			"temp_poll_interval": "5000", "driver_version": "1.2", "framework_version": "1.1.4",
			"pci_address": address, "revision": "0", "unique_id": fmt.Sprintf("%032x", 0x5151<<16|len(d.name)<<8|int(d.name[5])),
		}),
		m.node("dev/"+d.name),
		m.link("sys/class/apex/"+d.name, dir),
	)
}

func (m machine) unplugPCIe(d Device) error {
	return errors.Join(
		removed(os.Remove(m.path("sys/class/apex/"+d.name))),
		removed(os.Remove(m.path("dev/"+d.name))),
		os.RemoveAll(m.path(pcieFolder(d))),
	)
}

// own shows which process has a PCIe device open, 0 for none. The driver keeps the
// last one's number.
func (m machine) own(d Device, pid uint32) error {
	owned := "0"
	if pid != 0 {
		owned = "1"
		// First, or the device would seem to be someone else's for a moment.
		if err := m.write(pcieFolder(d), map[string]string{"device_owner": strconv.FormatUint(uint64(pid), 10)}); err != nil {
			return err
		}
	}
	return m.write(pcieFolder(d), map[string]string{"is_device_owned": owned})
}
