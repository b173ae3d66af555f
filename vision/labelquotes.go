package vision

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON, Python, YAML and the text format of protocol buffers put texts in quotes, each
// with escapes of its own. All of this takes time in proportion to the text: a label file
// may be one text of 4 MiB.

// excerpt is the beginning of a text from a file, for an error message.
func excerpt(s string) string {
	const enough = 80
	if len(s) <= enough {
		return s
	}
	end := enough
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

var errNoEnd = errors.New("a text has no end")

// unquote returns what stands in the quotes of JSON or Python that s begins with, and how
// many bytes it took.
func unquote(s string) (text string, n int, err error) {
	quote := s[0]
	end := 1
	for ; end < len(s) && s[end] != quote; end++ {
		if s[end] == '\\' {
			end++
		}
	}
	if end >= len(s) {
		return "", 0, errNoEnd
	}
	if quote == '"' && json.Unmarshal([]byte(s[:end+1]), &text) == nil {
		return text, end + 1, nil
	}
	var b strings.Builder
	for inside := s[1:end]; inside != ""; {
		if strings.HasPrefix(inside, `\'`) || strings.HasPrefix(inside, `\"`) { // in quotes of either kind
			b.WriteByte(inside[1])
			inside = inside[2:]
			continue
		}
		r, _, tail, err := strconv.UnquoteChar(inside, quote)
		if err != nil {
			return "", 0, fmt.Errorf("a text has an escape that is not known: %q", excerpt(inside))
		}
		b.WriteRune(r)
		inside = tail
	}
	return b.String(), end + 1, nil
}

// unquoteYAML does so with the quotes of YAML. Between single ones nothing is an escape
// but two of them.
func unquoteYAML(s string) (text string, n int, err error) {
	if s[0] == '"' {
		return unquote(s)
	}
	var b strings.Builder
	for at := 1; ; {
		length := strings.IndexByte(s[at:], '\'')
		if length < 0 {
			return "", 0, errNoEnd
		}
		b.WriteString(s[at:][:length])
		if at += length + 1; at == len(s) || s[at] != '\'' {
			return b.String(), at, nil
		}
		b.WriteByte('\'')
		at++
	}
}

// pbtxtEscapes are those of one character.
var pbtxtEscapes = map[byte]byte{
	'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '\\': '\\', '\'': '\'', '"': '"', '?': '?',
}

// appendPbtxt appends what stands in a text of a protocol buffer, without its quotes.
// Escapes with octal and hexadecimal numbers are bytes, of which several may make a
// character.
func appendPbtxt(b []byte, inside string) ([]byte, error) {
	for inside != "" {
		if inside[0] != '\\' {
			end := strings.IndexByte(inside, '\\')
			if end < 0 {
				end = len(inside)
			}
			b, inside = append(b, inside[:end]...), inside[end:]
			continue
		}
		escaped, n := pbtxtEscape(inside)
		if n == 0 {
			return nil, fmt.Errorf("a text has an escape that is not known: %q", excerpt(inside))
		}
		b, inside = append(b, escaped...), inside[n:]
	}
	return b, nil
}

// pbtxtEscape reads the escape that s begins with, which takes n bytes, 0 for none that
// is known.
func pbtxtEscape(s string) (escaped []byte, n int) {
	if len(s) < 2 {
		return nil, 0
	}
	if c, ok := pbtxtEscapes[s[1]]; ok {
		return []byte{c}, 2
	}
	switch c := s[1]; {
	case c >= '0' && c <= '7':
		return pbtxtByte(s, 1, 8, 3)
	case c == 'x' || c == 'X':
		return pbtxtByte(s, 2, 16, 2)
	case c == 'u' || c == 'U':
		r, n := pbtxtRune(s)
		if low, more := pbtxtRune(s[n:]); utf16.IsSurrogate(r) && more > 0 {
			r, n = utf16.DecodeRune(r, low), n+more
		}
		if n == 0 || !utf8.ValidRune(r) || r == utf8.RuneError {
			return nil, 0
		}
		return utf8.AppendRune(nil, r), n
	}
	return nil, 0
}

// pbtxtByte reads up to so many digits from a position on.
func pbtxtByte(s string, from, base, digits int) (escaped []byte, n int) {
	for end := min(from+digits, len(s)); end > from; end-- {
		if v, err := strconv.ParseUint(s[from:end], base, 8); err == nil {
			return []byte{byte(v)}, end
		}
	}
	return nil, 0
}

// pbtxtRune reads \u with four digits or \U with eight.
func pbtxtRune(s string) (r rune, n int) {
	n = 2 + 4
	if strings.HasPrefix(s, `\U`) {
		n = 2 + 8
	}
	if len(s) < n || s[0] != '\\' || s[1] != 'u' && s[1] != 'U' {
		return 0, 0
	}
	v, err := strconv.ParseUint(s[2:n], 16, 31)
	if err != nil {
		return 0, 0
	}
	return rune(v), n
}
