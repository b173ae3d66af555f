//go:build unix

package tflitelib

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// systemFolder reports whether nobody but root can put a file into the folder. There is none
// in one that does not exist.
func systemFolder(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	const othersWrite = 0o022
	return ok && owner.Uid == 0 && info.Mode().Perm()&othersWrite == 0
}
