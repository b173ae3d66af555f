//go:build linux || darwin

package edgetputest

import (
	"os"
	"syscall"
)

// supported: the library is written for POSIX.
const supported = true

// mapFile makes a file of zeros and maps it for reading and writing. The mapping is
// kept for good: what still uses the library then must not meet a hole.
func mapFile(path string, size int) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := f.Truncate(int64(size)); err != nil {
		return nil, err
	}
	return syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
}

// claims is the file that the library locks when it claims a device. It stays open,
// because a process that closes such a file gives up its locks on it, and the library
// may be in this process.
type claims struct{ file *os.File }

func newClaims(path string) (claims, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	return claims{f}, err
}

// holder returns the other process that has the device claimed, 0 if none has. A claim
// of this process it does not see.
func (c claims) holder() uint32 {
	lock := syscall.Flock_t{Type: syscall.F_WRLCK}
	if err := syscall.FcntlFlock(c.file.Fd(), syscall.F_GETLK, &lock); err != nil || lock.Type == syscall.F_UNLCK {
		return 0
	}
	return uint32(lock.Pid)
}

func (c claims) close() { c.file.Close() }
