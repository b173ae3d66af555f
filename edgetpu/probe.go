package edgetpu

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/options"
	"github.com/gocoral/coral/internal/processes"
)

// ProbeOption changes how [Probe] looks for devices.
type ProbeOption func(*prober) error

// WithRoot makes the probe read dir/sys and dir/dev instead of the machine's
// own /sys and /dev, and leaves libusb out, which cannot be pointed elsewhere.
// It is for tests, and for a container that has the host's files mounted under
// another folder. The paths in the result stay those of the machine described,
// without dir.
//
// Without this option the environment variable UMOCKDEV_DIR has the same effect:
// umockdev-run sets it for the programs it runs.
func WithRoot(dir string) ProbeOption {
	return func(p *prober) error {
		p.root = dir
		return nil
	}
}

// WithLogger sends what the probe could not read, at debug level, to l. The
// default is to drop it: a missing driver or bus is the normal case.
func WithLogger(l *slog.Logger) ProbeOption {
	return func(p *prober) error {
		p.log = cmp.Or(l, p.log)
		return nil
	}
}

// Probe lists the Edge TPUs attached to this machine, without opening any: it
// takes no hold of a device and loads no firmware.
//
// On Linux it reads sysfs: the USB devices 1a6e:089a and 18d1:9302, and the PCIe
// devices of the apex driver, joined with the /dev/apex_N nodes. libusb is asked
// for USB devices where there is no USB bus in sysfs, as on other operating
// systems. Where there is one it could add nothing, because it reads the same
// files, and it takes several times as long.
//
// The order is PCIe first, by number, then USB by bus and port, compared as
// numbers. An index therefore means the same device as long as nothing is
// plugged or unplugged; see the package documentation for how libedgetpu's own
// order differs. It is not the order of preference, which [Selector.All] gives.
// Unusable devices are listed too, with the Reason, and so are those that a
// program has, with its process and name: see [Device.Owned].
//
// No device, no driver, no USB, a sysfs that may not be read and a build without
// libusb all give an empty list and no error. The error is that of ctx, if it
// ends before the kernel or libusb has answered, or names a root that is not
// there; a nil ctx does not end. Any number of goroutines may call Probe at once.
func Probe(ctx context.Context, opts ...ProbeOption) ([]Device, error) {
	ctx = errs.Context(ctx)
	p, err := newProber(opts)
	if err != nil {
		return nil, fmt.Errorf("probing for Edge TPUs: %w", err)
	}
	// The scan may hang in a driver, and C calls cannot be interrupted: it is
	// left behind then, and what it still finds is dropped.
	found := make(chan []Device, 1)
	go func() { found <- p.scan(ctx) }()
	select {
	case devices := <-found:
		if ctx.Err() == nil {
			return devices, nil
		}
	case <-ctx.Done():
	}
	return nil, fmt.Errorf("probing for Edge TPUs: %w", ctx.Err())
}

// prober is one look at a machine. Its fields are the seams at which tests take
// the machine's place.
type prober struct {
	root string
	log  *slog.Logger

	files     fs.FS                       // holds sys/, dev/ and proc/
	processes processes.Table             // those of files
	access    func(node string) error     // may this process open the node, an absolute path?
	libusb    func() ([]usbDevice, error) // nil if it is not to be asked
}

func newProber(opts []ProbeOption) (*prober, error) {
	p := &prober{log: slog.New(slog.DiscardHandler)}
	if err := options.Apply(p, opts); err != nil {
		return nil, err
	}
	p.root = cmp.Or(p.root, os.Getenv("UMOCKDEV_DIR"), "/")
	if p.files == nil {
		if _, err := os.Stat(p.root); err != nil {
			return nil, err
		}
		p.files = os.DirFS(p.root)
	}
	p.processes = processes.In(p.files)
	if p.access == nil {
		p.access = func(node string) error { return mayOpen(filepath.Join(p.root, node)) }
	}
	if p.libusb == nil && p.root == "/" {
		p.libusb = listLibUSB
	}
	return p, nil
}

// scan finds the devices, judges whether they can be used, and sorts them.
func (p *prober) scan(ctx context.Context) []Device {
	devices := append(p.pcie(), p.usb(ctx)...)
	for i := range devices {
		p.judge(&devices[i])
	}
	slices.SortFunc(devices, Device.compare)
	return slices.CompactFunc(devices, func(a, b Device) bool { return a.Path == b.Path })
}

// judge fills in who has the device, Accessible and Reason.
func (p *prober) judge(d *Device) {
	p.findOwner(d)
	var denied string
	switch {
	case d.Node != "":
		err := p.access(d.Node)
		d.Accessible = err == nil
		denied = accessReason(*d, err)
	case runtime.GOOS != "linux": // there is no node whose mode could be asked
		d.Accessible = true
	default:
		denied = "the kernel does not tell its device number (devnum): unplug it and plug it in again"
	}
	reason, obstacle := d.obstacle()
	if errors.Is(obstacle, ErrPermission) {
		reason = denied
	}
	d.Reason = reason
}

// usb lists the USB devices from sysfs, or from libusb where sysfs has no USB.
func (p *prober) usb(ctx context.Context) []Device {
	found, err := sysfsUSB(p.files)
	if err != nil {
		p.log.DebugContext(ctx, "no USB devices in sysfs", "error", err)
		found = p.askLibUSB(ctx)
	}
	var devices []Device
	for _, u := range found {
		if d, ok := u.device(); ok {
			devices = append(devices, d)
		}
	}
	return devices
}

// libusbTurn lets one caller into libusb at a time, so that a libusb that hangs
// holds one thread and not one for each Probe that has given up on it.
var libusbTurn = make(chan struct{}, 1)

func (p *prober) askLibUSB(ctx context.Context) []usbDevice {
	if p.libusb == nil {
		return nil
	}
	select {
	case libusbTurn <- struct{}{}:
		defer func() { <-libusbTurn }()
	case <-ctx.Done():
		return nil
	}
	found, err := p.libusb()
	if err != nil {
		p.log.DebugContext(ctx, "libusb could not list every USB device", "error", err)
	}
	return found
}
