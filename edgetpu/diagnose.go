package edgetpu

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/options"
	"github.com/gocoral/coral/model"
)

// Severity says how much a [Finding] matters.
type Severity string

// The severities.
const (
	// Error: the device, or with a finding about the machine every device, cannot be
	// used until this is mended.
	Error Severity = "error"
	// Warning: it works, but slower or less well than it could.
	Warning Severity = "warning"
	// Info: worth knowing, and nothing is wrong.
	Info Severity = "info"
	// OK: this was looked at, and is as it should be.
	OK Severity = "ok"
)

// Finding is one thing that [Diagnose] found out. The JSON names are stable.
type Finding struct {
	// ID names the kind of finding. It is stable; [Diagnose] lists them.
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	// Message is one sentence about what was found.
	Message string `json:"message"`
	// Fixes are the commands or actions that mend it, one each, in the order in which to
	// try them; none if there is nothing to mend.
	Fixes []string `json:"fixes"`
	// Device is the [Device.Path] that the finding is about, for a PCIe device without
	// a driver its directory in sysfs, and "" if it is about the machine or the model.
	Device string `json:"device"`
}

// String is the finding in one line.
func (f Finding) String() string {
	texts := append([]string{string(f.Severity) + ": " + f.Message}, f.Fixes...)
	return strings.Join(texts, "; ") + " (" + f.ID + ")"
}

// DiagnoseOption changes what [Diagnose] looks at. Every [ProbeOption] is one too.
type DiagnoseOption interface{ applyDiagnose(*diagnosis) error }

func (o ProbeOption) applyDiagnose(d *diagnosis) error { //nolint:unparam // other options can fail
	d.probeOptions = append(d.probeOptions, o)
	return nil
}

type diagnoseOption func(*diagnosis) error

func (o diagnoseOption) applyDiagnose(d *diagnosis) error { return o(d) }

// WithModel has the diagnosis look at a model, too: whether it was compiled for the
// Edge TPU, what it left to the CPU, and whether libedgetpu is new enough for it.
func WithModel(m *model.Model) DiagnoseOption {
	return diagnoseOption(func(d *diagnosis) error {
		d.model = m
		return nil
	})
}

// WithSelector restricts the diagnosis to the devices that s stands for.
func WithSelector(s Selector) DiagnoseOption {
	return diagnoseOption(func(d *diagnosis) error {
		d.selector = s
		return nil
	})
}

// WithLibrary names the libedgetpu that is meant, as the argument of [Load] does.
func WithLibrary(path string) DiagnoseOption {
	return diagnoseOption(func(d *diagnosis) error {
		d.library = path
		return nil
	})
}

// WithLibraryProbe says how to find out whether a libedgetpu can be loaded, and what
// its [Runtime.Version] is. Without it the diagnosis runs no native code, reads the
// file's header only, and cannot tell the version.
//
// The path may be a bare name for the loader to search. Loading runs the library's own
// code, which may crash or hang: a careful probe does it in a child process, as "coral
// doctor" does.
func WithLibraryProbe(probe func(ctx context.Context, path string) (version string, err error)) DiagnoseOption {
	return diagnoseOption(func(d *diagnosis) error {
		d.probeLibrary = probe
		return nil
	})
}

// WithOpenProbe says how to find out whether a device that looks usable can be opened: a
// stick that hangs looks like any other until then. Opening it takes two to three seconds,
// resets a USB device and loads its firmware. As with [WithLibraryProbe], a careful probe
// does it in a child process. Its context ends after ten seconds at the latest; an error
// that wraps [ErrRuntimeStuck] or context.DeadlineExceeded tells of a device that hangs. It
// is asked only if nothing else stands in the way of the device.
func WithOpenProbe(probe func(ctx context.Context, d Device) error) DiagnoseOption {
	return diagnoseOption(func(d *diagnosis) error {
		d.probeOpening = probe
		return nil
	})
}

// Diagnose finds out what stands between this machine and a working Edge TPU: a list
// of findings, each with what mends it, errors first and what is good last. Nothing is
// opened and no native code is run, unless [WithLibraryProbe] or [WithOpenProbe] does so;
// without the latter a device may look usable and hang. A nil ctx does not end.
//
// A device that [Device.Usable] refuses always has a finding with the severity Error.
// The IDs, with the severity where it is not Error:
//
//	no-device                  none is attached, or none that the selector stands for
//	no-node                    the device node is missing
//	no-permission              this process may not open the node
//	container-without-node     the node was not given to this container
//	container-rules            the container's device rules forbid the node
//	device-busy                another program has the device
//	device-hangs               opening the device does not end
//	device-does-not-open       opening it fails
//	dead, off-bus, lamed       the device does not answer, or not fully
//	overheated                 it is at its shutdown temperature
//	throttled                  (warning) it is so hot that it slows down
//	uninitialised              (info) a USB device waits for its firmware, as it should
//	usb2                       (warning) a USB device runs at USB 2 speed
//	pcie-without-driver        a PCIe device that the apex driver does not drive
//	page-size                  the kernel's pages are not those the PCIe driver needs
//	library-missing            there is no libedgetpu
//	library-wrong-architecture it is for another processor
//	library-unloadable         it is there, and loading it fails
//	library-too-old            the model needs a newer one
//	library-std                (info) the standard build, which caps the clock over USB
//	model-damaged              the part of the model for the Edge TPU cannot be read
//	model-not-compiled         (warning) the model has nothing for the Edge TPU
//	model-cpu-operators        (info) some operators were left to the CPU
//	model-needs-descriptors    (warning) libedgetpu refuses the model over USB, but in a worker process
//	device-opens               (ok) the device was opened
//	device-looks-usable        (ok) nothing is wrong with the device, which was not opened
//	permission                 (ok) this process may open the node
//	port-speed                 (ok) a USB device runs at full speed
//	model                      (ok) what the model holds for the Edge TPU, and what it needs
//	library                    (ok) where libedgetpu is, and its version
//
// The error is that of [Probe].
func Diagnose(ctx context.Context, opts ...DiagnoseOption) ([]Finding, error) {
	ctx = errs.Context(ctx)
	d, err := newDiagnosis(ctx, opts)
	if err != nil {
		return nil, err
	}
	findings := d.aboutDevices()
	for _, check := range machineChecks {
		findings = append(findings, check(ctx, d)...)
	}
	findings = append(findings, d.tryOpening(ctx, findings)...)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("diagnosing: %w", err)
	}
	sortFindings(findings)
	return findings, nil
}

// machineChecks are about the machine or the model. A new one is a function and a line
// here.
var machineChecks = []func(context.Context, *diagnosis) []Finding{
	checkAttached,
	checkDriver,
	checkPageSize,
	checkLibrary,
	checkModel,
}

// deviceChecks are about one device each.
var deviceChecks = []func(*diagnosis, Device) []Finding{
	checkState,
	checkAccessible,
	checkBusy,
	checkTemperature,
	checkUSB,
}

// diagnosis is one look at a machine. The unexported fields that options do not set
// are the seams at which tests take the machine's place.
type diagnosis struct {
	probeOptions []ProbeOption
	selector     Selector
	model        *model.Model
	library      string
	probeLibrary func(ctx context.Context, path string) (string, error)
	probeOpening func(ctx context.Context, d Device) error

	prober *prober // sys and dev
	// system is the rest of the machine: etc, proc, lib, … It is not below the root of
	// WithRoot, for it is this machine that has to load the library.
	system fs.FS
	// groups are those of this process; they may be fewer than /etc/group says.
	uid      int
	groups   []int
	getenv   func(string) string
	pageSize int
	goos     string
	goarch   string

	devices []Device // those that are meant
	orphans []orphan // PCIe devices without a driver
}

func newDiagnosis(ctx context.Context, opts []DiagnoseOption) (*diagnosis, error) {
	d := &diagnosis{
		system:   os.DirFS("/"),
		uid:      os.Geteuid(),
		groups:   processGroups(),
		getenv:   os.Getenv,
		pageSize: os.Getpagesize(),
		goos:     runtime.GOOS,
		goarch:   runtime.GOARCH,
	}
	if err := options.Each(opts, func(o DiagnoseOption) error { return o.applyDiagnose(d) }); err != nil {
		return nil, err
	}
	devices, err := Probe(ctx, d.probeOptions...)
	if err != nil {
		return nil, err
	}
	if d.prober, err = newProber(d.probeOptions); err != nil {
		return nil, err
	}
	if matching, err := d.selector.All(devices); err == nil {
		// In the order of Probe, as they are listed elsewhere, and not in that of preference.
		d.devices = slices.DeleteFunc(slices.Clone(devices), func(device Device) bool {
			return !slices.ContainsFunc(matching, func(m Device) bool { return m.Path == device.Path })
		})
	}
	if d.selector.typ != USB && d.selector.path == "" {
		d.orphans = d.prober.orphans(devices)
	}
	return d, nil
}

// aboutDevices runs the checks of single devices.
func (d *diagnosis) aboutDevices() (findings []Finding) {
	for _, device := range d.devices {
		for _, check := range deviceChecks {
			for _, f := range check(d, device) {
				f.Device = device.Path
				findings = append(findings, f)
			}
		}
	}
	return findings
}

// has reports whether a device of that type is among those that are meant.
func (d *diagnosis) has(t Type) bool {
	return slices.ContainsFunc(d.devices, func(device Device) bool { return device.Type == t })
}

// read returns the content of a small file of the machine, "" if it cannot be read.
func (d *diagnosis) read(name string) string {
	data, err := fs.ReadFile(d.system, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// systemName is the name in the file system d.system of the file at path.
func systemName(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	return strings.TrimPrefix(filepath.ToSlash(path), "/")
}

// inContainer recognises Docker, Podman, LXC and Kubernetes.
func (d *diagnosis) inContainer() bool {
	for _, mark := range []string{".dockerenv", "run/.containerenv"} {
		if _, err := fs.Stat(d.system, mark); err == nil {
			return true
		}
	}
	groups := d.read("proc/1/cgroup")
	return slices.ContainsFunc([]string{"docker", "libpod", "lxc", "kubepods", "containerd"},
		func(engine string) bool { return strings.Contains(groups, engine) })
}

func sortFindings(findings []Finding) {
	order := []Severity{Error, Warning, Info, OK}
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Compare(slices.Index(order, a.Severity), slices.Index(order, b.Severity))
	})
}
