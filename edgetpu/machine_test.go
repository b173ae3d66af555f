package edgetpu_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// stickNode is the node of the USB device in port 2-1.
const stickNode = "/dev/bus/usb/002/003"

// machine is the root of a made-up machine, laid out as Linux does it: the
// attributes under sys/devices, and links to them from the bus and the class.
type machine string

// attrs are the attributes of a device; a newline is added to each.
type attrs map[string]string

func newMachine(tb testing.TB) machine {
	tb.Helper()
	root := machine(tb.TempDir())
	root.mkdir(tb, "dev")
	root.mkdir(tb, "sys/bus/usb/devices")
	return root
}

// usb plugs a USB device into the port with that name. Its node comes from node.
func (m machine) usb(tb testing.TB, port string, a attrs) {
	tb.Helper()
	m.device(tb, "sys/devices/pci0000:00/0000:00:14.0/"+port, "sys/bus/usb/devices/"+port, a)
}

// apex plugs in the PCIe device with that name, and makes its node.
func (m machine) apex(tb testing.TB, name string, a attrs) {
	tb.Helper()
	m.device(tb, "sys/devices/pci0000:00/0000:01:00.0/apex/"+name, "sys/class/apex/"+name, a)
	m.node(tb, "dev/"+name)
}

func (m machine) device(tb testing.TB, dir, link string, a attrs) {
	tb.Helper()
	m.mkdir(tb, dir)
	for name, value := range a {
		m.write(tb, filepath.Join(dir, name), value+"\n")
	}
	m.mkdir(tb, filepath.Dir(link))
	target, err := filepath.Rel(filepath.Dir(link), dir)
	require.NoError(tb, err)
	require.NoError(tb, os.Symlink(target, m.path(link)))
}

func (m machine) node(tb testing.TB, name string) {
	tb.Helper()
	m.mkdir(tb, filepath.Dir(name))
	m.write(tb, name, "")
}

func (m machine) path(name string) string { return filepath.Join(string(m), filepath.FromSlash(name)) }

func (m machine) mkdir(tb testing.TB, name string) {
	tb.Helper()
	require.NoError(tb, os.MkdirAll(m.path(name), 0o755))
}

func (m machine) write(tb testing.TB, name, content string) {
	tb.Helper()
	require.NoError(tb, os.WriteFile(m.path(name), []byte(content), 0o644))
}

// process makes a process with that name, and the files that it has open.
func (m machine) process(tb testing.TB, pid int, name string, files ...string) {
	tb.Helper()
	dir := "proc/" + strconv.Itoa(pid)
	m.mkdir(tb, dir+"/fd")
	m.write(tb, dir+"/comm", name+"\n")
	for i, file := range files {
		require.NoError(tb, os.Symlink(file, m.path(dir+"/fd/"+strconv.Itoa(i+3))))
	}
}

// worker makes a process that another one has started as its worker.
func (m machine) worker(tb testing.TB, pid, parent int, files ...string) {
	tb.Helper()
	m.process(tb, pid, "worker", files...)
	for p, of := range map[int]int{pid: parent, parent: 1} {
		m.write(tb, fmt.Sprintf("proc/%d/stat", p), fmt.Sprintf("%d (x) S %d %d 77 0", p, of, p))
	}
	m.write(tb, fmt.Sprintf("proc/%d/cmdline", pid), "camera\x00tpu-worker\x00")
}

// claim has a program claim an interface of the USB device in that port, as libusb does.
func (m machine) claim(tb testing.TB, port, configurationAndInterface string) {
	tb.Helper()
	dir := "sys/bus/usb/devices/" + port + ":" + configurationAndInterface
	m.mkdir(tb, dir)
	m.mkdir(tb, "sys/bus/usb/drivers/usbfs")
	require.NoError(tb, os.Symlink("../../../../bus/usb/drivers/usbfs", m.path(dir+"/driver")))
}

// The attributes of devices that nothing is wrong with.
func usbAttrs(id, speed, devnum string) attrs {
	vendor, product, _ := strings.Cut(id, ":")
	return attrs{"idVendor": vendor, "idProduct": product, "speed": speed, "devnum": devnum, "busnum": "1"}
}

func apexAttrs(overlay attrs) attrs {
	a := attrs{
		"temp": "51300", "status": "ALIVE", "is_device_owned": "0", "device_owner": "0",
		"trip_point0_temp": "85000", "trip_point1_temp": "90000", "trip_point2_temp": "95000",
		"hw_temp_warn2": "100000", "driver_version": "1.2", "pci_address": "0000:01:00.0",
		"unique_id": "00112233445566778899aabbccddeeff",
	}
	maps.Copy(a, overlay)
	return a
}
