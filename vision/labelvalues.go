package vision

import (
	"fmt"
	"slices"
	"strings"
)

// JSON, Python and YAML write labels as lists and maps. This file says what of these is
// labels; others say how they are written.

// value is a scalar (a string, or nil for nothing), a list ([]value), or a map.
type value any

// entries are a map in the order of the file.
type entries []entry

type entry struct {
	key   string
	value value
}

// get returns the value of the first of the keys that there is.
func (e entries) get(keys ...string) (value, bool) {
	for _, key := range keys {
		if k := slices.IndexFunc(e, func(e entry) bool { return e.key == key || title(e.key) == key }); k >= 0 {
			return e[k].value, true
		}
	}
	return nil, false
}

// labelsOfValue finds the labels in a whole file.
func labelsOfValue(v value) (Labels, error) {
	if m, ok := v.(entries); ok {
		if under, ok := m.get("names", "labels", "classes", "categories", "id2label"); ok {
			v = under
		}
	}
	switch v := v.(type) {
	case []value:
		return labelsOfList(v)
	case entries:
		return labelsOfMap(v)
	}
	return nil, fmt.Errorf("it is neither a list of names nor a map of them")
}

// labelsOfList takes names in order, or objects with id and name.
func labelsOfList(list []value) (Labels, error) {
	l := make(Labels)
	for k, v := range list {
		id := k
		if m, ok := v.(entries); ok {
			number, _ := m.get(idTitles...)
			text, _ := number.(string)
			if id, ok = parseID(text); !ok {
				return nil, fmt.Errorf(`entry %d has no number as its "id"`, k)
			}
			v, _ = m.get(nameTitles...)
		}
		name, ok := labelOf(v)
		if !ok {
			return nil, fmt.Errorf("entry %d is no name", k)
		}
		if err := l.add(id, name); err != nil {
			return nil, fmt.Errorf("it %w", err)
		}
	}
	return l, nil
}

// labelsOfMap takes names by their ids, or ids by their names.
func labelsOfMap(m entries) (Labels, error) {
	l := make(Labels)
	reversed := slices.ContainsFunc(m, func(e entry) bool { _, ok := parseID(e.key); return !ok })
	for _, e := range m {
		key, v := e.key, e.value
		if reversed {
			text, ok := v.(string)
			if !ok {
				return nil, fmt.Errorf("its key %q is no number of a class, nor is its value", excerpt(e.key))
			}
			key, v = text, e.key
		}
		id, ok := parseID(key)
		if !ok {
			return nil, fmt.Errorf("its key %q is no number of a class, nor is its value", excerpt(e.key))
		}
		name, ok := labelOf(v)
		if !ok {
			return nil, fmt.Errorf("class %d has no name but %v", id, excerpt(fmt.Sprint(v)))
		}
		if err := l.add(id, name); err != nil {
			return nil, fmt.Errorf("it %w", err)
		}
	}
	return l, nil
}

// labelOf is the name of a class: a text, nothing, or the last of several, as Keras's
// imagenet_class_index.json has a WordNet id before it.
func labelOf(v value) (string, bool) {
	if list, ok := v.([]value); ok && len(list) > 0 {
		v = list[len(list)-1]
	}
	if v == nil {
		return "", true
	}
	s, ok := v.(string)
	return s, ok
}

// flowReader reads lists and maps in brackets: JSON, the literals of Python, and the flow
// style of YAML.
type flowReader struct {
	text string
	at   int
	yaml bool
}

// maxDepth of brackets in brackets.
const maxDepth = 16

func labelsOfJSON(lines []string) (Labels, error) {
	f := &flowReader{text: strings.Join(lines, "\n")}
	v, err := f.value(0)
	if err == nil && f.next() != 0 {
		err = f.errorf("something follows the end")
	}
	if err != nil {
		return nil, fmt.Errorf("it looks like JSON, but %w", err)
	}
	return labelsOfValue(v)
}

func (f *flowReader) errorf(format string, args ...any) error {
	line := 1 + strings.Count(f.text[:min(f.at, len(f.text))], "\n")
	return fmt.Errorf("in line %d "+format, append([]any{line}, args...)...)
}

// next skips space and, in YAML, comments. It returns the next byte, 0 at the end.
func (f *flowReader) next() byte {
	for f.at < len(f.text) {
		switch c := f.text[f.at]; {
		case isSpace(c):
			f.at++
		case c == '#' && f.yaml && (f.at == 0 || isSpace(f.text[f.at-1])):
			length := strings.IndexByte(f.text[f.at:], '\n')
			if length < 0 {
				length = len(f.text) - f.at
			}
			f.at += length
		default:
			return c
		}
	}
	return 0
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (f *flowReader) value(depth int) (value, error) {
	switch c := f.next(); {
	case depth > maxDepth:
		return nil, f.errorf("there are brackets %d deep", depth)
	case c == '[' || c == '(' && !f.yaml:
		return f.list(depth)
	case c == '{':
		return f.entries(depth)
	case c == '"' || c == '\'':
		return f.quoted()
	default:
		return f.plain()
	}
}

// each reads what stands between brackets, separated by commas.
func (f *flowReader) each(end byte, read func() error) error {
	f.at++ // the opening one
	for f.next() != end {
		if err := read(); err != nil {
			return err
		}
		switch f.next() {
		case ',':
			f.at++
		case end:
		default:
			return f.errorf("a comma or %q is missing", end)
		}
	}
	f.at++
	return nil
}

func (f *flowReader) list(depth int) (value, error) {
	end := byte(']')
	if f.text[f.at] == '(' {
		end = ')'
	}
	list := []value{}
	err := f.each(end, func() error {
		v, err := f.value(depth + 1)
		list = append(list, v)
		return err
	})
	return list, err
}

func (f *flowReader) entries(depth int) (value, error) {
	m := entries{}
	err := f.each('}', func() error {
		key, err := f.value(maxDepth) // no brackets
		if err != nil {
			return err
		}
		text, ok := key.(string)
		if !ok || f.next() != ':' {
			return f.errorf("a key and a colon are missing")
		}
		f.at++
		v, err := f.value(depth + 1)
		m = append(m, entry{text, v})
		return err
	})
	return m, err
}

// quoted reads a text in quotes, single ones being those of Python or YAML.
func (f *flowReader) quoted() (value, error) {
	read := unquote
	if f.yaml {
		read = unquoteYAML
	}
	s, n, err := read(f.text[f.at:])
	if err != nil {
		return nil, f.errorf("%w", err)
	}
	f.at += n
	return s, nil
}

// plain reads a text without quotes: a number or, in YAML, any words.
func (f *flowReader) plain() (value, error) {
	rest := f.text[f.at:]
	end := strings.IndexAny(rest, ",:[]{}()\"'\n")
	if f.yaml {
		end = plainYAML(rest)
	}
	if end < 0 {
		end = len(rest)
	}
	word := strings.TrimSpace(rest[:end])
	if word == "" {
		return nil, f.errorf("a value is missing")
	}
	f.at += end
	if isNothing(word) {
		return nil, nil
	}
	return word, nil
}

// plainYAML returns where words without quotes end, which may have quotes and colons
// within.
func plainYAML(s string) int {
	for k := range len(s) {
		switch s[k] {
		case ',', '[', ']', '{', '}', '\n':
			return k
		case ':':
			if k+1 == len(s) || strings.IndexByte(" \t\n,[]{}", s[k+1]) >= 0 {
				return k
			}
		case '#':
			if k > 0 && isSpace(s[k-1]) {
				return k
			}
		}
	}
	return -1
}

// isNothing knows the words for no value.
func isNothing(word string) bool { return word == "null" || word == "None" || word == "~" }
