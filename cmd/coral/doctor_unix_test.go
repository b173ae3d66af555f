//go:build cgo && (linux || darwin)

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/internal/dl/dltest"
)

func TestDoctorOfWorkingMachine(t *testing.T) {
	edgetputest.New(t, edgetputest.USB("2-1").Ready())
	findings, well := doctor(t)
	assert.True(t, well)
	assert.Equal(t, []string{"permission", "port-speed", "library", "device-looks-usable", "tflite"}, ids(findings))
	text := succeeded(t, "doctor")
	assert.Contains(t, text, "ok port-speed /sys/bus/usb/devices/2-1\n    the device runs at 5000 Mbit/s")
	assert.Contains(t, text, "libedgetpu is "+os.Getenv("CORAL_EDGETPU_LIB"))
	assert.Contains(t, text, "RuntimeVersion(")
	assert.True(t, strings.HasSuffix(text, "\nNothing stands in the way of an Edge TPU.\n"), text)
}

func TestDoctorOfModel(t *testing.T) {
	edgetputest.New(t, edgetputest.PCIe(0), edgetputest.RuntimeVersion(12))
	models := filepath.Join("..", "..", "model", "testdata") // needs runtime 13
	findings, well := doctor(t, "-m", filepath.Join(models, "pets.tflite"))
	assert.False(t, well)
	assert.Equal(t, []string{"library-too-old", "model-cpu-operators", "permission", "library", "model", "tflite"}, ids(findings))
	assert.Contains(t, findings[0].Message, "RuntimeVersion(13)")

	findings, well = doctor(t, "-m", testModel("add"))
	assert.True(t, well)
	assert.Equal(t, []string{"model-not-compiled", "permission", "library", "device-looks-usable", "tflite"}, ids(findings))
}

// Whatever a library does to the process that loads it, the doctor lives.
func TestDoctorOfBadLibraries(t *testing.T) {
	const constructor = "#include <stdio.h>\n#include <stdlib.h>\n__attribute__((constructor)) static void start(void) { %s }\n"
	for name, test := range map[string]struct{ code, says string }{
		"crashes":    {"__builtin_trap();", "loading it ended the process"},
		"aborts":     {"abort();", "loading it ended the process"},
		"exits":      {"exit(0);", "loading it disturbed the process"},
		"is another": {"", "is no libedgetpu"},
		"prints":     {`puts("hello"); fflush(stdout);`, "is no libedgetpu"},
	} {
		t.Run(name, func(t *testing.T) {
			plugIn(t, machine(t))
			t.Setenv("CORAL_EDGETPU_LIB", dltest.Shared(t, "libbad.so", dltest.Source(t, fmt.Sprintf(constructor, test.code))))
			findings, _ := doctor(t)
			assert.Equal(t, []string{"library-unloadable", "permission", "port-speed", "tflite"}, ids(findings))
			assert.Contains(t, findings[0].Message, test.says)
			assert.NotContains(t, findings[0].Message, "\n")
			var out devicesOutput // lives as well
			decode(t, succeeded(t, "devices", "--json"), &out)
			assert.Contains(t, out.Why, test.says)
		})
	}
}

// A watch tells what happens until it is interrupted, which is no failure.
func TestDevicesWatch(t *testing.T) {
	for name, test := range map[string]struct {
		args               []string
		attached, detached string
	}{
		"text": {
			nil,
			`^\d\d:\d\d:\d\d attached    usb /sys/bus/usb/devices/2-1 \(ready, 5000 Mbit/s\)\n$`,
			`^\d\d:\d\d:\d\d detached    usb /sys/bus/usb/devices/2-1 \(ready, 5000 Mbit/s\)\n$`,
		},
		"JSON": {
			[]string{"--json"},
			`^{"time":"2\d{3}-\d\d-\d\dT[0-9:.]+Z","kind":"attached","device":{"type":"usb","path":"/sys/bus/usb/devices/2-1",.*"name":"usb:0"}}\n$`,
			`^{"time":"2.*","kind":"detached",.*"name":"usb:0"}}\n$`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := machine(t)
			plugIn(t, root)
			self, err := os.Executable()
			require.NoError(t, err)
			cmd := exec.CommandContext(t.Context(), self, append([]string{"devices", "--watch"}, test.args...)...)
			cmd.Env = append(os.Environ(), asCoral+"=1", "GORACE=atexit_sleep_ms=0")
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())

			lines := bufio.NewReader(out)
			if name == "text" { // shows at once that it works
				line, err := lines.ReadString('\n')
				require.NoError(t, err)
				assert.Regexp(t, `^\d\d:\d\d:\d\d watching for Edge TPUs, until interrupted\n$`, line)
			}
			line, err := lines.ReadString('\n')
			require.NoError(t, err)
			assert.Regexp(t, test.attached, line)
			require.NoError(t, os.RemoveAll(filepath.Join(root, "sys/bus/usb/devices/2-1")))
			line, err = lines.ReadString('\n')
			require.NoError(t, err)
			assert.Regexp(t, test.detached, line)

			require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
			require.NoError(t, cmd.Wait(), "exit status 0")
		})
	}
	assert.Contains(t, failed(t, statusUsage, "devices", "--watch", "--device", "usb"), "leave out --device")
}
