package edgetpu_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
)

const (
	uninitialised = "1a6e:089a"
	ready         = "18d1:9302"
)

func probe(t *testing.T, opts ...edgetpu.ProbeOption) []edgetpu.Device {
	t.Helper()
	devices, err := edgetpu.Probe(t.Context(), opts...)
	require.NoError(t, err)
	return devices
}

// only returns the one device of a list.
func only(t *testing.T, devices []edgetpu.Device) edgetpu.Device {
	t.Helper()
	require.Len(t, devices, 1)
	return devices[0]
}

func paths(devices []edgetpu.Device) (paths []string) {
	for _, d := range devices {
		paths = append(paths, d.Path)
	}
	return paths
}

func TestProbeUSB(t *testing.T) {
	m := newMachine(t)
	m.usb(t, "2-1", usbAttrs(uninitialised, "5000", "3"))
	m.node(t, "dev/bus/usb/002/003")
	m.usb(t, "2-2", usbAttrs(ready, "480", "104"))
	m.node(t, "dev/bus/usb/002/104")
	m.usb(t, "2-3", usbAttrs("046d:c31c", "1.5", "5"))
	m.usb(t, "usb2", usbAttrs("1d6b:0003", "5000", "1"))
	m.usb(t, "2-2:1.0", attrs{"bInterfaceNumber": "00"})

	assert.Equal(t, []edgetpu.Device{
		{
			Type: edgetpu.USB, State: edgetpu.Uninitialised, SpeedMbps: 5000, Accessible: true, USBID: uninitialised,
			Path: "/sys/bus/usb/devices/2-1", Node: "/dev/bus/usb/002/003",
		},
		{
			Type: edgetpu.USB, State: edgetpu.Ready, SpeedMbps: 480, Accessible: true, USBID: ready,
			Path: "/sys/bus/usb/devices/2-2", Node: "/dev/bus/usb/002/104",
		},
	}, probe(t, edgetpu.WithRoot(string(m))))
}

func TestProbePCIe(t *testing.T) {
	m := newMachine(t)
	m.apex(t, "apex_0", apexAttrs(nil))
	temperature := 51.3
	assert.Equal(t, edgetpu.Device{
		Type: edgetpu.PCIe, State: edgetpu.Ready, Accessible: true, Path: "/dev/apex_0", Node: "/dev/apex_0",
		Temperature: &temperature, TripPoints: [3]float64{85, 90, 95}, Status: "ALIVE",
		UniqueID: "00112233445566778899aabbccddeeff", DriverVersion: "1.2", PCIAddress: "0000:01:00.0",
	}, only(t, probe(t, edgetpu.WithRoot(string(m)))))
}

func TestProbePCIeState(t *testing.T) {
	tests := map[string]struct {
		attrs   attrs
		state   edgetpu.State
		usable  error
		mention string
	}{
		"alive":                {nil, edgetpu.Ready, nil, ""},
		"dead":                 {attrs{"status": "DEAD"}, edgetpu.Dead, edgetpu.ErrNoDevice, "DEAD"},
		"driver going":         {attrs{"status": "DRIVER_EXITING"}, edgetpu.Dead, edgetpu.ErrNoDevice, "DRIVER_EXITING"},
		"lamed":                {attrs{"status": "LAMED"}, edgetpu.Lamed, edgetpu.ErrNoDevice, "interrupts"},
		"off the bus":          {attrs{"temp": "-89700"}, edgetpu.Dead, edgetpu.ErrNoDevice, "-89.7 °C"},
		"cold":                 {attrs{"temp": "-40000"}, edgetpu.Ready, nil, ""},
		"just too cold":        {attrs{"temp": "-40250"}, edgetpu.Dead, edgetpu.ErrNoDevice, "-40.2 °C"},
		"throttled":            {attrs{"temp": "99750"}, edgetpu.Ready, nil, ""},
		"at shutdown":          {attrs{"temp": "100000"}, edgetpu.Overheated, edgetpu.ErrNoDevice, "100.0 °C"},
		"at its own shutdown":  {attrs{"temp": "91000", "hw_temp_warn2": "91000"}, edgetpu.Overheated, edgetpu.ErrNoDevice, "cool"},
		"limit unreadable":     {attrs{"temp": "99750", "hw_temp_warn2": "?"}, edgetpu.Ready, nil, ""},
		"no status":            {attrs{"status": ""}, edgetpu.Unknown, nil, ""},
		"no status, no sensor": {attrs{"status": "", "temp": "n/a"}, edgetpu.Unknown, nil, ""},
		"unheard-of status":    {attrs{"status": "RESTING"}, edgetpu.Unknown, nil, ""},
		"held":                 {attrs{"is_device_owned": "1", "device_owner": "1"}, edgetpu.Ready, edgetpu.ErrDeviceBusy, "process 1:"},
		"held by someone":      {attrs{"is_device_owned": "1", "device_owner": ""}, edgetpu.Ready, edgetpu.ErrDeviceBusy, "another process"},
		"held by this process": {attrs{"is_device_owned": "1", "device_owner": fmt.Sprint(os.Getpid())}, edgetpu.Ready, nil, ""},
		"no longer held":       {attrs{"is_device_owned": "0", "device_owner": "1"}, edgetpu.Ready, nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.apex(t, "apex_0", apexAttrs(test.attrs))
			d := only(t, probe(t, edgetpu.WithRoot(string(m))))
			assert.Equal(t, test.state, d.State)
			assert.True(t, d.Accessible)
			if test.usable == nil {
				require.NoError(t, d.Usable())
				assert.Empty(t, d.Reason)
				return
			}
			require.ErrorIs(t, d.Usable(), test.usable)
			assert.ErrorContains(t, d.Usable(), d.Reason)
			assert.Contains(t, d.Reason, test.mention)
		})
	}
}

func TestProbeOrder(t *testing.T) {
	m := newMachine(t)
	for i, port := range []string{"10-1", "2-1", "1-3", "1-3.10", "1-3.2", "1-3.2.1", "1-10", "1-2"} {
		// The first and every other one are uninitialised: it makes no difference.
		id := []string{uninitialised, ready}[i%2]
		m.usb(t, port, usbAttrs(id, "480", fmt.Sprint(i+2)))
	}
	for _, name := range []string{"apex_10", "apex_2", "apex_0"} {
		m.apex(t, name, apexAttrs(nil))
	}
	const usb = "/sys/bus/usb/devices/"
	assert.Equal(t, []string{
		"/dev/apex_0", "/dev/apex_2", "/dev/apex_10",
		usb + "1-2", usb + "1-3", usb + "1-3.2", usb + "1-3.2.1", usb + "1-3.10", usb + "1-10", usb + "2-1", usb + "10-1",
	}, paths(probe(t, edgetpu.WithRoot(string(m)))))
}

func TestProbeFindsNodesWithoutSysfs(t *testing.T) {
	m := machine(t.TempDir())
	m.node(t, "dev/apex_1")
	m.node(t, "dev/apex_x")
	m.node(t, "dev/apex_01")
	d := only(t, probe(t, edgetpu.WithRoot(string(m))))
	assert.Equal(t, edgetpu.Device{
		Type: edgetpu.PCIe, State: edgetpu.Unknown, Accessible: true, Path: "/dev/apex_1", Node: "/dev/apex_1",
	}, d)
	assert.NoError(t, d.Usable(), "nothing is known against it")
}

func TestProbeEmpty(t *testing.T) {
	assert.Empty(t, probe(t, edgetpu.WithRoot(string(newMachine(t)))))
	assert.Empty(t, probe(t, edgetpu.WithRoot(t.TempDir())), "neither sys nor dev")
}

func TestProbeThisMachine(t *testing.T) {
	t.Setenv("UMOCKDEV_DIR", "")
	for _, d := range probe(t) { // whatever is there
		assert.Contains(t, []edgetpu.Type{edgetpu.USB, edgetpu.PCIe}, d.Type)
		assert.Equal(t, d.Reason == "", d.Usable() == nil, d.Reason)
	}
}

func TestProbeRoot(t *testing.T) {
	byEnv, byOption := newMachine(t), newMachine(t)
	byEnv.apex(t, "apex_1", apexAttrs(nil))
	byOption.apex(t, "apex_2", apexAttrs(nil))
	t.Setenv("UMOCKDEV_DIR", string(byEnv))
	assert.Equal(t, []string{"/dev/apex_1"}, paths(probe(t)))
	assert.Equal(t, []string{"/dev/apex_1"}, paths(probe(t, edgetpu.WithRoot(""))))
	assert.Equal(t, []string{"/dev/apex_2"}, paths(probe(t, edgetpu.WithRoot(string(byOption)))))

	missing := byOption.path("nowhere")
	devices, err := edgetpu.Probe(t.Context(), edgetpu.WithRoot(missing))
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, missing)
	assert.Empty(t, devices)
}

// The ways in which a node can be out of reach.
func TestProbeAccess(t *testing.T) {
	tests := map[string]struct {
		err          error
		usb, pciHint []string
	}{
		"mode":    {syscall.EACCES, []string{"1a6e|18d1", "089a|9302", "plugdev"}, []string{`SUBSYSTEM=="apex"`, "usermod -aG apex"}},
		"cgroup":  {syscall.EPERM, []string{"device rules", "c 189:* rwm"}, []string{"device rules", "--device /dev/apex_0"}},
		"missing": {fs.ErrNotExist, []string{"no /dev/bus/usb/002/003", "c 189:* rwm"}, []string{"no /dev/apex_0", "--device /dev/apex_0"}},
		"other":   {errors.New("stars are wrong"), []string{"stars are wrong"}, []string{"stars are wrong"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.usb(t, "2-1", usbAttrs(ready, "5000", "3"))
			m.apex(t, "apex_0", apexAttrs(nil))
			var asked []string
			devices := probe(t, edgetpu.WithRoot(string(m)), edgetpu.WithAccess(func(node string) error {
				asked = append(asked, node)
				return &fs.PathError{Op: "access", Path: node, Err: test.err}
			}))
			require.Len(t, devices, 2)
			assert.ElementsMatch(t, []string{"/dev/apex_0", "/dev/bus/usb/002/003"}, asked)
			for i, hints := range [][]string{test.pciHint, test.usb} {
				assert.False(t, devices[i].Accessible)
				require.ErrorIs(t, devices[i].Usable(), edgetpu.ErrPermission)
				assert.NotContains(t, devices[i].Reason, "%!", "a formatting mistake")
				for _, hint := range hints {
					assert.Contains(t, devices[i].Reason, hint)
				}
			}
		})
	}
}

func TestProbeNodeIsFolder(t *testing.T) {
	m := newMachine(t)
	m.mkdir(t, "dev/apex_0")
	d := only(t, probe(t, edgetpu.WithRoot(string(m))))
	assert.False(t, d.Accessible)
	assert.Contains(t, d.Reason, "is a folder")
}

func TestProbeNodeMissing(t *testing.T) {
	m := newMachine(t)
	m.usb(t, "2-1", usbAttrs(ready, "5000", "3"))
	d := only(t, probe(t, edgetpu.WithRoot(string(m))))
	assert.False(t, d.Accessible)
	assert.Contains(t, d.Reason, "there is no /dev/bus/usb/002/003 here")
}

// A dead device is not made a matter of permission.
func TestProbeStateBeforeAccess(t *testing.T) {
	m := newMachine(t)
	m.apex(t, "apex_0", apexAttrs(attrs{"status": "DEAD"}))
	d := only(t, probe(t, edgetpu.WithRoot(string(m)),
		edgetpu.WithAccess(func(string) error { return syscall.EACCES })))
	assert.False(t, d.Accessible)
	require.ErrorIs(t, d.Usable(), edgetpu.ErrNoDevice)
	assert.NotContains(t, d.Reason, "udev")
}

// Files that no kernel writes: the probe describes what it can and drops the rest.
func TestProbeMalformedSysfs(t *testing.T) {
	huge := strings.Repeat("9", 1<<20)
	junk := []string{"", " ", "\x00\xff\xfe", "-1", "99999999999999999999", "0x10", "NaN", "+Inf", "1e400", "3\n4", "３", huge}
	m := newMachine(t)
	for i, value := range junk {
		m.usb(t, fmt.Sprintf("1-%d", i+1), attrs{"idVendor": "18d1", "idProduct": "9302", "devnum": value, "speed": value})
		m.usb(t, fmt.Sprintf("2-%d", i+1), attrs{"idVendor": value, "idProduct": value})
		m.apex(t, fmt.Sprintf("apex_%d", i), attrs{
			"temp": value, "status": value, "is_device_owned": value, "device_owner": value, "unique_id": value,
			"trip_point0_temp": value, "hw_temp_warn2": value, "driver_version": value, "pci_address": value,
		})
	}
	m.usb(t, "3-1", usbAttrs(ready, "5000", "1"))
	require.NoError(t, os.Remove(m.path("sys/bus/usb/devices/3-1/devnum")))
	m.mkdir(t, "sys/bus/usb/devices/3-1/devnum") // a folder in place of a file
	require.NoError(t, os.Symlink("../../../devices/gone", m.path("sys/bus/usb/devices/3-2")))
	require.NoError(t, os.Symlink("3-3", m.path("sys/bus/usb/devices/3-3")))
	m.write(t, "sys/bus/usb/devices/3-4", "a file in place of a folder")
	m.write(t, "sys/class/apex/apex_99999999999", "")
	m.write(t, "sys/class/apex/apex_", "")

	devices := probe(t, edgetpu.WithRoot(string(m)))
	assert.Len(t, devices, 2*len(junk)+1, "all but those that name no Edge TPU")
	for _, d := range devices {
		assert.Less(t, len(d.Status)+len(d.UniqueID)+len(d.DriverVersion)+len(d.PCIAddress), 4*257)
		assert.GreaterOrEqual(t, d.SpeedMbps, 0)
		assert.GreaterOrEqual(t, d.OwnerPID, 0)
		_, err := json.Marshal(d)
		require.NoError(t, err)
		if d.Type == edgetpu.USB {
			assert.Equal(t, edgetpu.Ready, d.State)
		}
	}
	last := devices[len(devices)-1]
	assert.Equal(t, "/sys/bus/usb/devices/3-1", last.Path)
	assert.Empty(t, last.Node)
	if runtime.GOOS == "linux" {
		assert.Contains(t, last.Reason, "devnum")
	}
}

func TestProbeJSON(t *testing.T) {
	m := newMachine(t)
	m.usb(t, "2-1", usbAttrs(uninitialised, "480", "3"))
	m.node(t, "dev/bus/usb/002/003")
	m.apex(t, "apex_0", attrs{"temp": "51300"})
	devices, err := json.Marshal(probe(t, edgetpu.WithRoot(string(m))))
	require.NoError(t, err)
	assert.JSONEq(t, `[
		{"type": "pci", "path": "/dev/apex_0", "node": "/dev/apex_0", "state": "unknown", "speed_mbps": 0,
		 "accessible": true, "reason": "", "temperature_c": 51.3},
		{"type": "usb", "path": "/sys/bus/usb/devices/2-1", "node": "/dev/bus/usb/002/003", "state": "uninitialised",
		 "speed_mbps": 480, "accessible": true, "reason": "", "temperature_c": null, "usb_id": "1a6e:089a"}
	]`, string(devices))
}

// noUSB is a machine whose sysfs has no USB bus.
var noUSB = edgetpu.WithFiles(fstest.MapFS{"dev/apex_0": {}})

func allow(string) error { return nil }

func TestProbeAsksLibUSBWithoutSysfs(t *testing.T) {
	list := func() ([]edgetpu.USBDevice, error) {
		return []edgetpu.USBDevice{
			edgetpu.NewUSBDevice("1d6b:0003", 1, 5000, 2), // a root hub has no port
			edgetpu.NewUSBDevice(ready, 7, 5000, 2, 1, 4),
			edgetpu.NewUSBDevice(uninitialised, 3, 480, 1, 2),
			edgetpu.NewUSBDevice(uninitialised, 3, 480, 1, 2),
		}, errors.New("and one that could not be read")
	}
	var log strings.Builder
	devices := probe(t, noUSB, edgetpu.WithAccess(allow), edgetpu.WithLibUSB(list),
		edgetpu.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	assert.Equal(t, []string{"/dev/apex_0", "/sys/bus/usb/devices/1-2", "/sys/bus/usb/devices/2-1.4"}, paths(devices))
	assert.Equal(t, edgetpu.Device{
		Type: edgetpu.USB, State: edgetpu.Ready, SpeedMbps: 5000, Accessible: true, USBID: ready,
		Path: "/sys/bus/usb/devices/2-1.4", Node: "/dev/bus/usb/002/007",
	}, devices[2])
	assert.Contains(t, log.String(), "and one that could not be read")
}

func TestProbePrefersSysfs(t *testing.T) {
	m := newMachine(t)
	m.usb(t, "2-1", usbAttrs(ready, "5000", "3"))
	d := only(t, probe(t, edgetpu.WithRoot(string(m)), edgetpu.WithLibUSB(func() ([]edgetpu.USBDevice, error) {
		t.Error("libusb was asked though sysfs has a USB bus")
		return nil, nil
	})))
	assert.Equal(t, "/sys/bus/usb/devices/2-1", d.Path)
}

// Where devices have no nodes, as on macOS, nothing is known against a device.
func TestProbeWithoutNodes(t *testing.T) {
	list := func() ([]edgetpu.USBDevice, error) {
		return []edgetpu.USBDevice{edgetpu.NewUSBDevice(ready, 0, 5000, 2, 1)}, nil
	}
	devices := probe(t, noUSB, edgetpu.WithAccess(allow), edgetpu.WithLibUSB(list))
	require.Len(t, devices, 2)
	assert.Empty(t, devices[1].Node)
	assert.Equal(t, runtime.GOOS != "linux", devices[1].Accessible)
}

func TestProbeContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	devices, err := edgetpu.Probe(ctx, edgetpu.WithRoot(string(newMachine(t))))
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, devices)
}

func TestProbeReturnsWhileLibUSBHangs(t *testing.T) {
	entered, woken := make(chan struct{}, 2), make(chan struct{})
	opts := []edgetpu.ProbeOption{
		noUSB, edgetpu.WithAccess(allow),
		edgetpu.WithLibUSB(func() ([]edgetpu.USBDevice, error) {
			entered <- struct{}{}
			<-woken
			return []edgetpu.USBDevice{edgetpu.NewUSBDevice(ready, 7, 5000, 2, 1)}, nil
		}),
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-entered
		cancel()
	}()
	devices, err := edgetpu.Probe(ctx, opts...)
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, devices)

	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		_, err := edgetpu.Probe(ctx, opts...)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	assert.Empty(t, entered, "calls that give up must not each hold a thread in libusb")

	close(woken)
	assert.Len(t, probe(t, opts...), 2, "libusb is asked again once it has returned")
	assert.Len(t, entered, 1)
}
