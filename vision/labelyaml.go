package vision

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Of YAML this reads what label files have: names as a list or a map, on lines of their
// own or in brackets. A whole parser would be a dependency of every user of the library
// for the sake of a few files; what is not understood is refused, and never guessed at.

func labelsOfYAML(lines []string) (Labels, error) {
	start := slices.IndexFunc(lines, startsNames.MatchString)
	if start < 0 {
		return labelsOfYAMLBlock(lines, 0)
	}
	_, behind, _ := strings.Cut(lines[start], ":")
	if behind = strings.TrimSpace(behind); behind != "" && behind[0] != '#' {
		return labelsOfYAMLFlow(behind, lines[start+1:])
	}
	return labelsOfYAMLBlock(lines, start+1)
}

// labelsOfYAMLFlow reads brackets, which may go on in the following lines.
func labelsOfYAMLFlow(first string, more []string) (Labels, error) {
	f := &flowReader{text: strings.Join(append([]string{first}, more...), "\n"), yaml: true}
	v, err := f.value(0)
	if err != nil {
		return nil, fmt.Errorf("its names are no good YAML: %w", err)
	}
	return labelsOfValue(v)
}

var (
	yamlItem  = regexp.MustCompile(`^(\s*)-(?:\s+(.*))?$`)
	yamlEntry = regexp.MustCompile(`^(\s*)(?:'(\d+)'|"(\d+)"|(\d+))\s*:(?:\s+(.*))?$`)
)

// labelsOfYAMLBlock reads one name a line, until something else follows at the margin.
func labelsOfYAMLBlock(lines []string, from int) (Labels, error) {
	l, indent, isList, next := make(Labels), "", false, 0
	for k := from; k < len(lines); k++ {
		line := strings.TrimRight(lines[k], " \t")
		if text := strings.TrimSpace(line); text == "" || text[0] == '#' || line == "---" {
			continue
		}
		item, named := yamlItem.FindStringSubmatch(line), yamlEntry.FindStringSubmatch(line)
		started := next > 0
		switch {
		case item == nil && named == nil && line[0] != ' ' && started && from > 0:
			return l, nil // the next key
		case item == nil && named == nil:
			return nil, fmt.Errorf("line %d of the YAML is neither a name in a list nor a number with a name: %q", k+1, excerpt(line))
		}
		match := item
		if item == nil {
			match = named
		}
		if !started {
			indent, isList = match[1], item != nil
		}
		if match[1] != indent || isList != (item != nil) {
			return nil, fmt.Errorf("line %d of the YAML is not like those before: %q", k+1, excerpt(line))
		}
		id := next
		if !isList {
			id, _ = parseID(named[2] + named[3] + named[4])
		}
		name, err := yamlScalar(match[len(match)-1])
		if err == nil {
			err = l.add(id, name)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d of the YAML %w", k+1, err)
		}
		next++
	}
	return l, nil
}

// yamlScalar reads a name, which may be in quotes and before a comment.
func yamlScalar(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" || s[0] == '#' || isNothing(s) {
		return "", nil
	}
	switch {
	case s[0] == '\'' || s[0] == '"':
		text, n, err := unquoteYAML(s)
		switch {
		case err != nil:
			return "", fmt.Errorf("is no good: %w", err)
		case !isComment(s[n:]):
			return "", errors.New("has something behind the quotes")
		}
		return text, nil
	case strings.ContainsRune("&*!|>%@`{}[],?-:", rune(s[0])) && !isWord(s):
		return "", fmt.Errorf("needs a whole YAML parser: %q", excerpt(s))
	}
	if at := strings.Index(s, " #"); at >= 0 {
		s = s[:at]
	}
	if strings.Contains(s, ": ") || strings.HasSuffix(s, ":") {
		return "", fmt.Errorf("needs a whole YAML parser: %q", excerpt(s))
	}
	return strings.TrimSpace(s), nil
}

// isWord allows for names such as "-5" and ":)", whose first character is special only
// before a space.
func isWord(s string) bool {
	return strings.ContainsRune("?-:", rune(s[0])) && len(s) > 1 && s[1] != ' '
}

func isComment(s string) bool {
	s = strings.TrimSpace(s)
	return s == "" || s[0] == '#'
}
