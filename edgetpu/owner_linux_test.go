package edgetpu_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
)

// A program that has claimed a USB device is seen without rights and without opening it.
func TestProbeClaimed(t *testing.T) {
	self := os.Getpid()
	tests := map[string]struct {
		set  func(t *testing.T, m machine)
		pid  int
		name string
		says string // "" if the device is usable
	}{
		"by a program": {func(t *testing.T, m machine) {
			m.claim(t, "2-1", "1.0")
			m.process(t, 4711, "python3", "/dev/null", stickNode)
		}, 4711, "python3", "held by process 4711 (python3): stop that"},
		"another interface": {func(t *testing.T, m machine) {
			m.claim(t, "2-1", "1.1")
			m.process(t, 4711, "python3", stickNode)
		}, 4711, "python3", "process 4711 (python3)"},
		"in the folder of the device only": {func(t *testing.T, m machine) {
			m.claim(t, "2-1/2-1", "1.0")
			m.process(t, 4711, "python3", stickNode)
		}, 4711, "python3", "process 4711 (python3)"},
		"by whom nobody may see": {func(t *testing.T, m machine) {
			m.claim(t, "2-1", "1.0")
			m.process(t, 4711, "python3")
		}, 0, "", "held by another process"},
		"by a worker of another program": {func(t *testing.T, m machine) {
			m.claim(t, "2-1", "1.0")
			m.process(t, 4711, "camera")
			m.worker(t, 4712, 4711, stickNode)
		}, 4711, "camera", "process 4711 (camera)"},
		"by another besides this": {func(t *testing.T, m machine) {
			m.claim(t, "2-1", "1.0")
			m.process(t, 1, "frigate", stickNode)
			m.process(t, self, "this", stickNode)
		}, 1, "frigate", "process 1 (frigate)"},
		"by this process": {func(t *testing.T, m machine) {
			m.claim(t, "2-1", "1.0")
			m.process(t, self, "this", stickNode)
		}, self, "this", ""},
		"by this program's worker": {func(t *testing.T, m machine) {
			m.claim(t, "2-1", "1.0")
			m.process(t, self, "this")
			m.worker(t, 1<<30, self, stickNode)
		}, self, "this", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.plugUSB(t, ready, "3")
			test.set(t, m)
			d := only(t, probe(t, edgetpu.WithRoot(string(m))))
			assert.True(t, d.Owned)
			assert.Equal(t, test.pid, d.OwnerPID)
			assert.Equal(t, test.name, d.OwnerName)
			if test.says == "" {
				require.NoError(t, d.Usable())
				assert.Empty(t, d.Reason)
				return
			}
			require.ErrorIs(t, d.Usable(), edgetpu.ErrDeviceBusy)
			assert.Contains(t, d.Reason, test.says)
			assert.ErrorContains(t, d.Usable(), test.says)
		})
	}
}

// What looks like a claim and is none.
func TestProbeNotClaimed(t *testing.T) {
	tests := map[string]func(t *testing.T, m machine){
		"of the device behind it": func(t *testing.T, m machine) { m.claim(t, "2-1.1", "1.0") },
		"of the tenth port":       func(t *testing.T, m machine) { m.claim(t, "2-10", "1.0") },
		"by a driver": func(t *testing.T, m machine) {
			m.mkdir(t, "sys/bus/usb/devices/2-1:1.0")
			require.NoError(t, os.Symlink("../../drivers/cdc_acm", m.path("sys/bus/usb/devices/2-1:1.0/driver")))
		},
		"no link": func(t *testing.T, m machine) { m.mkdir(t, "sys/bus/usb/devices/2-1:1.0/driver") },
		"only open": func(t *testing.T, m machine) {
			m.mkdir(t, "sys/bus/usb/devices/2-1:1.0")
			m.process(t, 4711, "lsusb", stickNode)
		},
	}
	for name, set := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.plugUSB(t, ready, "3")
			set(t, m)
			d := only(t, probe(t, edgetpu.WithRoot(string(m))))
			assert.False(t, d.Owned)
			require.NoError(t, d.Usable())
		})
	}
}

// Watch tells of the end of a claim, which nothing announces.
func TestClaimComesAndGoes(t *testing.T) {
	m := newMachine(t)
	m.plugUSB(t, ready, "3")
	m.process(t, 4711, "python3", stickNode)
	m.claim(t, "2-1", "1.0")
	root := edgetpu.WithRoot(string(m))
	require.ErrorIs(t, only(t, probe(t, root)).Usable(), edgetpu.ErrDeviceBusy)
	require.NoError(t, os.Remove(m.path("sys/bus/usb/devices/2-1:1.0/driver")))
	require.NoError(t, only(t, probe(t, root)).Usable())
}

// Whoever holds the lock of this package has the device, says Probe; and looking leaves
// no file behind.
func TestProbeAsksTheLock(t *testing.T) {
	for name, m := range lockPlaces(t) {
		t.Run(name, func(t *testing.T) {
			root := edgetpu.WithRoot(string(m))
			d := only(t, probe(t, root))
			assert.False(t, d.Owned)
			require.NoError(t, d.Usable())
			locks, err := filepath.Glob(m.path("*.lock"))
			require.NoError(t, err)
			assert.Empty(t, locks)

			holder := hold(t, m)
			d = only(t, probe(t, root))
			assert.True(t, d.Owned)
			assert.Equal(t, holder.Process.Pid, d.OwnerPID)
			assert.Equal(t, "edgetpu.test", d.OwnerName)
			require.ErrorIs(t, d.Usable(), edgetpu.ErrDeviceBusy)
			_, err = edgetpu.Choose([]edgetpu.Device{d}, edgetpu.Selector{})
			require.ErrorIs(t, err, edgetpu.ErrDeviceBusy)

			require.NoError(t, holder.Process.Kill())
			require.Error(t, holder.Wait())
			require.NoError(t, only(t, probe(t, root)).Usable())
		})
	}
}

func init() {
	// A program that has a worker process lock the only device.
	helpers["program"] = func() (any, error) {
		worker := exec.Command("/proc/self/exe", "tpu-worker")
		worker.Env = append(os.Environ(), helperVar+"=hold")
		worker.Stdin, worker.Stdout, worker.Stderr = os.Stdin, os.Stdout, os.Stderr
		worker.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as workers are started
		return nil, worker.Run()
	}
}

// The worker is a tool of its program's: to stop it helps nobody, and is not proposed.
func TestWorkerCountsAsItsProgram(t *testing.T) {
	m := lockPlaces(t)["USB port"]
	root := edgetpu.WithRoot(string(m))
	program, in, out := helper(t, m, "program")
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "locked\n", line)

	d := only(t, probe(t, root))
	assert.Equal(t, program.Process.Pid, d.OwnerPID)
	assert.Equal(t, "edgetpu.test", d.OwnerName)
	_, err = edgetpu.LockDevice(d, root)
	require.ErrorIs(t, err, edgetpu.ErrDeviceBusy)
	assert.ErrorContains(t, err, fmt.Sprintf("process %d (edgetpu.test) holds its lock", program.Process.Pid))
	findings, err := edgetpu.Diagnose(t.Context(), healthy(m, system())...)
	require.NoError(t, err)
	assert.Equal(t, "stop edgetpu.test: kill "+strconv.Itoa(program.Process.Pid), notOK(findings)[0].Fixes[0])
	require.NoError(t, in.Close())
	require.NoError(t, program.Wait())
}

// This program's own worker is no obstacle to it.
func TestOwnWorkerIsNoObstacle(t *testing.T) {
	m := lockPlaces(t)["USB port"]
	root := edgetpu.WithRoot(string(m))
	worker, in, out := helper(t, m, "hold", "tpu-worker")
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "locked\n", line)

	d := only(t, probe(t, root))
	assert.True(t, d.Owned)
	assert.Equal(t, os.Getpid(), d.OwnerPID)
	require.NoError(t, d.Usable())
	_, err = edgetpu.LockDevice(d, root)
	require.ErrorIs(t, err, edgetpu.ErrDeviceBusy)
	assert.ErrorContains(t, err, fmt.Sprintf("this program holds its lock already, in process %d", worker.Process.Pid))
	require.NoError(t, in.Close())
	require.NoError(t, worker.Wait())
}

// helper starts a helper that ends with its standard input.
func helper(t *testing.T, m machine, name string, args ...string) (*exec.Cmd, io.WriteCloser, io.Reader) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), helperVar+"="+name, "UMOCKDEV_DIR="+string(m), "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = new(bytes.Buffer)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { in.Close() })
	return cmd, in, out
}
