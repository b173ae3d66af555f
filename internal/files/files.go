// Package files tells regular files from what only has a name in a folder: opening a
// pipe waits for its other end, and reading a device may never end.
package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ErrNotRegular says that the path is that of a directory, a pipe, a device or the like.
var ErrNotRegular = errors.New("not a regular file")

// Regular returns nil if path is a regular file or a link to one. Otherwise the error is
// that of [os.Stat], or wraps [ErrNotRegular] and says what path is instead. It opens
// nothing.
func Regular(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return regular(info, path)
}

func regular(info fs.FileInfo, path string) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return fmt.Errorf("%s is %s, %w", path, Kind(info.Mode()), ErrNotRegular)
}

// Open opens a regular file for reading. Errors are those of [Regular] and [os.Open].
func Open(path string) (fs.File, error) {
	if err := Regular(path); err != nil {
		return nil, err
	}
	return opened(os.Open(path))
}

// OpenFS is [Open] for a file of fsys.
func OpenFS(fsys fs.FS, name string) (fs.File, error) {
	info, err := fs.Stat(fsys, name)
	if err == nil {
		err = regular(info, name)
	}
	if err != nil {
		return nil, err
	}
	return opened(fsys.Open(name))
}

// opened looks once more: what has the name may have changed before it was opened.
func opened[F fs.File](f F, err error) (fs.File, error) {
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = regular(info, info.Name())
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
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
