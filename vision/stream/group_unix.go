//go:build unix

package stream

import (
	"os/exec"
	"syscall"
)

// ownGroup gives a child a process group of its own: what a terminal sends to the program when
// the user presses Ctrl-C is not for the child, which has to finish its file; and what the
// child starts is killed with it.
func ownGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
}
