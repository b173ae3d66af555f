package vision

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
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

// The limits of a label file. One that exceeds them is something else.
const (
	maxLabel  = 4096 // bytes in a line
	maxLabels = 1 << 20
)

// ReadLabels reads the label file at path, see [ParseLabels].
func ReadLabels(path string) (Labels, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("vision: read labels: %w", err)
	}
	defer f.Close()
	l, err := parseLabels(f)
	if err != nil {
		return nil, fmt.Errorf("vision: read labels: %s: %w", path, err)
	}
	return l, nil
}

// ParseLabels reads labels, one a line, in either of two forms: the line is the label
// and its number, from 0, is the id; or the line has the id, then spaces or a colon,
// then the label. Space around a label does not count, and an empty line has none.
//
// These are the files of pycoral's read_label_file, which decides the form for each
// line on its own, so that "7 up" among soft drinks becomes class 7. Here a file is of
// the second form only if all its lines are.
//
// The text is UTF-8, with LF or CRLF line ends. Anything else, no label at all, and two
// labels with one id give [ErrLabels].
func ParseLabels(r io.Reader) (Labels, error) {
	l, err := parseLabels(r)
	if err != nil {
		return nil, fmt.Errorf("vision: parse labels: %w", err)
	}
	return l, nil
}

func parseLabels(r io.Reader) (Labels, error) {
	lines, err := readLines(r)
	if err != nil {
		return nil, err
	}
	if numbered(lines) {
		return labelsByNumber(lines)
	}
	l := make(Labels)
	for k, line := range lines {
		if line != "" {
			l[k] = line
		}
	}
	if len(l) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrLabels)
	}
	return l, nil
}

// readLines returns the lines without the space around them.
func readLines(r io.Reader) ([]string, error) {
	var lines []string
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLabel)
	for s.Scan() {
		raw := s.Bytes()
		if len(lines) == 0 {
			raw = bytes.TrimPrefix(raw, []byte("\ufeff")) // Windows marks UTF-8 so
		}
		line := strings.TrimSpace(string(raw))
		switch {
		case len(lines) == maxLabels:
			return nil, fmt.Errorf("%w: it has more than %d lines", ErrLabels, maxLabels)
		case !utf8.ValidString(line) || strings.ContainsFunc(line, isBinary):
			return nil, fmt.Errorf("%w: line %d is not UTF-8 text", ErrLabels, len(lines)+1)
		}
		lines = append(lines, line)
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("%w: line %d is longer than %d bytes", ErrLabels, len(lines)+1, maxLabel)
	}
	return lines, s.Err()
}

func isBinary(r rune) bool { return unicode.IsControl(r) && r != '\t' }

// numbered reports whether every label has a number before it.
func numbered(lines []string) bool {
	some := false
	for _, line := range lines {
		if line == "" {
			continue
		}
		if _, _, ok := cutNumber(line); !ok {
			return false
		}
		some = true
	}
	return some
}

func labelsByNumber(lines []string) (Labels, error) {
	l := make(Labels, len(lines))
	for k, line := range lines {
		id, name, ok := cutNumber(line)
		if !ok {
			continue
		}
		if other, taken := l[id]; taken {
			return nil, fmt.Errorf("%w: line %d gives id %d to %q, but %q has it already", ErrLabels, k+1, id, name, other)
		}
		l[id] = name
	}
	return l, nil
}

// cutNumber takes "7: seven" or "7 seven" apart.
func cutNumber(line string) (id int, name string, ok bool) {
	isSeparator := func(r rune) bool { return r == ':' || unicode.IsSpace(r) }
	end := strings.IndexFunc(line, isSeparator)
	if end < 0 {
		return 0, "", false
	}
	number, err := strconv.ParseUint(line[:end], 10, 31)
	name = strings.TrimLeftFunc(line[end:], isSeparator)
	return int(number), name, err == nil && name != ""
}
