package modelfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/files"
)

// MaxBytes is the size of the largest model that can be run: what the offsets of the
// format reach.
const MaxBytes = math.MaxInt32

// Open opens a model file. What is not a regular file wraps ErrBadModel.
func Open(path string) (fs.File, error) { return opened(files.Open(path)) }

// OpenFS is [Open] for a file of fsys; a nil one wraps fs.ErrInvalid.
func OpenFS(fsys fs.FS, name string) (fs.File, error) {
	if fsys == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return opened(files.OpenFS(fsys, name))
}

func opened(f fs.File, err error) (fs.File, error) {
	if errors.Is(err, files.ErrNotRegular) {
		return nil, fmt.Errorf("%w: %w", errs.ErrBadModel, err)
	}
	return f, err
}

// headBytes is enough of a file to tell what it is.
const headBytes = 1024

// Read reads the size bytes of a model into memory that allocate returns. What begins as
// something else is not read further, and takes no memory: a sparse file of terabytes
// takes no space on a disk. Errors wrap ErrBadModel, or ErrMemory for more than
// [MaxBytes]. When there is an error after memory was allocated, it is returned too.
func Read(r io.Reader, size int64, allocate func(size int) ([]byte, error)) ([]byte, error) {
	head := make([]byte, min(size, headBytes))
	if err := readFull(r, head, size); err != nil {
		return nil, err
	}
	if err := Identify(head); err != nil {
		return nil, err
	}
	if size > MaxBytes {
		return nil, fmt.Errorf("%w: the model takes %d bytes, the limit of the format is %d", errs.ErrMemory, size, MaxBytes)
	}
	b, err := allocate(int(size))
	if err != nil {
		return nil, err
	}
	return b, readFull(r, b[copy(b, head):], size)
}

func readFull(r io.Reader, b []byte, size int64) error {
	if _, err := io.ReadFull(r, b); err != nil {
		return fmt.Errorf("%w: read stopped before %d bytes: %w", errs.ErrBadModel, size, err)
	}
	return nil
}
