package vision_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

// Every byte of a label file costs the same, wherever it stands, and no error repeats the
// file.
func TestParseLabelsCost(t *testing.T) {
	for name, file := range map[string]func(n int) string{
		"JSON, Python's quotes": func(n int) string { return "['" + strings.Repeat("a", n) + "']" },
		"JSON, escapes":         func(n int) string { return `["` + strings.Repeat(`\x61`, n/4) + `"]` },
		"JSON, many":            func(n int) string { return "[" + strings.Repeat("'a',", n/4) + "]" },
		"JSON, unknown escape":  func(n int) string { return `["\q` + strings.Repeat("a", n) + `"]` },
		"JSON, a key":           func(n int) string { return `{"` + strings.Repeat("a", n) + `": []}` },
		"JSON, a list":          func(n int) string { return `{"0": [[` + strings.Repeat("1,", n/2) + `]]}` },
		"pbtxt":                 func(n int) string { return "item { id: 1 name: '" + strings.Repeat("a", n) + "' }" },
		"pbtxt, escapes":        func(n int) string { return "item { id: 1 name: '" + strings.Repeat(`\141`, n/4) + "' }" },
		"pbtxt, parts":          func(n int) string { return "item { id: 1 name: " + strings.Repeat("'a' ", n/4) + "}" },
		"pbtxt, no end":         func(n int) string { return "item { id: 1 name: '" + strings.Repeat("a", n) },
		"pbtxt, unknown escape": func(n int) string { return `item { id: 1 name: '\q` + strings.Repeat("a", n) + "' }" },
		"pbtxt, not an item":    func(n int) string { return "item { id: 1 name: 'a' } " + strings.Repeat("a", n) },
		"YAML":                  func(n int) string { return "names:\n  0: '" + strings.Repeat("a''", n/3) + "'\n" },
		"YAML, something else":  func(n int) string { return "names:\n" + strings.Repeat("a", n) + "\n" },
		"YAML, special":         func(n int) string { return "names:\n  0: &" + strings.Repeat("a", n) + "\n" },
		"YAML, flow":            func(n int) string { return "names: ['" + strings.Repeat("a''", n/3) + "']\n" },
		"CSV, no id":            func(n int) string { return "id,name\n" + strings.Repeat("a", n) + ",b\n" },
	} {
		t.Run(name, func(t *testing.T) {
			const n = 200_000
			cost := func(text string) int {
				return allocated(func() {
					if _, err := vision.ParseLabels(strings.NewReader(text)); err != nil {
						assert.Less(t, len(err.Error()), 1000)
					}
				})
			}
			cost(file(n)) // what is made once
			once, eightfold := cost(file(n)), cost(file(8*n))
			assert.Less(t, eightfold, 3*8*once, "%d bytes for %d, %d for %d", once, n, eightfold, 8*n)
		})
	}
}

// The text format of protocol buffers has the escapes of C, in quotes of either kind.
func TestParseLabelsPbtxtEscapes(t *testing.T) {
	for text, want := range map[string]string{
		`'caf\303\251'`:                 "café",
		`"caf\xc3\xa9"`:                 "café",
		`"caf\Xc3" '\251'`:              "café",
		`"\u00e9 \U0001F63A"`:           "é 😺",
		`"\ud83d\ude3a"`:                "😺",
		`"it\'s"`:                       "it's",
		`'it\'s'`:                       "it's",
		`'a \"b\"'`:                     `a "b"`,
		`"who\?"`:                       "who?",
		`"a\\b"`:                        `a\b`,
		`"\101\1019"`:                   "AA9",
		`"\x41g"`:                       "Ag",
		`"a\tb"`:                        "a\tb",
		`"a\n"`:                         "a",
		`"\r\n\v\f a"`:                  "a",
		`"Kätzchen \351\234\262" "\41"`: "Kätzchen 露!",
	} {
		t.Run(text, func(t *testing.T) {
			got, err := vision.ParseLabels(strings.NewReader(fmt.Sprintf("item { id: 1 name: %s }\n", text)))
			require.NoError(t, err)
			assert.Equal(t, vision.Labels{1: want}, got)
		})
	}
	for text, says := range map[string]string{
		`"\q"`:         `escape that is not known: "\\q"`,
		`"\x"`:         `escape that is not known: "\\x"`,
		`"\u00e"`:      "escape that is not known",
		`"\ud83d"`:     "escape that is not known",
		`"\U00110000"`: "escape that is not known",
		`"\303"`:       `has no text for id 1: "\xc3"`,
		`"a\ab"`:       `has no text for id 1: "a\ab"`,
		`"a\bb"`:       `has no text for id 1: "a\bb"`,
	} {
		t.Run(text, func(t *testing.T) {
			_, err := vision.ParseLabels(strings.NewReader(fmt.Sprintf("item { id: 1 name: %s }\n", text)))
			require.ErrorIs(t, err, vision.ErrLabels)
			assert.ErrorContains(t, err, says)
		})
	}
}
