package edgetpu_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
)

// What a helper process is told to lock, and how.
const (
	lockVar  = "EDGETPU_TEST_LOCK"
	umaskVar = "EDGETPU_TEST_UMASK"
)

func init() {
	// Locks the only device and holds it until its standard input ends.
	helpers["hold"] = func() (any, error) {
		if os.Getenv(umaskVar) != "" {
			syscall.Umask(0o077)
		}
		lock, err := lockOnly()
		if err != nil {
			return nil, err
		}
		fmt.Println("locked")
		_, err = io.Copy(io.Discard, os.Stdin)
		return nil, errors.Join(err, lock.Unlock())
	}
	// Tells how a user without rights fares with the lock.
	helpers["lock as nobody"] = func() (any, error) {
		if err := loseNodes(os.Getenv("UMOCKDEV_DIR")); err != nil {
			return nil, err
		}
		lock, err := lockOnly()
		if err != nil {
			return err.Error(), nil //nolint:nilerr // the error is what is asked for
		}
		return "locked", lock.Unlock()
	}
}

func lockOnly() (*edgetpu.DeviceLock, error) {
	devices, err := edgetpu.Probe(context.Background())
	if err != nil || len(devices) != 1 {
		return nil, fmt.Errorf("%v: %w", devices, err)
	}
	return edgetpu.LockDevice(devices[0])
}

// hold starts a process that has the lock of the only device of the machine.
func hold(t *testing.T, m machine, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), append(env, helperVar+"=hold", "UMOCKDEV_DIR="+string(m), "GORACE=atexit_sleep_ms=0")...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "locked\n", line)
	return cmd
}

// The places of a lock, each with a machine that has it.
func lockPlaces(t *testing.T) map[string]machine {
	t.Helper()
	apex := newMachine(t)
	apex.apex(t, "apex_0", apexAttrs(nil))
	port := newMachine(t)
	port.plugUSB(t, ready, "3")
	port.port(t)
	run := newMachine(t)
	run.plugUSB(t, ready, "3")
	sysfs := newMachine(t) // a directory of the kernel's own, and no device of a disk
	sysfs.node(t, "dev/apex_0")
	sysfs.mkdir(t, "sys/class/apex")
	require.NoError(t, os.Symlink("/sys/class", sysfs.path("sys/class/apex/apex_0")))
	return map[string]machine{"PCIe": apex, "USB port": port, "run file": run, "real sysfs": sysfs}
}

// port gives the USB device 2-1 its link to the port, as the kernel does it.
func (m machine) port(tb testing.TB) {
	tb.Helper()
	m.mkdir(tb, "sys/devices/usb2-port1") // outlives the device
	require.NoError(tb, os.Symlink(m.path("sys/devices/usb2-port1"), m.path("sys/bus/usb/devices/2-1/port")))
}

func TestLockBetweenProcesses(t *testing.T) {
	for name, m := range lockPlaces(t) {
		t.Run(name, func(t *testing.T) {
			root := edgetpu.WithRoot(string(m))
			d := only(t, probe(t, root))
			_, locked := edgetpu.LockHolder(d, root)
			require.False(t, locked)

			holder := hold(t, m)
			_, err := edgetpu.LockDevice(d, root)
			require.ErrorIs(t, err, edgetpu.ErrDeviceBusy)
			assert.ErrorContains(t, err, fmt.Sprintf("process %d (edgetpu.test) holds", holder.Process.Pid))
			pid, locked := edgetpu.LockHolder(d, root)
			assert.True(t, locked)
			assert.Equal(t, holder.Process.Pid, pid)

			findings, err := edgetpu.Diagnose(t.Context(), healthy(m, system())...)
			require.NoError(t, err)
			findings = notOK(findings)
			require.Len(t, findings, 1)
			assert.Equal(t, "device-busy", findings[0].ID)
			assert.Equal(t, fmt.Sprintf("stop edgetpu.test: kill %d", pid), findings[0].Fixes[0])

			require.NoError(t, holder.Process.Signal(syscall.SIGKILL))
			require.Error(t, holder.Wait())
			lock, err := edgetpu.LockDevice(d, root)
			require.NoError(t, err, "the kernel releases the lock of a dead process")
			assert.NoError(t, lock.Unlock())
		})
	}
}

func TestLockWithinProcess(t *testing.T) {
	m := lockPlaces(t)["USB port"]
	root := edgetpu.WithRoot(string(m))
	d := only(t, probe(t, root))
	lock, err := edgetpu.LockDevice(d, root)
	require.NoError(t, err)
	_, err = edgetpu.LockDevice(d, root)
	require.ErrorIs(t, err, edgetpu.ErrDeviceBusy)
	pid, locked := edgetpu.LockHolder(d, root)
	assert.True(t, locked)
	assert.Equal(t, os.Getpid(), pid)

	findings, err := edgetpu.Diagnose(t.Context(), healthy(m, system())...)
	require.NoError(t, err)
	assert.Empty(t, notOK(findings), "this process's own lock is no obstacle to it")
	require.NoError(t, lock.Unlock())
}

// Loading the firmware replaces the device's directory, and the port stays.
func TestLockSurvivesReenumeration(t *testing.T) {
	m := newMachine(t)
	m.usb(t, "2-1", usbAttrs(uninitialised, "5000", "3"))
	m.port(t)
	root := edgetpu.WithRoot(string(m))
	lock, err := edgetpu.LockDevice(only(t, probe(t, root)), root)
	require.NoError(t, err)
	defer lock.Unlock()

	require.NoError(t, os.Remove(m.path(usbLink)))
	require.NoError(t, os.RemoveAll(m.path("sys/devices/pci0000:00")))
	m.usb(t, "2-1", usbAttrs(ready, "5000", "4"))
	m.port(t)
	d := only(t, probe(t, root))
	require.Equal(t, edgetpu.Ready, d.State)
	_, err = edgetpu.LockDevice(d, root)
	require.ErrorIs(t, err, edgetpu.ErrDeviceBusy)
}

func TestLockOfAnotherDeviceIsFree(t *testing.T) {
	m := newMachine(t)
	m.usb(t, "2-1", usbAttrs(ready, "5000", "3"))
	m.usb(t, "2-2", usbAttrs(ready, "5000", "4"))
	m.apex(t, "apex_0", apexAttrs(nil))
	root := edgetpu.WithRoot(string(m))
	for _, d := range probe(t, root) {
		lock, err := edgetpu.LockDevice(d, root)
		require.NoError(t, err)
		t.Cleanup(func() { lock.Unlock() }) // all of them are held at once
	}
}

// The file is made in a folder of all users.
func TestLockFile(t *testing.T) {
	m := newMachine(t)
	m.usb(t, "2-1", usbAttrs(ready, "5000", "3"))
	root := edgetpu.WithRoot(string(m))
	d := only(t, probe(t, root))
	path := m.path("gocoral-2-1.lock")

	t.Run("everybody may read it", func(t *testing.T) {
		hold(t, m, umaskVar+"=1")
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o444), info.Mode(), "whatever the umask")
	})
	t.Run("a link is not followed", func(t *testing.T) {
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.Symlink(filepath.Join(t.TempDir(), "elsewhere"), path))
		_, err := edgetpu.LockDevice(d, root)
		require.ErrorIs(t, err, syscall.ELOOP)
	})
	t.Run("a pipe does not block", func(t *testing.T) {
		require.NoError(t, os.Remove(path))
		require.NoError(t, syscall.Mkfifo(path, 0o644))
		_, err := edgetpu.LockDevice(d, root)
		require.ErrorContains(t, err, "no regular file")
		_, locked := edgetpu.LockHolder(d, root)
		assert.False(t, locked)
	})
}

// Root's lock keeps other users off, its file serves them afterwards, and the other way
// round.
func TestLockBetweenUsers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become another user")
	}
	for name, first := range map[string]string{"root's file": "root", "nobody's file": "nobody"} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.usb(t, "2-1", usbAttrs(ready, "5000", "3"))
			require.NoError(t, os.Chmod(string(m), 0o777|os.ModeSticky))
			t.Setenv("UMOCKDEV_DIR", string(m))
			asNobody := func() (result string) {
				runHelper(t, "lock as nobody", &result)
				require.NoError(t, os.Chmod(string(m), 0o777|os.ModeSticky)) // the helper opens the path to it
				return result
			}
			if first == "nobody" {
				// The folder is its own for once, because the helper makes it 0755.
				require.NoError(t, os.Chown(string(m), 65534, 65534))
				require.Equal(t, "locked", asNobody())
			}
			holder := hold(t, m, umaskVar+"=1")
			assert.Contains(t, asNobody(), fmt.Sprintf("process %d (edgetpu.test) holds", holder.Process.Pid))
			require.NoError(t, holder.Process.Kill())
			require.Error(t, holder.Wait())
			assert.Equal(t, "locked", asNobody())
		})
	}
}

// Asking who has a lock does not keep anybody from taking it.
func TestLockHolderRefusesNobody(t *testing.T) {
	m := lockPlaces(t)["PCIe"]
	root := edgetpu.WithRoot(string(m))
	d := only(t, probe(t, root))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	wrong := make(chan string, 1)
	go func() {
		defer close(wrong)
		for ctx.Err() == nil {
			// 0 is a lock that was given back just then.
			if pid, _ := edgetpu.LockHolder(d, root); pid != 0 && pid != os.Getpid() {
				wrong <- fmt.Sprintf("held by %d", pid)
				return
			}
		}
	}()
	for range 200 {
		lock, err := edgetpu.LockDevice(d, root)
		require.NoError(t, err)
		time.Sleep(10 * time.Microsecond)
		require.NoError(t, lock.Unlock())
	}
	cancel()
	assert.Empty(t, <-wrong)
}

// A LockHolder elsewhere holds a shared lock for a moment, which is waited for.
func TestLockOutlastsLockHolder(t *testing.T) {
	m := lockPlaces(t)["PCIe"]
	root := edgetpu.WithRoot(string(m))
	d := only(t, probe(t, root))
	dir, err := os.Open(m.path("sys/class/apex/apex_0"))
	require.NoError(t, err)
	require.NoError(t, syscall.Flock(int(dir.Fd()), syscall.LOCK_SH))
	time.AfterFunc(2*time.Millisecond, func() { dir.Close() })
	lock, err := edgetpu.LockDevice(d, root)
	require.NoError(t, err)
	require.NoError(t, lock.Unlock())
}

// A lock outside the sight of /proc/locks is felt.
func TestLockHolderUnseen(t *testing.T) {
	m := lockPlaces(t)["PCIe"]
	root := edgetpu.WithRoot(string(m))
	d := only(t, probe(t, root))
	// A shared lock is not taken for a holder's, so this is like one that cannot be seen.
	dir, err := os.Open(m.path("sys/class/apex/apex_0"))
	require.NoError(t, err)
	defer dir.Close()
	require.NoError(t, syscall.Flock(int(dir.Fd()), syscall.LOCK_SH))
	_, err = edgetpu.LockDevice(d, root)
	require.ErrorIs(t, err, edgetpu.ErrDeviceBusy)
	assert.ErrorContains(t, err, "another user or container")
}
