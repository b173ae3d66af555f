//go:build !unix

package edgetpu

import "io/fs"

// ownerGroup: files have no groups here.
func ownerGroup(fs.FileInfo) (gid int, ok bool) { return 0, false }
