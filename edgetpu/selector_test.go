package edgetpu_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
)

// fleet is a list as Probe gives it: two PCIe devices and three USB ones.
func fleet() []edgetpu.Device {
	device := func(typ edgetpu.Type, path string) edgetpu.Device {
		return edgetpu.Device{Type: typ, Path: path, State: edgetpu.Ready, Accessible: true}
	}
	return []edgetpu.Device{
		device(edgetpu.PCIe, "/dev/apex_0"),
		device(edgetpu.PCIe, "/dev/apex_1"),
		device(edgetpu.USB, "/sys/bus/usb/devices/1-2"),
		device(edgetpu.USB, "/sys/bus/usb/devices/1-3.2"),
		device(edgetpu.USB, "/sys/bus/usb/devices/2-1"),
	}
}

func TestParseDevice(t *testing.T) {
	tests := map[string]string{ // the spec and the path of what it matches in the fleet
		"":                           "/dev/apex_0",
		":0":                         "/dev/apex_0",
		":1":                         "/dev/apex_1",
		":4":                         "/sys/bus/usb/devices/2-1",
		"pci":                        "/dev/apex_0",
		"pci:1":                      "/dev/apex_1",
		"usb":                        "/sys/bus/usb/devices/1-2",
		"usb:0":                      "/sys/bus/usb/devices/1-2",
		"usb:2":                      "/sys/bus/usb/devices/2-1",
		"/dev/apex_1":                "/dev/apex_1",
		"/sys/bus/usb/devices/1-3.2": "/sys/bus/usb/devices/1-3.2",
	}
	for spec, path := range tests {
		t.Run(spec, func(t *testing.T) {
			s, err := edgetpu.ParseDevice(spec)
			require.NoError(t, err)
			assert.Equal(t, spec, s.String())
			d, err := s.Match(fleet())
			require.NoError(t, err)
			assert.Equal(t, path, d.Path)
		})
	}
	s, err := edgetpu.ParseDevice("usb:007")
	require.NoError(t, err)
	assert.Equal(t, "usb:7", s.String())
	s, err = edgetpu.ParseDevice("")
	require.NoError(t, err)
	assert.Equal(t, edgetpu.Selector{}, s, "the zero Selector is any")
}

func TestParseDeviceErrors(t *testing.T) {
	tests := map[string]string{ // the spec and what the error must mention
		"tpu0":                         `"tpu0": not a device name: use usb, usb:N`,
		"auto":                         "use usb",
		"USB":                          "use usb",
		" usb":                         "use usb",
		"usb ":                         "use usb",
		"usb0":                         "use usb",
		"usb:":                         "not a number from 0 to 65535",
		":":                            "not a number from 0 to 65535",
		"usb:x":                        "not a number from 0 to 65535",
		"usb:-1":                       "not a number from 0 to 65535",
		"usb:+1":                       "not a number from 0 to 65535",
		"usb:1:2":                      "not a number from 0 to 65535",
		"pci:65536":                    "not a number from 0 to 65535",
		":99999999999999999999":        "not a number from 0 to 65535",
		"tpu:0":                        "use usb",
		"/":                            "/dev/apex_N",
		"/dev/apex_":                   "/dev/apex_N",
		"/dev/apex_x":                  "/dev/apex_N",
		"/dev/apex_01":                 "/dev/apex_N",
		"/dev/bus/usb/002/004":         "name the port",
		"/sys/bus/usb/devices/":        "BUS-PORT",
		"/sys/bus/usb/devices/usb1":    "BUS-PORT",
		"/sys/bus/usb/devices/2-1:1.0": "BUS-PORT",
		"/sys/bus/usb/devices/2-":      "BUS-PORT",
		"/sys/bus/usb/devices/2-0":     "BUS-PORT",
		"/sys/bus/usb/devices/../2-1":  "BUS-PORT",
	}
	for spec, mention := range tests {
		t.Run(spec, func(t *testing.T) {
			s, err := edgetpu.ParseDevice(spec)
			require.ErrorIs(t, err, edgetpu.ErrDeviceSpec)
			require.NotErrorIs(t, err, edgetpu.ErrNoDevice, "a typing mistake must not look like an absent device")
			assert.ErrorContains(t, err, mention)
			assert.Equal(t, edgetpu.Selector{}, s)
		})
	}
}

func TestMatchNothing(t *testing.T) {
	devices := fleet()[:3]
	for _, spec := range []string{":3", "usb:1", "pci:2", "/dev/apex_7", "/sys/bus/usb/devices/1-3"} {
		s, err := edgetpu.ParseDevice(spec)
		require.NoError(t, err)
		for _, list := range [][]edgetpu.Device{devices, nil} {
			d, err := s.Match(list)
			require.ErrorIs(t, err, edgetpu.ErrNoDevice)
			assert.ErrorContains(t, err, `"`+spec+`"`)
			for _, attached := range list {
				assert.ErrorContains(t, err, attached.Path)
			}
			assert.Zero(t, d)
		}
	}
	_, err := edgetpu.Selector{}.Match(nil)
	require.ErrorIs(t, err, edgetpu.ErrNoDevice)
	assert.ErrorContains(t, err, `"any"`)
	assert.ErrorContains(t, err, "lsusb")
}

func TestChoose(t *testing.T) {
	const (
		apex0, apex1     = 0, 1
		usb0, usb1, usb2 = 2, 3, 4
	)
	dead := func(d *edgetpu.Device) { d.State = edgetpu.Dead }
	denied := func(d *edgetpu.Device) { d.Accessible = false }
	busy := func(d *edgetpu.Device) { d.Owned, d.OwnerPID = true, 1 }
	tests := map[string]struct {
		spec   string
		faults map[int]func(*edgetpu.Device)
		want   int // in the fleet, if err is nil
		err    error
		names  int // in the fleet, the device the error is about
	}{
		"any":                  {"", nil, apex0, nil, 0},
		"passes over":          {"", map[int]func(*edgetpu.Device){apex0: dead, apex1: busy}, usb0, nil, 0},
		"first of its type":    {"usb", map[int]func(*edgetpu.Device){usb0: denied}, usb1, nil, 0},
		"a number is exact":    {"usb:0", map[int]func(*edgetpu.Device){usb0: denied}, 0, edgetpu.ErrPermission, usb0},
		"and does not shift":   {"usb:1", map[int]func(*edgetpu.Device){usb0: denied}, usb1, nil, 0},
		"a path is exact":      {"/dev/apex_0", map[int]func(*edgetpu.Device){apex0: busy}, 0, edgetpu.ErrDeviceBusy, apex0},
		"busy before denied":   {"usb", map[int]func(*edgetpu.Device){usb0: denied, usb1: busy, usb2: denied}, 0, edgetpu.ErrDeviceBusy, usb1},
		"denied before dead":   {"pci", map[int]func(*edgetpu.Device){apex0: dead, apex1: denied}, 0, edgetpu.ErrPermission, apex1},
		"the first among dead": {"pci", map[int]func(*edgetpu.Device){apex0: dead, apex1: dead}, 0, edgetpu.ErrNoDevice, apex0},
		"nothing matches":      {"usb:9", nil, 0, edgetpu.ErrNoDevice, apex0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			devices := fleet()
			for i, fault := range test.faults {
				fault(&devices[i])
			}
			s, err := edgetpu.ParseDevice(test.spec)
			require.NoError(t, err)
			d, err := edgetpu.Choose(devices, s)
			if test.err == nil {
				require.NoError(t, err)
				assert.Equal(t, devices[test.want], d)
				return
			}
			require.ErrorIs(t, err, test.err)
			assert.ErrorContains(t, err, devices[test.names].Path)
			assert.Zero(t, d)
		})
	}
}

// Without a number the fastest comes first. With one, places count and nothing else.
func TestPreference(t *testing.T) {
	stick := func(port string, mbps int) edgetpu.Device {
		return edgetpu.Device{Type: edgetpu.USB, Path: "/sys/bus/usb/devices/" + port, State: edgetpu.Ready, SpeedMbps: mbps, Accessible: true}
	}
	usb := []edgetpu.Device{stick("1-1", 480), stick("1-2", 0), stick("2-1", 5000), stick("3-1", 12), stick("4-1", 10000)}
	all := append([]edgetpu.Device{{Type: edgetpu.PCIe, Path: "/dev/apex_0", State: edgetpu.Ready, Accessible: true}}, usb...)
	preferred := []string{"2-1", "4-1", "1-1", "1-2", "3-1"}
	for i, port := range preferred {
		preferred[i] = "/sys/bus/usb/devices/" + port
	}

	matching, err := selector(t, "usb").All(all)
	require.NoError(t, err)
	assert.Equal(t, preferred, paths(matching))
	matching, err = edgetpu.Selector{}.All(all)
	require.NoError(t, err)
	assert.Equal(t, append([]string{"/dev/apex_0"}, preferred...), paths(matching))
	for _, spec := range []string{"", "usb"} {
		d, err := edgetpu.Choose(usb, selector(t, spec))
		require.NoError(t, err)
		assert.Equal(t, preferred[0], d.Path, "the usable one on USB 3, though one on USB 2 has a lower number")
		first, err := selector(t, spec).Match(usb)
		require.NoError(t, err)
		assert.Equal(t, d, first)
	}
	for n, want := range usb {
		for _, spec := range []string{"usb:%d", ":%d"} {
			d, err := edgetpu.Choose(usb, selector(t, fmt.Sprintf(spec, n)))
			require.NoError(t, err)
			assert.Equal(t, want.Path, d.Path)
		}
	}

	usb[2].State = edgetpu.Dead
	usb[4].Accessible = false
	d, err := edgetpu.Choose(usb, edgetpu.Selector{})
	require.NoError(t, err)
	assert.Equal(t, "/sys/bus/usb/devices/1-1", d.Path)
}

func TestDeviceString(t *testing.T) {
	hot := 51.25
	tests := []struct {
		device edgetpu.Device
		want   string
	}{
		{
			edgetpu.Device{Type: edgetpu.USB, Path: "/sys/bus/usb/devices/2-1", State: edgetpu.Uninitialised, SpeedMbps: 480},
			"usb /sys/bus/usb/devices/2-1 (uninitialised, 480 Mbit/s, not accessible)",
		},
		{
			edgetpu.Device{
				Type: edgetpu.PCIe, Path: "/dev/apex_0", State: edgetpu.Ready, Accessible: true,
				Temperature: &hot, Owned: true, OwnerPID: 42, OwnerName: "frigate",
			},
			"pci /dev/apex_0 (ready, 51.2 °C, held by process 42 (frigate))",
		},
	}
	for _, test := range tests {
		assert.Equal(t, test.want, test.device.String())
	}
}

// A Device made by hand, as in a caller's tests, has no Reason but a problem.
func TestUsableWithoutReason(t *testing.T) {
	d := edgetpu.Device{Type: edgetpu.PCIe, Path: "/dev/apex_0", Node: "/dev/apex_0", State: edgetpu.Ready}
	require.ErrorIs(t, d.Usable(), edgetpu.ErrPermission)
	assert.ErrorContains(t, d.Usable(), "this process may not read and write /dev/apex_0")
}

func TestPorts(t *testing.T) {
	for _, name := range []string{"1-1", "2-1.4", "10-65535.1.2.3.4.5"} {
		ports, ok := edgetpu.ParsePorts(name)
		require.True(t, ok, name)
		assert.Equal(t, name, edgetpu.FormatPorts(ports))
	}
	for _, name := range []string{"", "-", "1", "usb1", "1-", "-1", "1-0", "0-1", "1-1.", "1-.1", "1-1:1.0", "1-01", "1-2-3", "1.2-3"} {
		_, ok := edgetpu.ParsePorts(name)
		assert.False(t, ok, name)
	}
}

func FuzzParseDevice(f *testing.F) {
	for _, spec := range []string{
		"", "usb", "usb:1", "pci", "pci:0", ":2", "usb:x", "usb:-1", "tpu0", "usb:00", ":",
		"/dev/apex_0", "/dev/apex_00", "/sys/bus/usb/devices/2-1", "/sys/bus/usb/devices/2-1.4", "/sys/bus/usb/devices/2-1:1.0",
	} {
		f.Add(spec)
	}
	devices := fleet()
	f.Fuzz(func(t *testing.T, spec string) {
		s, err := edgetpu.ParseDevice(spec)
		if err != nil {
			require.ErrorIs(t, err, edgetpu.ErrDeviceSpec)
			return
		}
		again, err := edgetpu.ParseDevice(s.String())
		require.NoError(t, err, "its own name must be valid")
		assert.Equal(t, s, again)
		d, err := s.Match(devices)
		if err != nil {
			require.ErrorIs(t, err, edgetpu.ErrNoDevice)
			return
		}
		assert.True(t, slices.ContainsFunc(devices, func(other edgetpu.Device) bool { return other.Path == d.Path }))
	})
}
