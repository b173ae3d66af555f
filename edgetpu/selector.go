package edgetpu

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Selector picks devices from a list, as [ParseDevice] understood it. The zero
// Selector stands for any Edge TPU. Selectors can be compared with ==.
type Selector struct {
	typ   Type   // "" for either
	path  string // "" for any
	nth   int    // from 0
	exact bool   // nth counts
}

// ParseDevice reads the name of a device as libedgetpu and pycoral write it, or
// a device's path:
//
//	""                             any Edge TPU, the best first (see [Selector.All])
//	":N"                           the Nth one, from 0
//	"usb", "pci"                   any one of that type
//	"usb:N", "pci:N"               the Nth one of that type, from 0
//	"/dev/apex_N"                  this PCIe device
//	"/sys/bus/usb/devices/BUS-PORT[.PORT…]"  the device in this USB port
//
// N counts by place, in [Probe]'s order and over unusable devices too: a number means
// the same device whoever asks, in whichever port it runs at whatever speed. Anything
// else is an error that wraps [ErrDeviceSpec].
func ParseDevice(spec string) (Selector, error) {
	if strings.HasPrefix(spec, "/") {
		return parsePath(spec)
	}
	kind, number, exact := strings.Cut(spec, ":")
	s := Selector{typ: Type(kind), exact: exact}
	if s.typ != "" && s.typ != USB && s.typ != PCIe {
		return Selector{}, specError(spec, "")
	}
	if exact {
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			return Selector{}, specError(spec, "what follows the colon is not a number from 0 to 65535; ")
		}
		s.nth = int(n)
	}
	return s, nil
}

func parsePath(spec string) (Selector, error) {
	if s, ok := strings.CutPrefix(spec, apexPath); ok {
		if _, ok := parseIndex(s); ok {
			return Selector{path: spec}, nil
		}
	}
	if s, ok := strings.CutPrefix(spec, usbPath); ok {
		if _, ok := parsePorts(s); ok {
			return Selector{path: spec}, nil
		}
	}
	var hint string
	if strings.HasPrefix(spec, "/dev/bus/usb/") {
		hint = "the number of a USB node changes when the firmware is loaded, so name the port; "
	}
	return Selector{}, specError(spec, hint)
}

func specError(spec, hint string) error {
	return fmt.Errorf("%q: %w: %suse usb, usb:N, pci, pci:N, :N, %sN or %sBUS-PORT",
		spec, ErrDeviceSpec, hint, apexPath, usbPath)
}

// String returns the name that ParseDevice turns into s.
func (s Selector) String() string {
	if s.path != "" {
		return s.path
	}
	if s.exact {
		return string(s.typ) + ":" + strconv.Itoa(s.nth)
	}
	return string(s.typ)
}

// Match returns the first of devices that s stands for, usable or not, as
// [Selector.All] orders them; devices is in [Probe]'s order. The error wraps
// [ErrNoDevice] and lists what is there.
func (s Selector) Match(devices []Device) (Device, error) {
	matching, err := s.All(devices)
	if err != nil {
		return Device{}, err
	}
	return matching[0], nil
}

// All returns every device that s stands for, at least one if the error is nil; else it
// is that of [Selector.Match]. devices is in [Probe]'s order, by which numbers count. The
// result is in the order of preference: PCIe before USB, as in libedgetpu; then USB at
// SuperSpeed (5000 Mbit/s or more) before USB that is slower or of unknown speed, on which
// an inference takes several times as long; and by place among equals.
func (s Selector) All(devices []Device) ([]Device, error) {
	var matching []Device
	for _, d := range devices {
		if (s.typ == "" || s.typ == d.Type) && (s.path == "" || s.path == d.Path) {
			matching = append(matching, d)
		}
	}
	if s.exact && s.nth < len(matching) {
		return matching[s.nth : s.nth+1], nil
	}
	if s.exact || len(matching) == 0 {
		return nil, fmt.Errorf("device %q: %w: %s", cmp.Or(s.String(), "any"), ErrNoDevice, attached(devices))
	}
	slices.SortStableFunc(matching, func(a, b Device) int { return cmp.Compare(a.rank(), b.rank()) })
	return matching, nil
}

// rank orders devices by what can be expected of them, the best first.
func (d Device) rank() int {
	switch {
	case d.Type == PCIe:
		return 0
	case d.SpeedMbps >= superSpeed:
		return 1
	}
	return 2
}

// attached is a sentence about what is there instead.
func attached(devices []Device) string {
	if len(devices) == 0 {
		return "none is attached; a USB one shows in lsusb as " + idUninitialised + " or " + idReady +
			", a PCIe one in lspci -n as 1ac1:089a and, with the apex driver, as " + apexPath + "0"
	}
	names := make([]string, len(devices))
	for i, d := range devices {
		names[i] = d.String()
	}
	return "attached: " + strings.Join(names, "; ")
}

// Choose returns the first usable one of the devices that s stands for, in the order of
// [Selector.All]: a PCIe one, then a USB one at SuperSpeed, then any. devices is in
// [Probe]'s order.
//
// Where there is none, the error is that of [Selector.Match] if nothing matches.
// Otherwise it is [Device.Usable]'s of the device that is nearest to being
// usable: one that another process holds, then one that this process may not
// open, then any.
func Choose(devices []Device, s Selector) (Device, error) {
	matching, err := s.All(devices)
	if err != nil {
		return Device{}, err
	}
	var nearest error
	for _, d := range matching {
		err := d.Usable()
		if err == nil {
			return d, nil
		}
		if nearest == nil || distance(err) < distance(nearest) {
			nearest = err
		}
	}
	if n := len(matching); n > 1 {
		return Device{}, fmt.Errorf("none of %d Edge TPUs is usable: %w", n, nearest)
	}
	return Device{}, nearest
}

// distance ranks the errors of Usable by how little it takes to cure them.
func distance(err error) int {
	return slices.IndexFunc([]error{ErrDeviceBusy, ErrPermission, ErrNoDevice},
		func(sentinel error) bool { return errors.Is(err, sentinel) })
}
