package model

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
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

// Bytes unpacks the file. The error wraps [ErrBadModel] if it is damaged or
// larger than [MaxFileSize].
func (f AssociatedFile) Bytes() ([]byte, error) {
	if f.entry == nil {
		return nil, fmt.Errorf("%w: associated file is not part of a model", ErrBadModel)
	}
	b, err := f.unpack()
	if err != nil {
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
		return nil, fmt.Errorf("is larger than the limit of %d bytes", MaxFileSize)
	}
	return b, err
}

// Labels returns the labels of the first output that has any, and nil if no
// output has. The index of a label is the class number.
func (m *Model) Labels() ([]string, error) {
	info, err := m.Info()
	if err != nil {
		return nil, err
	}
	for _, output := range info.Outputs {
		if labels, err := m.labels(output.Files); labels != nil || err != nil {
			return labels, err
		}
	}
	return nil, nil
}

// OutputLabels returns the labels of one output of the primary subgraph, and nil
// if it has none. Detectors have theirs with the output of class numbers.
func (m *Model) OutputLabels(output int) ([]string, error) {
	info, err := m.Info()
	if err != nil || output < 0 || output >= len(info.Outputs) {
		return nil, err
	}
	return m.labels(info.Outputs[output].Files)
}

// labels reads the first label file among those of a tensor. Where there are
// several they are translations, and the first is the default.
func (m *Model) labels(files []FileInfo) ([]string, error) {
	i := slices.IndexFunc(files, func(f FileInfo) bool {
		return f.Type == AxisLabelsFile || f.Type == ValueLabelsFile
	})
	if i < 0 {
		return nil, nil
	}
	packed, err := m.AssociatedFiles()
	if err != nil {
		return nil, err
	}
	j := slices.IndexFunc(packed, func(f AssociatedFile) bool { return f.Name == files[i].Name })
	if j < 0 {
		return nil, fmt.Errorf("%w: label file %q is described but not in the model", ErrBadModel, files[i].Name)
	}
	text, err := packed[j].Bytes()
	if err != nil {
		return nil, err
	}
	return lines(string(text)), nil
}

// lines splits a label file. Empty lines in it stand for classes without a name;
// the one after the last newline does not.
func lines(text string) []string {
	labels := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if last := len(labels) - 1; labels[last] == "" {
		labels = labels[:last]
	}
	return labels
}
