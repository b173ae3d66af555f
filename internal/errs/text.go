package errs

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// OneLine replaces what is no visible character of a text, such as line ends and the bytes
// that control a terminal, by Go's escapes: names of files may have them.
func OneLine(text string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(text, string(utf8.RuneError)) {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}
