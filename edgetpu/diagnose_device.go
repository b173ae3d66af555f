package edgetpu

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
)

// checkAttached has something to say only if there is nothing else to look at.
func checkAttached(_ context.Context, d *diagnosis) []Finding {
	if len(d.devices)+len(d.orphans) > 0 {
		return nil
	}
	f := Finding{
		ID: "no-device", Severity: Error,
		Message: "no Edge TPU is attached",
		Fixes: []string{
			"plug one in: lsusb shows a USB one as " + idUninitialised + " or " + idReady + ", lspci -n a PCIe one as " + idPCI,
		},
	}
	if d.selector != (Selector{}) {
		f.Message = fmt.Sprintf("no Edge TPU is attached that %q stands for", d.selector)
		f.Fixes = []string{"see coral devices for what is there"}
	}
	if d.inContainer() {
		f.Fixes = append(f.Fixes, "if the host has a USB one, "+containerHint(Device{Type: USB}),
			"if the host has a PCIe one, "+containerHint(Device{Type: PCIe, Node: apexPath + "0"}))
	}
	return []Finding{f}
}

// Fixes of several findings.
const (
	lookInKernelLog = "look for the cause with: dmesg | grep apex"
	coolIt          = "cool it: a heat sink, a fan, or fewer inferences a second"
	plugInAgain     = "unplug the device, wait some seconds, and plug it in again"
	orAnother       = "or choose another device"
)

// checkState is about a device that does not answer as it should.
func checkState(_ *diagnosis, device Device) []Finding {
	f := Finding{Severity: Error}
	switch t := device.Temperature; {
	case device.State == Dead && t != nil && *t < deadBelow:
		f.ID = "off-bus"
		f.Message = fmt.Sprintf("the device fell off the PCIe bus: its sensor says %.1f °C, which is all ones", *t)
		f.Fixes = []string{"switch the machine off and on", "if it happens again, cool the chip and look at its power supply"}
	case device.State == Dead:
		f.ID = "dead"
		f.Message = "the kernel driver has given the device up (status " + device.Status + ")"
		f.Fixes = []string{lookInKernelLog, "switch the machine off and on"}
	case device.State == Lamed:
		f.ID = "lamed"
		f.Message = "the kernel driver could not enable all of the device, usually its interrupts, so that inferences never end"
		f.Fixes = []string{lookInKernelLog, "on a Raspberry Pi 5, put the line dtoverlay=pciex1-compat-pi5,no-mip into /boot/firmware/config.txt and reboot"}
	case device.State == Overheated:
		f.ID = "overheated"
		f.Message = "the chip is at its shutdown temperature" + device.reading()
		f.Fixes = []string{coolIt}
	case device.State == Uninitialised:
		f.ID, f.Severity = "uninitialised", Info
		f.Message = "the device waits for its firmware, which is normal: libedgetpu loads it at the first opening, and the USB identity changes from " +
			idUninitialised + " to " + idReady
	default:
		return nil
	}
	return []Finding{f}
}

// checkAccessible finds out why the node may not be opened.
func checkAccessible(d *diagnosis, device Device) []Finding {
	if device.Accessible {
		return allowed(device)
	}
	f := Finding{Severity: Error}
	switch err := d.access(device); {
	case errors.Is(err, errNotNode), errors.Is(err, fs.ErrNotExist) && d.inContainer():
		f.ID = "container-without-node"
		f.Message = "the kernel knows the device, but its node " + device.Node + " is not in this container"
		f.Fixes = []string{containerHint(device)}
	case errors.Is(err, fs.ErrNotExist):
		f.ID = "no-node"
		f.Message = "the kernel knows the device, but there is no node to open it by"
		f.Fixes = []string{"see that udev runs: sudo udevadm trigger", plugInAgain}
		if device.Type == PCIe {
			f.Fixes = []string{
				"see that udev runs: sudo udevadm trigger --subsystem-match=apex",
				"load the driver again: sudo modprobe -r apex && sudo modprobe apex",
			}
		}
	case errors.Is(err, syscall.EPERM):
		f.ID = "container-rules"
		f.Message = "the device rules of this container forbid " + device.Node
		f.Fixes = []string{containerHint(device)}
	default:
		f.ID = "no-permission"
		f.Message = "this process may not read and write " + device.Node
		f.Fixes = d.permissionFixes(device)
	}
	return []Finding{f}
}

// allowed says that the node may be opened, where devices have nodes.
func allowed(device Device) []Finding {
	if device.Node == "" {
		return nil
	}
	return []Finding{{ID: "permission", Severity: OK, Message: "this process may read and write " + device.Node}}
}

// access is why the probe found the device not accessible.
func (d *diagnosis) access(device Device) error {
	if device.Node == "" {
		return fs.ErrNotExist
	}
	return d.prober.access(device.Node)
}

// permissionFixes tell what of the udev rule, the group and the new login is missing.
func (d *diagnosis) permissionFixes(device Device) []string {
	info, err := fs.Stat(d.prober.files, strings.TrimPrefix(device.Node, "/"))
	if err != nil {
		return udevSteps(device)
	}
	gid, ok := ownerGroup(info)
	const forGroup = 0o060
	if !ok || gid == 0 || info.Mode().Perm()&forGroup != forGroup {
		return udevSteps(device) // no rule has given the node to a group
	}
	group, member := d.group(gid)
	service := "for a service, restart it with SupplementaryGroups=" + group
	switch {
	case d.inGroup(gid):
		return []string{"the mode of the node allows it, so something else forbids it: look for AppArmor, SELinux or a snap's confinement"}
	case member:
		return []string{"log out and in again: this user has joined the group " + group + " since", service}
	}
	return []string{"sudo usermod -aG " + group + " $USER, and log in again", service}
}

// checkBusy is about a device that another program has. What this one has itself is no
// obstacle to it.
func checkBusy(_ *diagnosis, device Device) []Finding {
	o := device.owner()
	if !device.Owned || !o.foreign() {
		return nil
	}
	f := Finding{ID: "device-busy", Severity: Error, Message: o.String() + " has the device"}
	switch o.pid {
	case 0:
		f.Message += ", in another container or of another user"
		f.Fixes = []string{"stop the program that uses it", orAnother}
	default:
		f.Fixes = []string{fmt.Sprintf("stop %s: kill %d", cmp.Or(o.name, "it"), o.pid), orAnother}
	}
	return []Finding{f}
}

// clocks are the chip's, in MHz, from the first, second and third trip point on.
var clocks = [3]string{"250", "125", "62.5"}

// checkTemperature is about a chip that is hot but works.
func checkTemperature(_ *diagnosis, device Device) []Finding {
	if device.State != Ready || device.Temperature == nil {
		return nil
	}
	level := tripLevel(*device.Temperature, device.TripPoints)
	if level == 0 {
		return nil
	}
	return []Finding{{
		ID: "throttled", Severity: Warning,
		Message: fmt.Sprintf("at %.1f °C the chip slows down, to %s of 500 MHz", *device.Temperature, clocks[level-1]),
		Fixes:   []string{coolIt},
	}}
}

// tripLevel counts the trip points that the temperature has reached.
func tripLevel(celsius float64, trips [3]float64) (level int) {
	for _, trip := range trips {
		if trip > 0 && celsius >= trip {
			level++
		}
	}
	return level
}

const superSpeed = 5000 // Mbit/s

// checkUSB is about the speed of the port and its cable.
func checkUSB(_ *diagnosis, device Device) []Finding {
	switch {
	case device.Type != USB || device.SpeedMbps == 0:
		return nil
	case device.SpeedMbps >= superSpeed:
		return []Finding{{
			ID: "port-speed", Severity: OK,
			Message: fmt.Sprintf("the device runs at %d Mbit/s, which is all it can", device.SpeedMbps),
		}}
	}
	return []Finding{{
		ID: "usb2", Severity: Warning,
		Message: fmt.Sprintf("the device runs at %d Mbit/s where USB 3 has %d, which makes inferences several times slower", device.SpeedMbps, superSpeed),
		Fixes: []string{
			"use a USB 3 port (blue, or marked SS) and the cable that came with the device, without a hub",
			"on the Coral Dev Board Mini, which has USB 2 only, let it be",
		},
	}}
}

// tryOpening opens the devices that nothing in findings stands in the way of, if there is
// a probe for that.
func (d *diagnosis) tryOpening(ctx context.Context, findings []Finding) (more []Finding) {
	for _, device := range d.devices {
		obstacle := slices.ContainsFunc(findings, func(f Finding) bool {
			return f.Severity == Error && (f.Device == "" || f.Device == device.Path)
		})
		if obstacle {
			continue
		}
		f := Finding{
			ID: "device-looks-usable", Severity: OK, Device: device.Path,
			Message: "nothing is wrong that can be seen without opening the device (one that hangs looks the same)",
		}
		if d.probeOpening != nil {
			ctx, cancel := context.WithTimeout(ctx, openTimeout)
			f = opening(device, d.probeOpening(ctx, device))
			cancel()
		}
		more = append(more, f)
	}
	return more
}

// opening says how it went.
func opening(device Device, err error) Finding {
	f := Finding{Severity: Error, Device: device.Path, Fixes: []string{
		plugInAgain, "use another port and another cable, or a hub with a power supply", "look at dmesg right after it has failed",
	}}
	if device.Type == PCIe {
		f.Fixes = []string{lookInKernelLog, "switch the machine off and on"}
	}
	switch {
	case err == nil:
		return Finding{ID: "device-opens", Severity: OK, Device: device.Path, Message: "the device was opened, and answers"}
	case errors.Is(err, ErrRuntimeStuck), errors.Is(err, context.DeadlineExceeded):
		f.ID = "device-hangs"
		f.Message = "the device hangs: opening it did not end in time"
	default:
		f.ID = "device-does-not-open"
		f.Message = "opening the device failed: " + err.Error()
	}
	return f
}

// whyDeclined looks again at a device that could not be opened, because libedgetpu gives
// no reasons. The error wraps ErrDelegateDeclined, and what [Device.Usable] does if that
// is the reason.
func whyDeclined(ctx context.Context, path string) error {
	d, err := newDiagnosis(ctx, []DiagnoseOption{WithSelector(Selector{path: path})})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDelegateDeclined, err)
	}
	if len(d.devices) == 0 {
		return fmt.Errorf("%w: it is no longer attached: %w", ErrDelegateDeclined, ErrNoDevice)
	}
	device := d.devices[0]
	findings := append(d.aboutDevices(), checkPageSize(ctx, d)...)
	sortFindings(findings)
	var texts []string
	for _, f := range findings {
		if f.Severity == Error || f.Severity == Warning {
			texts = append(texts, f.String())
		}
	}
	if len(texts) == 0 || findings[0].Severity != Error {
		texts = append([]string{fmt.Sprintf("libedgetpu gives no reason, and the device looks usable (%s): "+
			"unplug it and plug it in again, and look at dmesg and at coral doctor", device)}, texts...)
	}
	text := strings.Join(texts, "; ")
	if _, obstacle := device.obstacle(); obstacle != nil {
		return fmt.Errorf("%w: %w: %s", ErrDelegateDeclined, obstacle, text)
	}
	return fmt.Errorf("%w: %s", ErrDelegateDeclined, text)
}
