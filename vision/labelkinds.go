package vision

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// labelLines takes a label file apart, at line ends of Unix, Windows or the old Mac. Space
// around the lines stays.
func labelLines(text []byte) ([]string, error) {
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		return nil, fmt.Errorf("%w: line 1 is not UTF-8 text but UTF-16: save it as UTF-8", ErrLabels)
	}
	var lines []string
	for raw := range bytes.Lines(text) {
		for line := range strings.SplitSeq(string(bytes.TrimRight(raw, "\r\n")), "\r") {
			switch {
			case len(lines) == maxLabels:
				return nil, fmt.Errorf("%w: it has more than %d lines", ErrLabels, maxLabels)
			case !utf8.ValidString(line) || strings.ContainsFunc(line, isBinary):
				return nil, fmt.Errorf("%w: line %d is not UTF-8 text: save it as UTF-8", ErrLabels, len(lines)+1)
			}
			lines = append(lines, line)
		}
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
	case all(csvRow) && slices.ContainsFunc(content, csvNamed.MatchString), csvHeader(lines) != nil:
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
