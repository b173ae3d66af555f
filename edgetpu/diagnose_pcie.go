package edgetpu

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// idPCI is the identity of a PCIe Edge TPU, vendor and device.
const idPCI = "1ac1:089a"

// orphan is an Edge TPU on the PCIe bus that the apex driver has made no device of.
type orphan struct {
	dir    string // in the prober's files
	driver string // that of another driver which has it, or ""
}

// orphans lists the Edge TPUs on the PCIe bus that are not among devices.
func (p *prober) orphans(devices []Device) (found []orphan) {
	const bus = "sys/bus/pci/devices"
	entries, err := fs.ReadDir(p.files, bus)
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		dir := path.Join(bus, entry.Name())
		read := attrReader(p.files, dir)
		if strings.TrimPrefix(read("vendor"), "0x")+":"+strings.TrimPrefix(read("device"), "0x") != idPCI {
			continue
		}
		known := slices.ContainsFunc(devices, func(d Device) bool { return d.PCIAddress == entry.Name() })
		if _, err := fs.Stat(p.files, path.Join(dir, "apex")); known || err == nil {
			continue
		}
		driver, _ := fs.ReadLink(p.files, path.Join(dir, "driver")) // "" is the usual case
		if driver != "" {
			driver = path.Base(driver)
		}
		found = append(found, orphan{dir, driver})
	}
	return found
}

func checkDriver(_ context.Context, d *diagnosis) (findings []Finding) {
	for _, o := range d.orphans {
		f := Finding{ID: "pcie-without-driver", Severity: Error, Device: "/" + o.dir}
		address := path.Base(o.dir)
		switch o.driver {
		case "":
			f.Message = fmt.Sprintf("there is an Edge TPU on the PCIe bus (%s at %s), but no driver drives it", idPCI, address)
			f.Fixes = d.driverFixes()
		case "apex":
			f.Message = fmt.Sprintf("the apex driver has the Edge TPU at %s, but could not make a device of it", address)
			f.Fixes = []string{lookInKernelLog}
		default:
			f.Message = fmt.Sprintf("the driver %s has the Edge TPU at %s, for a virtual machine perhaps, so that apex cannot have it", o.driver, address)
			f.Fixes = []string{fmt.Sprintf("give it to apex: echo %s | sudo tee %s/unbind && sudo modprobe apex && echo %s | sudo tee /sys/bus/pci/drivers_probe",
				address, "/"+path.Join(o.dir, "driver"), address)}
		}
		findings = append(findings, f)
	}
	return findings
}

// driverFixes depend on the kernel, because Google's package stopped in 2023.
func (d *diagnosis) driverFixes() []string {
	release := d.read("proc/sys/kernel/osrelease")
	install := "install the driver: sudo apt install gasket-dkms linux-headers-" + cmp.Or(release, "$(uname -r)")
	switch {
	case atLeast(release, 6, 12):
		install = fmt.Sprintf("build the driver from github.com/google/gasket-driver with its open pull requests for Linux 6.12 and later, "+
			"as the gasket-dkms package does not build on this one (%s)", release)
	case atLeast(release, 6, 4):
		install = fmt.Sprintf("build the driver from github.com/google/gasket-driver, as the gasket-dkms package does not build from Linux 6.4 on (this is %s)", release)
	}
	if d.inContainer() {
		install = "on the host, " + install
	}
	return []string{install, "load it: sudo modprobe apex"}
}

// atLeast compares a kernel release, such as 6.12.34+rpt-rpi-2712, with a version.
func atLeast(release string, major, minor int) bool {
	numbers := strings.FieldsFunc(release, func(r rune) bool { return r < '0' || r > '9' })
	if len(numbers) < 2 {
		return false
	}
	x, errX := strconv.Atoi(numbers[0])
	y, errY := strconv.Atoi(numbers[1])
	return errX == nil && errY == nil && slices.Compare([]int{x, y}, []int{major, minor}) >= 0
}

// pageSize is the only one that the gasket driver, below apex, works with.
const pageSize = 4096

func checkPageSize(_ context.Context, d *diagnosis) []Finding {
	if d.pageSize == pageSize || !d.has(PCIe) && len(d.orphans) == 0 {
		return nil
	}
	return []Finding{{
		ID: "page-size", Severity: Error,
		Message: fmt.Sprintf("the kernel's memory pages have %d bytes, and the driver of PCIe Edge TPUs works with %d only", d.pageSize, pageSize),
		Fixes: []string{
			"boot a kernel with 4 KB pages",
			"on a Raspberry Pi 5, put the line kernel=kernel8.img into /boot/firmware/config.txt and reboot",
		},
	}}
}
