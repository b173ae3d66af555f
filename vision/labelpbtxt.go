package vision

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A label map of TensorFlow's object detection is a protocol buffer in its text format:
//
//	item {
//	  id: 1
//	  name: '/m/01g317'
//	  display_name: "person"
//	}

// pbtxtToken is a word, a number, a text in quotes, or a single character.
var pbtxtToken = regexp.MustCompile(`^(?:[A-Za-z0-9_.+-]+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[{}<>:;,\[\]])`)

// pbtxtTokens takes a file apart, without its comments.
func pbtxtTokens(lines []string) ([]string, error) {
	var tokens []string
	for k, line := range lines {
		for rest := strings.TrimSpace(line); rest != "" && rest[0] != '#'; rest = strings.TrimSpace(rest) {
			token := pbtxtToken.FindString(rest)
			if token == "" {
				return nil, fmt.Errorf("line %d of the label map is no good: %q", k+1, excerpt(line))
			}
			if token != ";" && token != "," {
				tokens = append(tokens, token)
			}
			rest = rest[len(token):]
		}
	}
	return tokens, nil
}

func labelsOfPbtxt(lines []string) (Labels, error) {
	tokens, err := pbtxtTokens(lines)
	if err != nil {
		return nil, err
	}
	l := make(Labels)
	for len(tokens) > 0 {
		if tokens[0] != "item" {
			return nil, fmt.Errorf("the label map has %q where an item should begin", excerpt(tokens[0]))
		}
		var fields map[string][]byte
		if fields, tokens, err = pbtxtMessage(tokens[1:]); err != nil {
			return nil, err
		}
		id, ok := parseID(string(fields["id"]))
		if !ok {
			return nil, fmt.Errorf("item %d of the label map has no number as its id", len(l)+1)
		}
		name := fields["display_name"]
		if len(name) == 0 {
			name = fields["name"]
		}
		if err := l.add(id, string(name)); err != nil {
			return nil, fmt.Errorf("the label map %w", err)
		}
	}
	return l, nil
}

var errPbtxt = errors.New("the label map ends within an item, or has one without { and }")

// pbtxtMessage reads the fields between braces, and returns what follows. Of a field that
// is a message only the end is looked for.
func pbtxtMessage(tokens []string) (fields map[string][]byte, rest []string, err error) {
	if len(tokens) > 0 && tokens[0] == ":" {
		tokens = tokens[1:]
	}
	if len(tokens) == 0 || tokens[0] != "{" {
		return nil, nil, errPbtxt
	}
	fields = make(map[string][]byte)
	depth, last := 1, ""
	for k, token := range tokens[1:] {
		switch token {
		case "{", "<", "[":
			depth++
		case "}", ">", "]":
			if depth--; depth == 0 {
				return fields, tokens[1+k+1:], nil
			}
		case ":":
		default:
			isValue := tokens[k] == ":" || k > 0 && isQuoted(token) && isQuoted(tokens[k])
			switch {
			case depth > 1:
			case !isValue:
				last = token
			case isQuoted(token):
				if fields[last], err = appendPbtxt(fields[last], token[1:len(token)-1]); err != nil {
					return nil, nil, err
				}
			default:
				fields[last] = []byte(token)
			}
		}
	}
	return nil, nil, errPbtxt
}

func isQuoted(token string) bool { return token[0] == '"' || token[0] == '\'' }
