package model

import (
	"fmt"
	"slices"
)

// Info is what the author of a model wrote about it in its TFLITE_METADATA, for
// people and for programs that prepare inputs and name outputs.
type Info struct {
	Name, Description, Version, Author, License string
	// Files of the model as a whole.
	Files []FileInfo
	// Inputs and Outputs describe those of the primary subgraph, in the same
	// order. They may be fewer.
	Inputs, Outputs []TensorInfo
}

// TensorInfo describes an input or output for its user.
type TensorInfo struct {
	Name, Description string
	// Mean and Std normalise an input, per channel or with one value for all:
	// the model was trained on (x - mean) / std. Both are nil if nothing is said.
	// They are as in the file, which may name more or fewer than there are channels.
	Mean, Std []float32
	// Min and Max are the range of the values, per channel or for all.
	Min, Max []float32
	// Files belong to the tensor, such as the labels of its elements.
	Files []FileInfo
}

// FileInfo describes one of the files that [Model.AssociatedFiles] returns.
type FileInfo struct {
	Name, Description string
	Type              FileType
	// Locale is the language of the content, such as "en", or empty.
	Locale string
}

// FileType is the use of an associated file (enum AssociatedFileType of the
// metadata schema).
type FileType int8

// The uses of associated files.
const (
	UnknownFile     FileType = 0
	DescriptionFile FileType = 1
	// AxisLabelsFile has a label for each element of the tensor: the classes of a
	// classifier.
	AxisLabelsFile FileType = 2
	// ValueLabelsFile has a label for each value of the elements: the class numbers
	// that a detector puts out.
	ValueLabelsFile      FileType = 3
	ScoreCalibrationFile FileType = 4
	VocabularyFile       FileType = 5
)

var fileTypeNames = [...]string{
	"unknown", "description", "axis labels", "value labels", "score calibration", "vocabulary",
}

// String returns the use in words.
func (t FileType) String() string {
	if t >= 0 && int(t) < len(fileTypeNames) {
		return fileTypeNames[t]
	}
	return fmt.Sprintf("file type %d", int8(t))
}

// Info decodes the TFLITE_METADATA of the model. Without any it returns a zero
// Info and no error; if it is damaged the error wraps [ErrBadModel], although the
// model itself may be run.
func (m *Model) Info() (Info, error) {
	if m == nil {
		return Info{}, nil
	}
	i := slices.IndexFunc(m.Metadata, func(meta Metadata) bool { return meta.Name == "TFLITE_METADATA" })
	if i < 0 || len(m.Metadata[i].Data) == 0 {
		return Info{}, nil
	}
	d := newDecoder(m.Metadata[i].Data)
	info := decodeInfo(d.root())
	if d.err != nil {
		return Info{}, fmt.Errorf("%w: TFLITE_METADATA: %w", ErrBadModel, d.err)
	}
	return info, nil
}

// The decode functions name the fields by their slot in metadata_schema.fbs of
// TensorFlow Lite Support, version 1.1.0.

func decodeInfo(t table) Info {
	info := Info{
		Name:        t.string(0),
		Description: t.string(1),
		Version:     t.string(2),
		Author:      t.string(4),
		License:     t.string(5),
		Files:       decodeFiles(t, 6),
	}
	type ports struct {
		in, out []TensorInfo
		files   []FileInfo
	}
	subgraphs := tables(t, 3, "subgraph", func(t table) ports {
		return ports{
			in:    tables(t, 2, "input", decodeTensorInfo),
			out:   tables(t, 3, "output", decodeTensorInfo),
			files: decodeFiles(t, 4),
		}
	})
	if len(subgraphs) > 0 {
		info.Inputs, info.Outputs = subgraphs[0].in, subgraphs[0].out
		info.Files = append(info.Files, subgraphs[0].files...)
	}
	return info
}

func decodeTensorInfo(t table) TensorInfo {
	info := TensorInfo{
		Name:        t.string(0),
		Description: t.string(1),
		Files:       decodeFiles(t, 6),
	}
	if stats := t.table(5); stats.d != nil {
		info.Max, info.Min = stats.floats(0), stats.floats(1)
	}
	const normalisation = 1 // In union ProcessUnitOptions.
	type unit struct{ mean, std []float32 }
	units := tables(t, 4, "process unit", func(t table) unit {
		if t.int8(0) != normalisation {
			return unit{}
		}
		options := t.table(1)
		return unit{mean: options.floats(0), std: options.floats(1)}
	})
	for _, u := range units {
		if u.mean != nil {
			info.Mean, info.Std = u.mean, u.std
		}
	}
	return info
}

func decodeFiles(t table, slot int) []FileInfo {
	return tables(t, slot, "associated file", func(t table) FileInfo {
		return FileInfo{
			Name:        t.string(0),
			Description: t.string(1),
			Type:        FileType(t.int8(2)),
			Locale:      t.string(3),
		}
	})
}
