package edgetpu

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// DeviceLock keeps other processes that use this package off a device. The kernel
// releases it when the process ends, however it ends.
//
// The lock is an flock on an object of the kernel's own that stays the same while a
// device re-enumerates, and is seen by all users: the class directory of a PCIe device,
// the port's directory of a USB one. Where sysfs has neither, it is on a file in the
// system's folder for temporary files. A container with a network of its own has a
// sysfs of its own and so other locks; there the kernel's own refusal remains, which
// comes after seconds and without a name.
type DeviceLock struct {
	file *os.File // nil where the platform has no such lock
}

// LockDevice takes the lock of a device. The error wraps [ErrDeviceBusy] and names the
// program that has it, or [ErrNoDevice] for a d without a path of a device. It does not
// keep off programs that use libedgetpu without this package.
//
// Where the platform has no flock (anything but Linux) it succeeds without a lock.
func LockDevice(d Device, opts ...ProbeOption) (*DeviceLock, error) {
	p, err := newProber(opts)
	if err != nil {
		return nil, err
	}
	file, err := p.lockFile(d, true)
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", cmp.Or(d.Path, "a device"), err)
	}
	if file == nil {
		return &DeviceLock{}, nil
	}
	err = tryLock(file, exclusive)
	for try := 0; try < 100 && errors.Is(err, errLocked) && holderPID(file) == 0; try++ {
		time.Sleep(time.Millisecond) // it may be another process that asks who has it, and holds it for a moment
		err = tryLock(file, exclusive)
	}
	if err != nil {
		defer file.Close()
		if !errors.Is(err, errLocked) {
			return nil, fmt.Errorf("locking %s: %w", d.Path, err)
		}
		return nil, fmt.Errorf("%w: %s", ErrDeviceBusy, lockReason(holderPID(file)))
	}
	l := &DeviceLock{file: file}
	if info, err := file.Stat(); err == nil {
		heldHere.Store(l, info)
	}
	return l, nil
}

// heldHere is what the locks of this process are on, an [os.FileInfo] by lock. It is asked
// before the kernel's list, which some sandboxes do not have.
var heldHere sync.Map

// isHeldHere reports whether a lock of this process is on the file.
func isHeldHere(file *os.File) (held bool) {
	info, err := file.Stat()
	if err != nil {
		return false
	}
	heldHere.Range(func(_, ours any) bool {
		held = os.SameFile(info, ours.(os.FileInfo))
		return !held
	})
	return held
}

// LockHolder returns the process of the program that holds the device's lock, which for a
// worker process is the one that has started it, and 0 if none does or it cannot be seen
// from here (another container's processes have no number here). It reports a lock of this
// process too. [Probe] has asked it: see [Device.Owned].
func LockHolder(d Device, opts ...ProbeOption) (pid int, locked bool) {
	p, err := newProber(opts)
	if err != nil {
		return 0, false
	}
	o, locked := p.lockOwner(d)
	return o.pid, locked
}

// lockedBy returns the process that holds the lock on the file.
func lockedBy(file *os.File) (pid int, locked bool) {
	if isHeldHere(file) {
		return os.Getpid(), true
	}
	if pid := holderPID(file); pid != 0 {
		return pid, true
	}
	// A lock that cannot be seen can be felt. A shared one, so that two who ask at once
	// do not refuse each other.
	if !errors.Is(tryLock(file, shared), errLocked) {
		return 0, false
	}
	return holderPID(file), true
}

// Unlock gives the lock back. Unlocking twice, or a nil lock, does nothing.
func (l *DeviceLock) Unlock() error {
	if l == nil || l.file == nil {
		return nil
	}
	file := l.file
	l.file = nil
	heldHere.Delete(l)
	return file.Close()
}

// lockReason says who holds a lock, and what to do.
func lockReason(pid int) string {
	o := ownerOf(here, pid)
	switch {
	case o.pid == 0:
		return "a process of another user or container holds its lock: stop it, or choose another device"
	case !o.foreign():
		return fmt.Sprintf("this program holds its lock already, in process %d: share what has it open, or choose another device", pid)
	}
	return o.String() + " holds its lock: stop it, or choose another device"
}

// procLocks is where the kernel lists all locks, on Linux.
var procLocks = "/proc/locks"

var errLocked = errors.New("locked")
