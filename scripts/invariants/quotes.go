package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// messagesGuide is the page that people search for the words they see.
const messagesGuide = "docs/troubleshooting.md"

// ownMessages are its sections whose first column quotes what this library prints.
var ownMessages = map[string]bool{
	"## What `coral doctor` finds":          true,
	"## Errors and reasons of this library": true,
}

// othersWords are parts of those messages that come from TensorFlow Lite, libedgetpu or Go.
var othersWords = map[string]bool{
	"Encountered unresolved custom op":  true,
	"edgetpu-custom-op":                 true,
	"Didn't find op for builtin opcode": true,
	"signal":                            true,
	"aborted":                           true,
	"F usb_driver.cc":                   true,
}

var (
	quotedText = regexp.MustCompile("`([^`]+)`")
	// changing is what differs from one message to the next, and where one error wraps another.
	changing = regexp.MustCompile(`…|: |:$|[()]|\b[A-Z][A-Z_]{2,}[0-9.]*\b|\blib\w+\.so[.0-9]*|/dev/\S+|\b[0-9][0-9.]*`)
	verb     = regexp.MustCompile(`%[-+# 0]*[0-9]*(?:\.[0-9]+)?[a-zA-Z]`)
)

// quotesAreInTheSource: a message that the troubleshooting page quotes stands in the source.
// A message that was reworded would otherwise not be found by those who search for it.
func quotesAreInTheSource(t *tree) ([]finding, error) {
	guide, err := fs.ReadFile(t.fsys, messagesGuide)
	if err != nil {
		return nil, nil //nolint:nilerr // trees of tests have no such page
	}
	source, err := messagesOf(t)
	if err != nil {
		return nil, err
	}
	var found []finding
	section, line := "", 0
	for text := range strings.Lines(string(guide)) {
		line++
		if strings.HasPrefix(text, "## ") {
			section = strings.TrimSpace(text)
		}
		if !ownMessages[section] || !strings.HasPrefix(text, "| ") {
			continue
		}
		for _, quote := range quotedText.FindAllStringSubmatch(strings.Split(text, " | ")[0], -1) {
			for _, part := range changing.Split(quote[1], -1) {
				part = strings.Trim(part, " ,;:")
				if part != "" && !othersWords[part] && !strings.Contains(source, part) {
					found = append(found, finding{fmt.Sprintf("%s:%d", messagesGuide, line), fmt.Sprintf("no message has the words %q", part)})
				}
			}
		}
	}
	return found, nil
}

// messagesOf returns all string literals of the Go code but tests, a line each, and the C code.
func messagesOf(t *tree) (string, error) {
	var b strings.Builder
	for _, f := range t.goes {
		if f.isTest() || f.dir() == "scripts/invariants" {
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, _ := strconv.Unquote(lit.Value)
				b.WriteString(verb.ReplaceAllString(text, "…") + "\n")
			}
			return true
		})
	}
	for _, name := range t.files {
		if ext := path.Ext(name); ext != ".c" && ext != ".h" {
			continue
		}
		data, err := fs.ReadFile(t.fsys, name)
		if err != nil {
			return "", err
		}
		b.Write(data)
	}
	return b.String(), nil
}
