package vision

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/files"
	"github.com/gocoral/coral/model"
)

// Labels are the names of a model's classes by their ids.
type Labels map[int]string

// Name returns the label of class id. If there is none, the id itself stands for it
// and the second result is false.
func (l Labels) Name(id int) (string, bool) {
	if name, ok := l[id]; ok {
		return name, true
	}
	return strconv.Itoa(id), false
}

// Mismatch says in a sentence what speaks against these being the labels of a model with
// classes from 0 to classes-1, and nothing if they fit. The classic mistake is one too
// many or too few: some models have a class for "background" first.
func (l Labels) Mismatch(classes int) string {
	missing := 0
	for id := range classes {
		if _, ok := l[id]; !ok {
			missing++
		}
	}
	_, first := l[0]
	_, last := l[classes]
	surplus := len(l) - (classes - missing)
	counts := fmt.Sprintf("there are %d labels for the model's %d classes", len(l), classes)
	switch {
	case missing == 0 && surplus == 0:
		return ""
	case missing == 0 && surplus == 1 && last:
		return counts + fmt.Sprintf(": if the model has no class for the first, %q, the names are off by one", l[0])
	case missing == 1 && surplus == 0 && len(l) > 1 && l.hasAll(0, classes-1):
		return counts + `: if the model's first class is one for "background", the names are off by one`
	case missing == 1 && surplus == 1 && !first && last:
		return counts + fmt.Sprintf(", but they count from 1 to %d and the classes from 0: the names are off by one, unless class 0 has none", classes)
	case missing > 0:
		return counts + fmt.Sprintf(": %d of the classes without a label, for which numbers stand", missing)
	}
	return counts
}

// hasAll reports whether there are labels for ids from first to before end.
func (l Labels) hasAll(first, end int) bool {
	for id := first; id < end; id++ {
		if _, ok := l[id]; !ok {
			return false
		}
	}
	return true
}

// The limits of a label file. One that exceeds them is something else.
const (
	maxLabelFile = 4 << 20 // bytes
	maxLabel     = 4096    // bytes in a line or a label
	maxLabels    = 1 << 20
)

// ReadLabels reads the label file at path, see [ParseLabels]. It may have the ending of
// its kind: .csv, .json, .pbtxt, .yaml. What is no regular file gives [ErrLabels], other
// errors are those of os.Open.
func ReadLabels(path string) (Labels, error) {
	l, err := readLabels(path)
	if err != nil {
		return nil, fmt.Errorf("vision: read labels: %w", err)
	}
	return l, nil
}

func readLabels(path string) (Labels, error) {
	f, err := files.Open(path)
	switch {
	case errors.Is(err, files.ErrNotRegular):
		return nil, fmt.Errorf("%w: %w", ErrLabels, err)
	case err != nil:
		return nil, err
	}
	defer f.Close()
	l, err := parseLabels(f, filepath.Ext(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

// ParseLabels reads labels of one of these kinds, told apart by what they begin with:
//
//   - one a line. Either the line is the label and its number, from 0, is the id; or every
//     line has an id, then spaces or a colon, then the label, which may be missing. Space
//     around a label does not count, and an empty line has none;
//   - CSV with a number and a name in each line, or with a header: it has a column "id",
//     "index" or "class", and one "display_name", "name" or "label", or stands above rows
//     that all begin with a number. Commas, semicolons or, below a header, tabs separate
//     the columns; a row without a name is a class that has none;
//   - a label map of TensorFlow's object detection, with an item { id: … name: … } for
//     each class (.pbtxt);
//   - JSON: a list of names, names by their ids, ids by their names, a list of objects
//     with id and name, and any of these under "names", "labels", "classes", "categories"
//     or "id2label" in an object; also with the quotes of Python;
//   - YAML with names as a list or by their ids, as a whole or under "names:", such as the
//     metadata.yaml of Ultralytics. Other YAML is refused.
//
// Lines are those of pycoral's read_label_file, which decides the form for each line on
// its own, so that "7 up" among soft drinks becomes class 7. Here a file is numbered only
// if all its lines are.
//
// The text is UTF-8, with LF, CRLF or CR line ends. Anything else, no label at all, two labels
// with one id, and more than 4 MiB give [ErrLabels].
func ParseLabels(r io.Reader) (Labels, error) {
	if errs.IsNil(r) {
		return nil, fmt.Errorf("vision: parse labels: %w: the reader is nil", ErrLabels)
	}
	l, err := parseLabels(r, "")
	if err != nil {
		return nil, fmt.Errorf("vision: parse labels: %w", err)
	}
	return l, nil
}

// parseLabels reads a file with the given ending, "" if it is not known.
func parseLabels(r io.Reader, ending string) (Labels, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxLabelFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxLabelFile {
		return nil, fmt.Errorf("%w: it is larger than %d bytes", ErrLabels, maxLabelFile)
	}
	lines, err := labelLines(bytes.TrimPrefix(text, []byte("\ufeff"))) // Windows marks UTF-8 so
	if err != nil {
		return nil, err
	}
	l, err := labelKindOf(lines, strings.ToLower(ending))(lines)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLabels, err)
	}
	if len(l) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrLabels)
	}
	return l, nil
}

// add gives a class its name, which may be "". The error is the rest of a sentence about
// the file or its line.
func (l Labels) add(id int, name string) error {
	name = strings.TrimSpace(name)
	other, taken := l[id]
	switch {
	case name == "":
		return nil
	case taken:
		return fmt.Errorf("gives id %d to %q, but %q has it already", id, excerpt(name), excerpt(other))
	case len(name) > maxLabel:
		return fmt.Errorf("has a label of more than %d bytes for id %d", maxLabel, id)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, isBinary):
		return fmt.Errorf("has no text for id %d: %q", id, excerpt(name))
	case len(l) == maxLabels:
		return fmt.Errorf("has more than %d labels", maxLabels)
	}
	l[id] = name
	return nil
}

// parseID reads the number of a class.
func parseID(text string) (int, bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
	return int(n), err == nil
}

// ModelLabels returns the labels that came with a model, for the classes of one of its
// outputs: those of the file that [model.Model.LabelFile] finds. It is nil and no error if
// there are none. Files that are damaged or
// no labels give [ErrLabels].
//
// The compiler for the Edge TPU drops the metadata, so that only the CPU model has them.
func ModelLabels(m *model.Model, output int) (Labels, error) {
	l, err := modelLabels(m, output)
	if err != nil {
		return nil, fmt.Errorf("vision: labels of the model: %w", err)
	}
	return l, nil
}

func modelLabels(m *model.Model, output int) (Labels, error) {
	f, err := m.LabelFile(output)
	if f == nil && err == nil {
		return nil, nil
	}
	var text []byte
	if err == nil {
		text, err = f.Bytes()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLabels, err)
	}
	l, err := parseLabels(bytes.NewReader(text), filepath.Ext(f.Name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	return l, nil
}
