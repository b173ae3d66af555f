package model

import (
	"fmt"
	"io/fs"

	"github.com/gocoral/coral/internal/modelfile"
)

// MaxBytes is the size of the largest model that can be run: what the offsets of the
// format reach. Larger files, and models that would grow beyond it in [Model.Inline],
// wrap [ErrMemory].
const MaxBytes = modelfile.MaxBytes

// ReadFile reads and parses a .tflite file. The error wraps [ErrBadModel] for anything
// but a regular file, and [ErrMemory] for files larger than [MaxBytes].
func ReadFile(path string) (*Model, error) {
	f, err := modelfile.Open(path)
	if err != nil {
		return nil, err
	}
	return readModel(f, path)
}

// ReadFS reads and parses a .tflite file of a file system, such as an [embed.FS]. Errors
// are those of [ReadFile].
func ReadFS(fsys fs.FS, name string) (*Model, error) {
	f, err := modelfile.OpenFS(fsys, name)
	if err != nil {
		return nil, err
	}
	return readModel(f, name)
}

// readModel reads f and closes it.
func readModel(f fs.File, name string) (*Model, error) {
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b, err := modelfile.Read(f, info.Size(), func(size int) ([]byte, error) { return make([]byte, size), nil })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	m, err := Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// Bytes returns the bytes that the model was parsed from, which must not be changed
// while it is in use.
func (m *Model) Bytes() []byte {
	if m == nil || m.described {
		return nil
	}
	return m.file
}
