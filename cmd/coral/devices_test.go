package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// machine makes a root without devices, and points the probe at it.
func machine(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "sys", "bus", "usb", "devices"), 0o755))
	t.Setenv("UMOCKDEV_DIR", root)
	return root
}

// plugIn puts an Edge TPU into port 1 of bus 2.
func plugIn(t *testing.T, root string) {
	t.Helper()
	files := map[string]string{"dev/bus/usb/002/003": ""}
	for name, value := range map[string]string{"idVendor": "18d1", "idProduct": "9302", "speed": "5000", "busnum": "2", "devnum": "3"} {
		files["sys/bus/usb/devices/2-1/"+name] = value + "\n"
	}
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
}

func TestDevicesOnAMachineWithNone(t *testing.T) {
	machine(t)
	assert.JSONEq(t, `{"devices":[],"chosen":"cpu","why":"no Edge TPU is attached"}`, succeeded(t, "devices", "--json"))
	assert.JSONEq(t, `{"devices":[],"chosen":"cpu","why":"the CPU was asked for"}`, succeeded(t, "devices", "--json", "--device", "cpu"))
	assert.Equal(t, "No Edge TPUs found.\nA session runs on the CPU, because no Edge TPU is attached.\n", succeeded(t, "devices"))

	for _, device := range []string{"tpu", "usb", "usb:1", "pci:0", ":0", "/dev/apex_0"} {
		r := coralCommand(t, "devices", "--json", "--device", device)
		assert.Equal(t, statusFailed, r.status)
		requireLine(t, r.stderr)
		var out devicesOutput
		decode(t, r.stdout, &out)
		assert.Nil(t, out.Chosen)
		assert.Contains(t, out.Why, "none is attached")
		assert.Contains(t, r.stderr, out.Why)
	}
}

func TestDevicesOnAMachineWithOne(t *testing.T) {
	plugIn(t, machine(t))
	t.Setenv("CORAL_EDGETPU_LIB", filepath.Join(t.TempDir(), "missing.so"))
	const device = `{
		"name": "usb:0", "type": "usb", "path": "/sys/bus/usb/devices/2-1", "node": "/dev/bus/usb/002/003", "state": "ready",
		"speed_mbps": 5000, "accessible": true, "reason": "", "temperature_c": null, "usb_id": "18d1:9302"
	}`
	assert.JSONEq(t, `{"devices":[`+device+`],"chosen":"cpu","why":"the CPU was asked for"}`,
		succeeded(t, "devices", "--json", "--device", "cpu"))

	const why = "an Edge TPU is attached (usb /sys/bus/usb/devices/2-1 (ready, 5000 Mbit/s)), but libedgetpu cannot be loaded: "
	text := succeeded(t, "devices")
	assert.Contains(t, text, ""+
		"NAME   PATH                      STATE  SPEED        ACCESS  TEMPERATURE\n"+
		"usb:0  /sys/bus/usb/devices/2-1  ready  5000 Mbit/s  yes     -\n"+
		"A session runs on the CPU, because "+why)
	assert.Contains(t, failed(t, statusFailed, "devices", "--device", "usb"), why)
	assert.Contains(t, coralCommand(t, "__complete", "bench", "--device", "").stdout, "usb:0\tusb /sys/bus/usb/devices/2-1 (ready, 5000 Mbit/s)\n")
	assert.Contains(t, failed(t, statusFailed, "devices", "--device", "usb:1"), "/sys/bus/usb/devices/2-1")
}

func TestDevicesWithAnotherLibrary(t *testing.T) {
	needRuntime(t)
	plugIn(t, machine(t))
	other := filepath.Join(t.TempDir(), "other.so")
	assert.Contains(t, succeeded(t, "devices", "--edgetpu-lib", other), "libedgetpu cannot be loaded: open library "+strconv.Quote(other))
}

func TestDevicesOfARootThatIsNotThere(t *testing.T) {
	t.Setenv("UMOCKDEV_DIR", filepath.Join(t.TempDir(), "missing"))
	assert.Contains(t, failed(t, statusFailed, "devices"), "check the path")
}

// umockdev runs the command on a made-up machine of package edgetpu, in a process of
// its own.
func umockdev(t *testing.T, file string, args ...string) string {
	t.Helper()
	umockdevRun, err := exec.LookPath("umockdev-run")
	if err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err, "CI installs umockdev")
		}
		t.Skip("needs umockdev-run (Debian package umockdev): ", err)
	}
	self, err := os.Executable()
	require.NoError(t, err)
	description := filepath.Join("..", "..", "edgetpu", "testdata", file+".umockdev")
	cmd := exec.CommandContext(t.Context(), umockdevRun, append([]string{"-d", description, "--", self}, args...)...)
	cmd.Env = append(os.Environ(), asCoral+"=1", "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	return string(out)
}

func TestDevicesUnderUmockdev(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"usb3-ready":         "usb:0  /sys/bus/usb/devices/4-1  ready  5000 Mbit/s  yes     -",
		"usb3-uninitialised": "usb:0  /sys/bus/usb/devices/4-2  uninitialised  5000 Mbit/s  yes     -",
		"usb2-behind-hub":    "usb:0  /sys/bus/usb/devices/3-1.2  ready  480 Mbit/s  yes     -",
		"pcie-pair":          "pci:1  /dev/apex_1  dead   -      yes     -89.7 °C",
		"pcie-owned":         "pci:0  /dev/apex_2  ready  -      in use  96.2 °C",
	}
	for file, line := range tests {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			assert.Contains(t, strings.Split(umockdev(t, file, "devices"), "\n"), line)
			var out struct {
				Devices []struct {
					Type        string   `json:"type"`
					Path        string   `json:"path"`
					State       string   `json:"state"`
					Speed       int      `json:"speed_mbps"`
					Accessible  bool     `json:"accessible"`
					Reason      string   `json:"reason"`
					Temperature *float64 `json:"temperature_c"`
				} `json:"devices"`
				Chosen string `json:"chosen"`
				Why    string `json:"why"`
			}
			require.NoError(t, json.Unmarshal([]byte(umockdev(t, file, "devices", "--json")), &out))
			require.NotEmpty(t, out.Devices)
			for _, d := range out.Devices {
				assert.Contains(t, []string{"usb", "pci"}, d.Type)
				assert.NotEmpty(t, d.Path)
				assert.NotEmpty(t, d.State)
				assert.True(t, d.Accessible)
			}
			assert.NotEmpty(t, out.Chosen)
			assert.NotEmpty(t, out.Why)
		})
	}
}
