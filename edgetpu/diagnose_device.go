package edgetpu

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
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
		Fix: "plug one in; lsusb shows a USB one as " + idUninitialised + " or " + idReady +
			", lspci -n a PCIe one as " + idPCI,
	}
	if d.selector != (Selector{}) {
		f.Message = fmt.Sprintf("no Edge TPU is attached that %q stands for", d.selector)
		f.Fix = "see coral devices for what is there"
	}
	if d.inContainer() {
		f.Fix += "; if the host has one, " + containerHint(Device{Type: USB}) +
			", or for PCIe: " + containerHint(Device{Type: PCIe, Node: apexPath + "0"})
	}
	return []Finding{f}
}

// checkState is about a device that does not answer as it should.
func checkState(_ *diagnosis, device Device) []Finding {
	f := Finding{Severity: Error}
	switch t := device.Temperature; {
	case device.State == Dead && t != nil && *t < deadBelow:
		f.ID = "off-bus"
		f.Message = fmt.Sprintf("the device fell off the PCIe bus: its sensor says %.1f °C, which is all ones", *t)
		f.Fix = "switch the machine off and on; if it happens again, cool the chip and look at its power supply"
	case device.State == Dead:
		f.ID = "dead"
		f.Message = "the kernel driver has given the device up (status " + device.Status + ")"
		f.Fix = "look for the cause with: dmesg | grep apex, then switch the machine off and on"
	case device.State == Lamed:
		f.ID = "lamed"
		f.Message = "the kernel driver could not enable all of the device, usually its interrupts, so that inferences never end"
		f.Fix = "look for the cause with: dmesg | grep apex; on a Raspberry Pi 5, put the line dtoverlay=pciex1-compat-pi5,no-mip into /boot/firmware/config.txt and reboot"
	case device.State == Overheated:
		f.ID = "overheated"
		f.Message = "the chip is at its shutdown temperature" + device.reading()
		f.Fix = "cool it: a heat sink, a fan, or fewer inferences a second"
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
		return nil
	}
	f := Finding{Severity: Error}
	switch err := d.access(device); {
	case errors.Is(err, errNotNode), errors.Is(err, fs.ErrNotExist) && d.inContainer():
		f.ID = "container-without-node"
		f.Message = "the kernel knows the device, but its node " + device.Node + " is not in this container"
		f.Fix = containerHint(device)
	case errors.Is(err, fs.ErrNotExist):
		f.ID = "no-node"
		f.Message = "the kernel knows the device, but there is no node to open it by"
		f.Fix = "see that udev runs: sudo udevadm trigger, or plug the device in again"
		if device.Type == PCIe {
			f.Fix = "see that udev runs: sudo udevadm trigger --subsystem-match=apex, or load the driver again: sudo modprobe -r apex && sudo modprobe apex"
		}
	case errors.Is(err, syscall.EPERM):
		f.ID = "container-rules"
		f.Message = "the device rules of this container forbid " + device.Node
		f.Fix = containerHint(device)
	default:
		f.ID = "no-permission"
		f.Message = "this process may not read and write " + device.Node
		f.Fix = d.permissionFix(device)
	}
	return []Finding{f}
}

// access is why the probe found the device not accessible.
func (d *diagnosis) access(device Device) error {
	if device.Node == "" {
		return fs.ErrNotExist
	}
	return d.prober.access(device.Node)
}

// permissionFix tells what of the udev rule, the group and the new login is missing.
func (d *diagnosis) permissionFix(device Device) string {
	info, err := fs.Stat(d.prober.files, strings.TrimPrefix(device.Node, "/"))
	if err != nil {
		return udevHint(device)
	}
	gid, ok := ownerGroup(info)
	const forGroup = 0o060
	if !ok || gid == 0 || info.Mode().Perm()&forGroup != forGroup {
		return udevHint(device) // no rule has given the node to a group
	}
	group, member := d.group(gid)
	switch {
	case d.inGroup(gid):
		return "the mode of the node allows it, so something else forbids it: look for AppArmor, SELinux or a snap's confinement"
	case member:
		return fmt.Sprintf("log out and in again: this user has joined the group %s since (for a service, restart it with SupplementaryGroups=%s)", group, group)
	}
	return fmt.Sprintf("sudo usermod -aG %s $USER, and log in again (for a service: SupplementaryGroups=%s)", group, group)
}

// checkBusy is about a device that another process has. A lock of this process is no
// obstacle to it.
func checkBusy(d *diagnosis, device Device) []Finding {
	pid, busy := device.OwnerPID, device.Owned
	if !busy {
		pid, busy = LockHolder(device, d.probeOptions...)
	}
	if !busy || pid == os.Getpid() {
		return nil
	}
	f := Finding{ID: "device-busy", Severity: Error}
	if pid == 0 {
		f.Message = "another process has the device, in another container or of another user"
		f.Fix = "stop the program that uses it, or choose another device"
		return []Finding{f}
	}
	f.Message = fmt.Sprintf("process %d has the device", pid)
	if name := d.read(path.Join("proc", fmt.Sprint(pid), "comm")); name != "" {
		f.Message = fmt.Sprintf("process %d (%s) has the device", pid, name)
	}
	f.Fix = fmt.Sprintf("stop it: kill %d, or choose another device", pid)
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
		Fix:     "cool it: a heat sink, a fan, or fewer inferences a second",
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
	if device.Type != USB || device.SpeedMbps == 0 || device.SpeedMbps >= superSpeed {
		return nil
	}
	return []Finding{{
		ID: "usb2", Severity: Warning,
		Message: fmt.Sprintf("the device runs at %d Mbit/s where USB 3 has %d, which makes inferences several times slower", device.SpeedMbps, superSpeed),
		Fix:     "use a USB 3 port (blue, or marked SS) and the cable that came with the device, without a hub; the Coral Dev Board Mini has USB 2 only, so there it is normal",
	}}
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
		if f.Severity != Info {
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
