package edgetpu

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"golang.org/x/sys/unix"
)

// Groups of NETLINK_KOBJECT_UEVENT: what the kernel announces, and what udev announces
// once its rules have set the permissions.
const announcedByKernel, announcedByUdev = 1, 2

// listen returns a channel that gets a value after the kernel or udev has announced a
// change of any device: what the message says is not looked at, so that nobody can lie
// with one. It is nil where that cannot be heard, as in many containers.
func listen(ctx context.Context, log *slog.Logger) <-chan struct{} {
	socket, err := openUevents()
	if err != nil {
		log.DebugContext(ctx, "no announcements of devices, so polling only", "error", err)
		return nil
	}
	stop := context.AfterFunc(ctx, func() { socket.Close() })
	hints := make(chan struct{}, 1)
	go func() {
		defer socket.Close()
		defer stop()
		var message [1]byte // the rest of a message is dropped
		for {
			_, err := socket.Read(message[:])
			if err != nil && !errors.Is(err, unix.ENOBUFS) { // some were lost, which does not matter
				return
			}
			select {
			case hints <- struct{}{}:
			default:
			}
		}
	}()
	return hints
}

// openUevents needs no rights.
func openUevents() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: announcedByKernel | announcedByUdev}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("bind: %w", err)
	}
	return os.NewFile(uintptr(fd), "uevents"), nil
}
