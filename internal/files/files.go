// Package files tells regular files from what only has a name in a folder: opening a
// pipe waits for its other end, and reading a device may never end.
package files

import (
	"fmt"
	"io/fs"
	"os"
)

// Regular returns nil if path is a regular file or a link to one. Otherwise the error is
// that of [os.Stat], or says what path is instead. It opens nothing.
func Regular(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is %s, not a regular file", path, Kind(info.Mode()))
	}
	return nil
}

// Kind names what a file of that mode is, for messages: "a file", "a directory",
// "a pipe", "a socket", "a device".
func Kind(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "a file"
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}
