//go:build unix

package edgetpu_test

import (
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
)

// What is missing of rule, membership and login shows in the node and in /etc/group.
func TestDiagnoseGroups(t *testing.T) {
	const gid = 46
	tests := map[string]struct {
		mode   fs.FileMode
		owner  uint32
		uid    int
		groups []int
		says   string
	}{
		"no rule":             {0o664, 0, 1000, nil, "udev"},
		"rule without write":  {0o644, gid, 1000, nil, "udev"},
		"not a member":        {0o660, gid, 1001, nil, "sudo usermod -aG plugdev $USER"},
		"member, old session": {0o660, gid, 1000, []int{1000}, "log out and in again"},
		"member for nothing":  {0o660, gid, 1000, []int{1000, gid}, "AppArmor"},
		"group without name":  {0o660, 4242, 1000, nil, "usermod -aG 4242"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			node := &fstest.MapFile{Mode: test.mode, Sys: &syscall.Stat_t{Gid: test.owner}}
			files := fstest.MapFS{
				"sys/bus/usb/devices/2-1/idVendor":  file("18d1\n"),
				"sys/bus/usb/devices/2-1/idProduct": file("9302\n"),
				"sys/bus/usb/devices/2-1/devnum":    file("3\n"),
				"dev/bus/usb/002/003":               node,
			}
			findings, err := edgetpu.Diagnose(t.Context(), healthy(newMachine(t), system(),
				edgetpu.WithFiles(files), denied(fs.ErrPermission), edgetpu.WithUser(test.uid, test.groups...))...)
			require.NoError(t, err)
			findings = notOK(findings)
			require.Len(t, findings, 1)
			assert.Equal(t, "no-permission", findings[0].ID)
			assert.Equal(t, usbDevice, findings[0].Device)
			assert.Contains(t, strings.Join(findings[0].Fixes, "\n"), test.says)
		})
	}
}

// A pipe in place of the library would keep whoever opens it waiting.
func TestDiagnosePipeForALibrary(t *testing.T) {
	m, root := newMachine(t), machine(t.TempDir())
	withUSB(ready, "5000")(t, m, nil)
	root.mkdir(t, "opt")
	require.NoError(t, syscall.Mkfifo(root.path("opt/tpu.so"), 0o600))
	findings, err := edgetpu.Diagnose(t.Context(), healthy(m, os.DirFS(string(root)), edgetpu.WithLibrary("/opt/tpu.so"))...)
	require.NoError(t, err)
	findings = notOK(findings)
	require.NotEmpty(t, findings)
	assert.Equal(t, "library-unloadable", findings[0].ID)
}
