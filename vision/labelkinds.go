package vision

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// labelLines takes a label file apart. Space around the lines stays.
func labelLines(text []byte) ([]string, error) {
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		return nil, fmt.Errorf("%w: line 1 is not UTF-8 text but UTF-16: save it as UTF-8", ErrLabels)
	}
	var lines []string
	for raw := range bytes.Lines(text) {
		line := string(bytes.TrimRight(raw, "\r\n"))
		switch {
		case len(lines) == maxLabels:
			return nil, fmt.Errorf("%w: it has more than %d lines", ErrLabels, maxLabels)
		case !utf8.ValidString(line) || strings.ContainsFunc(line, isBinary):
			return nil, fmt.Errorf("%w: line %d is not UTF-8 text: save it as UTF-8", ErrLabels, len(lines)+1)
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func isBinary(r rune) bool { return unicode.IsControl(r) && r != '\t' }

// labelParser reads the labels of a file of one kind.
type labelParser func(lines []string) (Labels, error)

var labelEndings = map[string]labelParser{
	".json": labelsOfJSON, ".pbtxt": labelsOfPbtxt, ".yaml": labelsOfYAML, ".yml": labelsOfYAML, ".csv": labelsOfCSV,
}

var (
	startsItem  = regexp.MustCompile(`^item\s*:?\s*\{|^item\s*:?$`)
	startsNames = regexp.MustCompile(`^names\s*:\s*(#.*|[\[{].*)?$`)
	isCSVRow    = regexp.MustCompile(`^"?[0-9]+"?\s*[,;]\s*\S`)
	isYAMLItem  = regexp.MustCompile(`^-\s`)
	startsJSON  = regexp.MustCompile(`^[\[{]\s*(["'\[{]|[0-9]+\s*:|$)`)
)

// labelKindOf tells the kind of a file by its ending, or else by its first lines.
func labelKindOf(lines []string, ending string) labelParser {
	if parse := labelEndings[ending]; parse != nil {
		return parse
	}
	var content []string // without empty lines and, for those that have any, comments
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			content = append(content, line)
		}
	}
	first := ""
	if k := slices.IndexFunc(content, func(s string) bool { return s[0] != '#' && s != "---" }); k >= 0 {
		first = content[k]
	}
	all := func(r *regexp.Regexp) bool {
		return !slices.ContainsFunc(content, func(s string) bool { return !r.MatchString(s) })
	}
	lower := strings.ToLower(first)
	switch {
	case strings.HasPrefix(lower, "<!doctype") || strings.HasPrefix(lower, "<html") || strings.HasPrefix(lower, "<?xml"):
		return refuse("it is a web page or XML: fetch the file itself")
	case strings.HasPrefix(first, "version https://git-lfs"):
		return refuse("it is a pointer of Git LFS: fetch the file itself")
	case startsItem.MatchString(first):
		return labelsOfPbtxt
	case startsJSON.MatchString(first):
		return labelsOfJSON
	case slices.ContainsFunc(lines, startsNames.MatchString), len(content) > 0 && all(isYAMLItem):
		return labelsOfYAML
	case len(content) > 0 && all(isCSVRow), csvHeader(first) != nil:
		return labelsOfCSV
	}
	return labelsOfLines
}

func refuse(why string) labelParser {
	return func([]string) (Labels, error) { return nil, errors.New(why) }
}

// labelsOfLines reads one label a line, with its number or without.
func labelsOfLines(lines []string) (Labels, error) {
	l, isNumbered := make(Labels), numbered(lines)
	for k, line := range lines {
		line = strings.TrimSpace(line)
		if len(line) > maxLabel {
			return nil, fmt.Errorf("line %d is longer than %d bytes", k+1, maxLabel)
		}
		id, name := k, line
		if isNumbered {
			if id, name, _ = cutNumber(line); name == "" {
				continue
			}
		}
		if err := l.add(id, name); err != nil {
			return nil, fmt.Errorf("line %d %w", k+1, err)
		}
	}
	return l, nil
}

// numbered reports whether every label has a number before it. A number may lack its
// label, but if all do they are the labels.
func numbered(lines []string) bool {
	some := false
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		_, name, ok := cutNumber(line)
		if !ok {
			return false
		}
		some = some || name != ""
	}
	return some
}

// cutNumber takes "7: seven" or "7 seven" apart.
func cutNumber(line string) (id int, name string, ok bool) {
	isSeparator := func(r rune) bool { return r == ':' || unicode.IsSpace(r) }
	end := strings.IndexFunc(line, isSeparator)
	if end < 0 {
		end = len(line)
	}
	id, ok = parseID(line[:end])
	return id, strings.TrimLeftFunc(line[end:], isSeparator), ok
}

// csvColumns are where ids and names are.
type csvColumns struct {
	comma    rune
	id, name int
}

// csvHeader returns nil for a line that is none.
func csvHeader(line string) *csvColumns {
	for _, comma := range ",;" {
		c := &csvColumns{comma: comma, id: -1, name: -1}
		titles := strings.Split(strings.ToLower(line), string(comma))
		for k := range titles {
			titles[k] = strings.Trim(titles[k], ` "`)
		}
		for _, title := range []string{"id", "index", "class_id", "class_index", "class"} {
			if k := slices.Index(titles, title); k >= 0 && c.id < 0 {
				c.id = k
			}
		}
		for _, title := range []string{"display_name", "name", "label", "class_name"} {
			if k := slices.Index(titles, title); k >= 0 && c.name < 0 {
				c.name = k
			}
		}
		if c.id >= 0 && c.name >= 0 {
			return c
		}
	}
	return nil
}

func labelsOfCSV(lines []string) (Labels, error) {
	r := csv.NewReader(strings.NewReader(strings.Join(lines, "\n")))
	columns := &csvColumns{comma: ',', id: 0, name: 1}
	header := false
	if k := slices.IndexFunc(lines, func(s string) bool { return strings.TrimSpace(s) != "" }); k >= 0 {
		if c := csvHeader(lines[k]); c != nil {
			columns, header = c, true
		} else if !strings.Contains(lines[k], ",") && strings.Contains(lines[k], ";") {
			columns.comma = ';'
		}
	}
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = columns.comma, -1, true
	l := make(Labels)
	for first := true; ; first = false {
		row, err := r.Read()
		switch {
		case err == io.EOF:
			return l, nil
		case err != nil:
			return nil, fmt.Errorf("it is no good CSV: %w", err)
		case first && header:
			continue
		}
		at, _ := r.FieldPos(0)
		if len(row) <= max(columns.id, columns.name) {
			return nil, fmt.Errorf("line %d has %d columns, a CSV file of labels has an id and a name in each line", at, len(row))
		}
		id, ok := parseID(row[columns.id])
		if !ok {
			return nil, fmt.Errorf(`line %d has %q for an id: a CSV file of labels has an id and a name in each line, or a header "id,name"`, at, excerpt(row[columns.id]))
		}
		if err := l.add(id, row[columns.name]); err != nil {
			return nil, fmt.Errorf("line %d %w", at, err)
		}
	}
}
