//go:build unix

package edgetpu

import (
	"io/fs"
	"syscall"
)

// ownerGroup is the group that a file belongs to.
func ownerGroup(info fs.FileInfo) (gid int, ok bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Gid), true
}
