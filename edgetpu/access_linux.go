package edgetpu

import (
	"errors"

	"golang.org/x/sys/unix"
)

// checkAccess asks the kernel, which counts in access lists, capabilities and a
// container's device rules, whether the effective user may read and write path.
func checkAccess(path string) error {
	const mode = unix.R_OK | unix.W_OK
	err := unix.Faccessat2(unix.AT_FDCWD, path, mode, unix.AT_EACCESS)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		// A kernel before 5.8, such as the Coral Dev Board's, or a sandbox that
		// does not know the call. The old one goes by the real user, who is
		// another only in a setuid program.
		err = unix.Faccessat(unix.AT_FDCWD, path, mode, 0)
	}
	return err
}
