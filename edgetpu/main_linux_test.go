package edgetpu_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
)

// helperVar makes the test binary do one thing and print the result as JSON,
// instead of running the tests.
const helperVar = "EDGETPU_TEST_HELPER"

var helpers = map[string]func() (any, error){
	// What Probe finds.
	"probe": func() (any, error) { return edgetpu.Probe(context.Background()) },

	// What Probe finds as a user who may not open any of the nodes.
	"denied": func() (any, error) {
		if err := loseNodes(os.Getenv("UMOCKDEV_DIR")); err != nil {
			return nil, err
		}
		return edgetpu.Probe(context.Background())
	},

	// What Probe makes of libusb's list. No sysfs is there for it to prefer.
	"libusb": func() (any, error) {
		empty, err := os.MkdirTemp("", "empty")
		if err != nil {
			return nil, err
		}
		defer os.Remove(empty)
		return edgetpu.Probe(context.Background(), edgetpu.WithRoot(empty),
			edgetpu.WithRealLibUSB(), edgetpu.WithAccess(func(string) error { return nil }))
	},

	// Whether a libusb that cannot start comes back as an error.
	"no libusb": func() (any, error) {
		none := syscall.Rlimit{Cur: 3, Max: 3} // it wants descriptors for its events
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
			return nil, err
		}
		_, err := edgetpu.ListLibUSB()
		return fmt.Sprint(err), nil
	},
}

func TestMain(m *testing.M) {
	name, ok := os.LookupEnv(helperVar)
	if !ok {
		os.Exit(m.Run())
	}
	result, err := helpers[name]()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(result)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// loseNodes takes the right to open anything below dir/dev from this process:
// by mode, and since that does not count for root, by becoming nobody.
func loseNodes(root string) error {
	err := filepath.WalkDir(filepath.Join(root, "dev"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return os.Chmod(path, 0)
	})
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	const nobody = 65534
	for dir := root; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) { // temporary folders are 0700
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	if err := syscall.Setgroups(nil); err != nil {
		return err
	}
	if err := syscall.Setgid(nobody); err != nil {
		return err
	}
	return syscall.Setuid(nobody)
}

// runHelper runs the helper with that name in a process of its own, with before
// put in front of its command line, and decodes what it prints into result.
func runHelper(t *testing.T, name string, result any, before ...string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	command := slices.Concat(before, []string{self})
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), helperVar+"="+name,
		"GORACE=atexit_sleep_ms=0") // the race detector holds up each exit by a second
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, result), "%s", out)
}

// umockdev runs a helper on a machine with the devices of those testdata files.
func umockdev(t *testing.T, helper string, files ...string) []edgetpu.Device {
	t.Helper()
	run, err := exec.LookPath("umockdev-run")
	if err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err, "CI installs umockdev")
		}
		t.Skip("needs umockdev-run (Debian package umockdev): ", err)
	}
	command := []string{run}
	for _, file := range files {
		command = append(command, "-d", filepath.Join("testdata", file+".umockdev"))
	}
	var devices []edgetpu.Device
	runHelper(t, helper, &devices, append(command, "--")...)
	return devices
}
