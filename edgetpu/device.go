package edgetpu

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Type is the bus an Edge TPU sits on, in the words of libedgetpu and pycoral.
type Type string

// The types.
const (
	USB  Type = "usb"
	PCIe Type = "pci"
)

// State says how far a device is from running a model.
type State string

// The states. Ready, Uninitialised and Unknown devices can be opened; the others
// cannot.
const (
	// Unknown: the node exists, but no kernel attribute tells how the device is.
	Unknown State = "unknown"
	// Ready: the firmware runs.
	Ready State = "ready"
	// Uninitialised: a USB device as it is after power-up, before libedgetpu has
	// loaded the firmware. This is normal; opening it takes a second longer.
	Uninitialised State = "uninitialised"
	// Lamed: a PCIe device whose driver could not set up everything, usually the
	// interrupts; an inference on it would never end.
	Lamed State = "lamed"
	// Overheated: a PCIe device at or above its shutdown temperature.
	Overheated State = "overheated"
	// Dead: a PCIe device that the driver gave up, or that fell off the bus.
	Dead State = "dead"
)

// Device is one attached Edge TPU as [Probe] saw it. It is a plain value and
// describes a moment: the state, the node and the owner may change at any time.
//
// The JSON names are stable; "temperature_c" is null where there is no sensor.
type Device struct {
	Type Type `json:"type"`
	// Path identifies the device in libedgetpu's own form:
	// /sys/bus/usb/devices/BUS-PORT[.PORT…] or /dev/apex_N. It stays the same
	// when a USB device loads its firmware.
	Path string `json:"path"`
	// Node is the file that is opened: /dev/bus/usb/BBB/DDD, whose number
	// changes when the firmware is loaded, or /dev/apex_N. It is empty where
	// there is no such file, as on macOS and Windows.
	Node  string `json:"node"`
	State State  `json:"state"`
	// SpeedMbps is the negotiated USB speed: 5000 on a USB 3 port, 480 on a
	// USB 2 one. It is 0 for PCIe and where it is not known.
	SpeedMbps int `json:"speed_mbps"`
	// Accessible tells whether this process may read and write Node, by its
	// effective user. Without a node nothing is known to stand in the way.
	Accessible bool `json:"accessible"`
	// Reason says in one sentence why the device cannot be used, and what to do
	// about it. It is empty for a usable device.
	Reason string `json:"reason"`
	// Temperature of the chip in °C, nil where there is no sensor (all USB
	// devices). Below −40 the reading means that the bus answers all ones.
	Temperature *float64 `json:"temperature_c"`

	// USBID is "1a6e:089a" or "18d1:9302"; USB only.
	USBID string `json:"usb_id,omitempty"`

	// Owned tells that a program has the device, this one included: it holds the
	// device's lock (see [LockDevice]), has claimed the USB device, as pycoral
	// does, or has the PCIe device open for writing.
	Owned bool `json:"owned,omitempty"`
	// OwnerPID is that program's process, 0 if unknown. A worker process counts as
	// the program that started it. What the apex driver tells is the number on the
	// host, also when seen from a container.
	OwnerPID int `json:"owner_pid,omitempty"`
	// OwnerName is what the kernel calls that process, such as "python3"; "" if
	// unknown.
	OwnerName string `json:"owner_name,omitempty"`

	// The rest is what the apex driver tells of a PCIe device.

	// Status is the driver's own word: ALIVE, LAMED, DEAD or DRIVER_EXITING.
	Status string `json:"status,omitempty"`
	// TripPoints are the temperatures in °C from which the chip runs at 250, 125
	// and 62.5 MHz; 0 where unknown.
	TripPoints [3]float64 `json:"trip_points_c,omitzero"`
	// UniqueID is the chip's 32-digit hexadecimal number.
	UniqueID      string `json:"unique_id,omitempty"`
	DriverVersion string `json:"driver_version,omitempty"`
	PCIAddress    string `json:"pci_address,omitempty"`
}

// Usable reports whether a session could use the device now. The error wraps
// [ErrNoDevice] for a device that is dead, lamed or overheated, or for a Device
// without a path; [ErrPermission] for one that this process may not open; or
// [ErrDeviceBusy] for one that another program has. It ends with the Reason.
//
// A nil result is no promise: whether a device answers shows only when it is
// opened.
func (d Device) Usable() error {
	reason, obstacle := d.obstacle()
	if obstacle == nil {
		return nil
	}
	return fmt.Errorf("%s: %w: %s", cmp.Or(d.Path, "no device"), obstacle, cmp.Or(d.Reason, reason))
}

// obstacle returns the sentinel for what stands in the way, if anything does, and
// a sentence about it that needs no knowledge beyond d.
func (d Device) obstacle() (reason string, sentinel error) {
	if _, ok := d.name(); !ok {
		return "it is no device that Probe has found", ErrNoDevice
	}
	switch {
	case d.State == Dead:
		return "the device no longer answers (status " + cmp.Or(d.Status, "unknown") + d.reading() +
			"): switch the machine off and on, and look for the cause with dmesg", ErrNoDevice
	case d.State == Lamed:
		return "the kernel driver could not enable all of the device, usually its interrupts: see dmesg | grep apex",
			ErrNoDevice
	case d.State == Overheated:
		return "the chip is at its shutdown temperature" + d.reading() + ": cool it", ErrNoDevice
	case !d.Accessible:
		return "this process may not read and write " + cmp.Or(d.Node, d.Path), ErrPermission
	case d.Owned && d.owner().foreign():
		return "it is held by " + d.owner().String() + ": stop that, or choose another device", ErrDeviceBusy
	}
	return "", nil
}

// reading is the temperature for the end of a list, if there is one.
func (d Device) reading() string {
	if d.Temperature == nil {
		return ""
	}
	return fmt.Sprintf(", %.1f °C", *d.Temperature)
}

func (d Device) owner() owner { return owner{d.OwnerPID, d.OwnerName} }

// String describes the device in one line, without the Reason, such as
// "usb /sys/bus/usb/devices/2-1 (ready, 5000 Mbit/s)".
func (d Device) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s (%s", d.Type, d.Path, d.State)
	if d.SpeedMbps > 0 {
		fmt.Fprintf(&b, ", %d Mbit/s", d.SpeedMbps)
	}
	b.WriteString(d.reading())
	if !d.Accessible {
		b.WriteString(", not accessible")
	}
	if d.Owned {
		b.WriteString(", held by " + d.owner().String())
	}
	b.WriteString(")")
	return b.String()
}

// compare orders devices as [Probe] documents it.
func (d Device) compare(other Device) int {
	return cmp.Or(slices.Compare(d.position(), other.position()), cmp.Compare(d.Path, other.Path))
}

// position is d's place on its bus as numbers, so that 1-10 comes after 1-9.
func (d Device) position() []int {
	name, ok := d.name()
	if !ok {
		return []int{2}
	}
	if number, ok := strings.CutPrefix(name, apexName); ok {
		n, _ := parseIndex(number)
		return []int{0, n}
	}
	ports, _ := parsePorts(name)
	return append([]int{1}, ports...)
}

// name is what the kernel calls the device, such as "2-1" or "apex_0". It is false for a
// Device whose path is not of its type's form, the zero one for example.
func (d Device) name() (string, bool) {
	switch d.Type {
	case PCIe:
		number, ok := strings.CutPrefix(d.Path, apexPath)
		_, isNumber := parseIndex(number)
		return apexName + number, ok && isNumber
	case USB:
		name, ok := strings.CutPrefix(d.Path, usbPath)
		_, isPort := parsePorts(name)
		return name, ok && isPort
	}
	return "", false
}
