package model

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// MaxLabels is how many labels [Model.Labels] reads. The classifiers with most classes
// have a hundred thousand; a file of millions, which a packed file of kilobytes can be,
// fills the memory of a small board.
const MaxLabels = 1 << 18

// Labels returns the labels of the first output that has any, and nil if no
// output has. The index of a label is the class number. It reads files with a label in
// each line; callers that know other kinds find the file by [Model.Info].
//
// The error wraps [ErrBadModel] if the metadata or the file is damaged, and [ErrMemory]
// if the file has more than [MaxLabels] labels or is larger than [MaxFileSize].
func (m *Model) Labels() ([]string, error) {
	info, err := m.Info()
	if err != nil {
		return nil, err
	}
	for output := range info.Outputs {
		if labels, err := m.OutputLabels(output); labels != nil || err != nil {
			return labels, err
		}
	}
	return nil, nil
}

// OutputLabels returns the labels of one output of the primary subgraph, and nil
// if it has none. Detectors have theirs with the output of class numbers. Errors are
// those of [Model.Labels].
func (m *Model) OutputLabels(output int) ([]string, error) {
	file, err := m.labelFile(output)
	if err != nil || file == nil {
		return nil, err
	}
	text, err := file.Bytes()
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(text), "\n"); n > MaxLabels {
		return nil, fmt.Errorf("label file %q has %d lines, the limit is %d: %w", file.Name, n, MaxLabels, ErrMemory)
	}
	return lines(string(text)), nil
}

// labelFile returns the file with the labels of one output. It is nil if the metadata
// name none, or there is no such output.
func (m *Model) labelFile(output int) (*AssociatedFile, error) {
	info, err := m.Info()
	if err != nil || output < 0 || output >= len(info.Outputs) {
		return nil, err
	}
	described := describedLabels(info.Outputs[output].Files)
	if described == nil {
		return nil, nil
	}
	packed, err := m.AssociatedFiles()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(packed, func(f AssociatedFile) bool { return f.Name == described.Name })
	if i < 0 {
		return nil, fmt.Errorf("%w: label file %q is described but not in the model", ErrBadModel, described.Name)
	}
	return &packed[i], nil
}

// describedLabels finds the labels among the files of a tensor. Where there are several they
// are translations, and the first is the default. Some tools do not write what a file is
// for; then its name tells.
func describedLabels(files []FileInfo) *FileInfo {
	i := slices.IndexFunc(files, func(f FileInfo) bool { return f.Type == AxisLabelsFile || f.Type == ValueLabelsFile })
	if i < 0 {
		i = slices.IndexFunc(files, func(f FileInfo) bool {
			return f.Type == UnknownFile && strings.Contains(strings.ToLower(path.Base(f.Name)), "label")
		})
	}
	if i < 0 {
		return nil
	}
	return &files[i]
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
