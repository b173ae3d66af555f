package edgetpu

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// lockFile opens what stands for the device in the file system. A file of our own is made
// if create says so, or else none is fs.ErrNotExist.
func (p *prober) lockFile(d Device, create bool) (*os.File, error) {
	name, ok := d.name()
	if !ok {
		return nil, fmt.Errorf("%q is no path of a device: %w", d.Path, ErrNoDevice)
	}
	place := filepath.Join(p.root, "sys/class/apex", name)
	if d.Type == USB {
		// The device's own directory is a new one after re-enumeration.
		place = filepath.Join(p.root, sysfsUSBDevices, name, "port")
	}
	if info, err := os.Stat(place); err == nil && info.IsDir() {
		return os.Open(place)
	}
	if d.Type == USB && p.hasLeft(name) {
		return nil, fmt.Errorf("%s is no longer attached, or about to come back: %w", d.Path, ErrNoDevice)
	}
	return p.runFile(name, create)
}

// hasLeft reports whether the bus is shown, and the device is not there. It leaves the bus
// for a moment when its firmware is loaded, by whoever has the lock of its port; another
// lock than that would let a second one in.
func (p *prober) hasLeft(name string) bool {
	bus := filepath.Join(p.root, sysfsUSBDevices)
	if info, err := os.Stat(bus); err != nil || !info.IsDir() {
		return false
	}
	_, err := os.Stat(filepath.Join(bus, name))
	return errors.Is(err, fs.ErrNotExist)
}

// runFile is the way out where sysfs shows no such directory. Every user must be able
// to open it, and none but its owner to delete it, which the sticky bit sees to.
func (p *prober) runFile(name string, create bool) (*os.File, error) {
	dir := os.TempDir()
	if p.root != "/" {
		dir = p.root
	}
	path := filepath.Join(dir, "gocoral-"+name+".lock")
	open := openShared
	if !create {
		open = openExisting
	}
	file, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("lock file: %w", err)
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil, fmt.Errorf("lock file %s is no regular file: %w", path, fs.ErrInvalid)
	}
	return file, nil
}

const sharedFlags = os.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK // a pipe must not block

func openExisting(path string) (*os.File, error) { return os.OpenFile(path, sharedFlags, 0) }

// openShared opens a file of whatever user, and makes it if it is not there. The two are
// separate calls, because fs.protected_regular refuses O_CREATE for a file of another
// user that exists.
func openShared(path string) (*os.File, error) {
	for {
		file, err := openExisting(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
		file, err = os.OpenFile(path, sharedFlags|os.O_CREATE|os.O_EXCL, 0o444)
		if errors.Is(err, fs.ErrExist) {
			continue // another process was faster
		}
		if err != nil {
			return nil, err
		}
		err = file.Chmod(0o444) // whatever the umask
		return file, err
	}
}

const (
	exclusive = unix.LOCK_EX
	shared    = unix.LOCK_SH
)

func tryLock(file *os.File, kind int) error {
	for {
		switch err := unix.Flock(int(file.Fd()), kind|unix.LOCK_NB); err {
		case nil:
			return nil
		case unix.EINTR:
		case unix.EWOULDBLOCK:
			return errLocked
		default:
			return err
		}
	}
}

// holderPID finds the flock on the file in /proc/locks, whose lines read
//
//	1: FLOCK  ADVISORY  WRITE 1234 00:17:5678 0 EOF
//
// with the holder, and device and inode of the file. READ is somebody's LockHolder.
func holderPID(file *os.File) int {
	var stat unix.Stat_t
	if unix.Fstat(int(file.Fd()), &stat) != nil {
		return 0
	}
	id := fmt.Sprintf("%02x:%02x:%d", unix.Major(uint64(stat.Dev)), unix.Minor(uint64(stat.Dev)), stat.Ino) //nolint:unconvert // Dev has 32 bits on MIPS
	locks, err := os.Open(procLocks)
	if err != nil {
		return 0
	}
	defer locks.Close()
	for lines := bufio.NewScanner(locks); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 6 || fields[1] != "FLOCK" || fields[3] != "WRITE" || fields[5] != id {
			continue
		}
		if pid, err := strconv.Atoi(fields[4]); err == nil && pid > 0 {
			return pid
		}
	}
	return 0
}
