package edgetpu_test

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
)

// FuzzProbe puts anything into the names and attributes of sysfs.
func FuzzProbe(f *testing.F) {
	f.Add("2-1", "18d1", "9302", "5000", "3", "apex_0", "51300", "ALIVE", "0", "0")
	f.Add("1-3.2", "1a6e", "089a", "480", "104", "apex_10", "-89700", "DEAD", "1", "4711")
	f.Add("usb1", "", "\xff", "1e9", "-1", "apex_", "NaN", "\x00", "?", "-5")
	f.Fuzz(func(t *testing.T, port, vendor, product, speed, devnum, apex, temp, status, owned, owner string) {
		files := fstest.MapFS{}
		add := func(dir, name string, a attrs) {
			if name = path.Base(name); name == ".." || name == "." || name == "/" || strings.Contains(name, "/") {
				return
			}
			for attribute, value := range a {
				files[path.Join(dir, name, attribute)] = &fstest.MapFile{Data: []byte(value)}
			}
		}
		add("sys/bus/usb/devices", port, attrs{"idVendor": vendor, "idProduct": product, "speed": speed, "devnum": devnum})
		add("sys/bus/usb/devices", "2-1", attrs{"idVendor": "18d1", "idProduct": "9302", "speed": speed, "devnum": devnum})
		add("sys/class/apex", apex, attrs{"temp": temp, "status": status, "is_device_owned": owned, "device_owner": owner})

		devices, err := edgetpu.Probe(t.Context(), edgetpu.WithFiles(files), edgetpu.WithAccess(allow))
		require.NoError(t, err)
		for _, d := range devices {
			s, err := edgetpu.ParseDevice(d.Path)
			require.NoError(t, err, "every path found must be one that can be asked for")
			found, err := s.Match(devices)
			require.NoError(t, err)
			assert.Equal(t, d, found)
			assert.Equal(t, d.Reason == "", d.Usable() == nil)
			_, err = json.Marshal(d)
			require.NoError(t, err)
		}
		byType := func(a, b edgetpu.Device) int { return strings.Compare(string(a.Type), string(b.Type)) }
		assert.True(t, slices.IsSortedFunc(devices, byType), "PCIe first")
	})
}
