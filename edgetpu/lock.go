package edgetpu

import (
	"errors"
	"fmt"
	"os"
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
// process that has it. It does not keep off programs that use libedgetpu without this
// package.
//
// Where the platform has no flock (anything but Linux) it succeeds without a lock.
func LockDevice(d Device, opts ...ProbeOption) (*DeviceLock, error) {
	p, err := newProber(opts)
	if err != nil {
		return nil, err
	}
	file, err := p.lockFile(d)
	if err != nil || file == nil {
		return &DeviceLock{}, err
	}
	err = tryLock(file, exclusive)
	for try := 0; try < 100 && errors.Is(err, errLocked) && holderPID(file) == 0; try++ {
		time.Sleep(time.Millisecond) // it may be another process's LockHolder, which holds it for a moment
		err = tryLock(file, exclusive)
	}
	if err != nil {
		defer file.Close()
		if !errors.Is(err, errLocked) {
			return nil, fmt.Errorf("locking %s: %w", d.Path, err)
		}
		return nil, fmt.Errorf("%w: %s", ErrDeviceBusy, holder(file))
	}
	return &DeviceLock{file: file}, nil
}

// LockHolder returns the process that holds the device's lock, and 0 if none does or
// it cannot be seen from here (another container's processes have no number here). It
// reports a lock of this process too.
func LockHolder(d Device, opts ...ProbeOption) (pid int, locked bool) {
	p, err := newProber(opts)
	if err != nil {
		return 0, false
	}
	file, err := p.lockFile(d)
	if err != nil || file == nil {
		return 0, false
	}
	defer file.Close()
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
	return file.Close()
}

func holder(file *os.File) string {
	if pid := holderPID(file); pid != 0 {
		return fmt.Sprintf("process %d holds its lock: stop it, or choose another device", pid)
	}
	return "a process of another user or container holds its lock: stop it, or choose another device"
}

var errLocked = errors.New("locked")
