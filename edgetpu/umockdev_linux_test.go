package edgetpu_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
)

// describe gives one line for each device.
func describe(devices []edgetpu.Device) (lines []string) {
	for _, d := range devices {
		lines = append(lines, d.String())
	}
	return lines
}

func TestUmockdevProbe(t *testing.T) {
	tests := map[string][]string{
		"usb3-ready":         {"usb /sys/bus/usb/devices/4-1 (ready, 5000 Mbit/s)"},
		"usb3-claimed":       {"usb /sys/bus/usb/devices/4-1 (ready, 5000 Mbit/s, held by another process)"},
		"usb3-uninitialised": {"usb /sys/bus/usb/devices/4-2 (uninitialised, 5000 Mbit/s)"},
		"usb2-port":          {"usb /sys/bus/usb/devices/1-10 (uninitialised, 480 Mbit/s)"},
		"usb2-behind-hub":    {"usb /sys/bus/usb/devices/3-1.2 (ready, 480 Mbit/s)"},
		"pcie-pair":          {"pci /dev/apex_0 (ready, 46.8 °C)", "pci /dev/apex_1 (dead, -89.7 °C)"},
		"pcie-owned":         {"pci /dev/apex_2 (ready, 96.2 °C, held by process 1)"},
	}
	for file, want := range tests {
		t.Run(file, func(t *testing.T) {
			assert.Equal(t, want, describe(umockdev(t, "probe", file)))
		})
	}
}

func TestUmockdevAllAtOnce(t *testing.T) {
	devices := umockdev(t, "probe",
		"usb3-uninitialised", "pcie-owned", "usb2-behind-hub", "usb3-ready", "pcie-pair", "usb2-port")
	assert.Equal(t, []string{
		"/dev/apex_0", "/dev/apex_1", "/dev/apex_2",
		"/sys/bus/usb/devices/1-10", "/sys/bus/usb/devices/3-1.2", "/sys/bus/usb/devices/4-1", "/sys/bus/usb/devices/4-2",
	}, paths(devices))
	for i, want := range []error{nil, edgetpu.ErrNoDevice, edgetpu.ErrDeviceBusy, nil, nil, nil, nil} {
		require.ErrorIs(t, devices[i].Usable(), want)
		assert.True(t, devices[i].Accessible)
	}
	assert.Equal(t, "/dev/bus/usb/004/006", devices[5].Node)
	assert.Equal(t, "0000:03:00.0", devices[0].PCIAddress)
}

func TestUmockdevDenied(t *testing.T) {
	devices := umockdev(t, "denied", "usb3-ready", "pcie-pair")
	require.Len(t, devices, 3)
	assert.Equal(t, edgetpu.Dead, devices[1].State)
	for i, group := range map[int]string{0: "apex", 2: "plugdev"} {
		assert.False(t, devices[i].Accessible)
		require.ErrorIs(t, devices[i].Usable(), edgetpu.ErrPermission)
		assert.Contains(t, devices[i].Reason, "usermod -aG "+group)
	}
	_, err := edgetpu.Choose(devices, edgetpu.Selector{})
	require.ErrorIs(t, err, edgetpu.ErrPermission)
}

// The same with nothing but a folder: the kernel's own answer, not a fake's.
func TestProbeDenied(t *testing.T) {
	m := newMachine(t)
	m.usb(t, "2-1", usbAttrs(ready, "5000", "3"))
	m.node(t, "dev/bus/usb/002/003")
	t.Setenv("UMOCKDEV_DIR", string(m))
	require.NoError(t, only(t, probe(t)).Usable())

	var devices []edgetpu.Device
	runHelper(t, "denied", &devices)
	d := only(t, devices)
	assert.False(t, d.Accessible)
	assert.Contains(t, d.Reason, "this process may not read and write /dev/bus/usb/002/003")
}
