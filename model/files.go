package model

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// MaxFileSize is the most that [AssociatedFile.Bytes] unpacks, in bytes. Label
// files take kilobytes; an archive made to fill the memory stops here.
const MaxFileSize = 16 << 20

// AssociatedFile is a file packed into a model, such as a list of labels.
type AssociatedFile struct {
	Name string
	// Size is the unpacked size in bytes that the archive claims.
	Size int64

	entry *zip.File
}

// AssociatedFiles lists the files packed into the model. TensorFlow Lite keeps
// them in a ZIP archive behind the model, so that unzip can read them too. The
// list is empty if there is no archive; if it is damaged the error wraps
// [ErrBadModel], although the model itself may be run.
func (m *Model) AssociatedFiles() ([]AssociatedFile, error) {
	if m == nil {
		return nil, nil
	}
	archive, err := zip.NewReader(bytes.NewReader(m.file), int64(len(m.file)))
	if errors.Is(err, zip.ErrFormat) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: archive of associated files: %w", ErrBadModel, err)
	}
	files := make([]AssociatedFile, 0, len(archive.File))
	for _, entry := range archive.File {
		if !entry.FileInfo().IsDir() {
			size := int64(min(entry.UncompressedSize64, 1<<63-1))
			files = append(files, AssociatedFile{Name: entry.Name, Size: size, entry: entry})
		}
	}
	return files, nil
}

// Bytes unpacks the file. The error wraps [ErrBadModel] if it is damaged, and
// [ErrMemory] if it is larger than [MaxFileSize].
func (f AssociatedFile) Bytes() ([]byte, error) {
	if f.entry == nil {
		return nil, fmt.Errorf("%w: associated file is not part of a model", ErrBadModel)
	}
	b, err := f.unpack()
	switch {
	case errors.Is(err, ErrMemory):
		return nil, fmt.Errorf("associated file %q %w", f.Name, err)
	case err != nil:
		return nil, fmt.Errorf("%w: associated file %q: %w", ErrBadModel, f.Name, err)
	}
	return b, nil
}

func (f AssociatedFile) unpack() ([]byte, error) {
	r, err := f.entry.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, MaxFileSize+1))
	if err == nil && len(b) > MaxFileSize {
		return nil, fmt.Errorf("is larger than the limit of %d bytes: %w", MaxFileSize, ErrMemory)
	}
	return b, err
}
