package model

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// packedMetadata are the files in which Ultralytics' exporter keeps what a model is, the
// names of its classes among it.
var packedMetadata = []string{"metadata.json", "metadata.yaml", "temp_meta.txt"}

// LabelFile returns the file in the model with the labels for one output of the primary
// subgraph, and nil if there is none. Detectors have theirs with the output of class
// numbers. It is what the metadata name for the output; where they name none, the file of
// Ultralytics' exporter, which is about all outputs. vision.ModelLabels reads either.
//
// The error wraps [ErrBadModel] if the metadata or the archive is damaged, or the file is
// not there.
func (m *Model) LabelFile(output int) (*AssociatedFile, error) {
	info, err := m.Info()
	if err != nil {
		return nil, err
	}
	packed, err := m.AssociatedFiles()
	if err != nil {
		return nil, err
	}
	names, described := packedMetadata, false
	if output >= 0 && output < len(info.Outputs) {
		if f := describedLabels(info.Outputs[output].Files); f != nil {
			names, described = []string{f.Name}, true
		}
	}
	i := slices.IndexFunc(packed, func(f AssociatedFile) bool { return slices.Contains(names, f.Name) })
	switch {
	case i >= 0:
		return &packed[i], nil
	case described:
		return nil, fmt.Errorf("%w: label file %q is described but not in the model", ErrBadModel, names[0])
	}
	return nil, nil
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
