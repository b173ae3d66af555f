package vision_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

func TestParseLabels(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want vision.Labels
	}{
		"rows":                  {"cat\ndog\n", vision.Labels{0: "cat", 1: "dog"}},
		"no end of line":        {"cat\ndog", vision.Labels{0: "cat", 1: "dog"}},
		"with spaces":           {"tench, Tinca tinca\n  great white shark \n", vision.Labels{0: "tench, Tinca tinca", 1: "great white shark"}},
		"numbered":              {"0 cat\n1 dog\n", vision.Labels{0: "cat", 1: "dog"}},
		"numbered with a colon": {"1:cat\n 7 : dog: big\n", vision.Labels{1: "cat", 7: "dog: big"}},
		"numbered with a tab":   {"1\tcat\n7\t\tdog", vision.Labels{1: "cat", 7: "dog"}},
		"numbered out of order": {"17 cat\n3 dog\n", vision.Labels{17: "cat", 3: "dog"}},
		"numbered with gaps":    {"17 cat\n\n\n3 dog\n\n", vision.Labels{17: "cat", 3: "dog"}},
		"some begin so":         {"7 up\ncola\n", vision.Labels{0: "7 up", 1: "cola"}},
		"digits alone":          {"0\n1\n2\n", vision.Labels{0: "0", 1: "1", 2: "2"}},
		"beyond an id":          {"99999999999 bottles\n", vision.Labels{0: "99999999999 bottles"}},
		"below an id":           {"-1 cat\n", vision.Labels{0: "-1 cat"}},
		"empty lines count":     {"cat\n\ndog\n", vision.Labels{0: "cat", 2: "dog"}},
		"twice the same":        {"crane\ncrane\n", vision.Labels{0: "crane", 1: "crane"}},
		"CRLF":                  {"cat\r\ndog\r\n", vision.Labels{0: "cat", 1: "dog"}},
		"CRLF numbered":         {"0 cat\r\n1 dog\r\n", vision.Labels{0: "cat", 1: "dog"}},
		"byte order mark":       {"\ufeff0 cat\n1 dog\n", vision.Labels{0: "cat", 1: "dog"}},
		"one without a name":    {"0 cat\n1\n2: dog\n3:\n", vision.Labels{0: "cat", 2: "dog"}},
		"twice, once nameless":  {"0 cat\n0\n", vision.Labels{0: "cat"}},
		"two spaces":            {"0  cat\n1  dog\n", vision.Labels{0: "cat", 1: "dog"}},
		"a tab within":          {"cat\tbig\n", vision.Labels{0: "cat\tbig"}},
		"comments are labels":   {"# cat\n# dog\n", vision.Labels{0: "# cat", 1: "# dog"}},
		"brackets are labels":   {"[background]\n{cat}\n", vision.Labels{0: "[background]", 1: "{cat}"}},
		"commas are labels":     {"cat, big\n1, 2\n", vision.Labels{0: "cat, big", 1: "1, 2"}},
		"CR":                    {"cat\rdog\r", vision.Labels{0: "cat", 1: "dog"}},
		"CR and LF":             {"cat\rdog\nbird\r\r\ncow\r", vision.Labels{0: "cat", 1: "dog", 2: "bird", 3: "cow"}},
		"titles of nothing":     {"cat, big\n7 up, cold\n", vision.Labels{0: "cat, big", 1: "7 up, cold"}},
		"names with numbers":    {"Plane, kind\nBoeing, 737\nAirbus, 320\n", vision.Labels{0: "Plane, kind", 1: "Boeing, 737", 2: "Airbus, 320"}},
		"only numbers, commas":  {"0,\n1,\n", vision.Labels{0: "0,", 1: "1,"}},
		"beyond ASCII":          {"Kätzchen\n犬\n", vision.Labels{0: "Kätzchen", 1: "犬"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := vision.ParseLabels(strings.NewReader(c.text))
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestParseLabelsErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"nothing":    {"", "it is empty"},
		"only space": {" \n\t\n\r\n", "it is empty"},
		"a picture":  {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "line 1 is not UTF-8 text"},
		"UTF-16":     {"c\x00a\x00t\x00\n\x00", "line 1 is not UTF-8 text"},
		"UTF-16, LE": {"\xff\xfec\x00a\x00t\x00\n\x00", "line 1 is not UTF-8 text but UTF-16: save it as UTF-8"},
		"UTF-16, BE": {"\xfe\xff\x00c\x00a\x00t\x00\n", "line 1 is not UTF-8 text but UTF-16: save it as UTF-8"},
		"huge":       {strings.Repeat("cat\n", 2<<20), "larger than 4194304 bytes"},
		"HTML":       {"\n<!DOCTYPE html>\n<html>\n", "it is a web page or XML"},
		"Git LFS":    {"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 1\n", "it is a pointer of Git LFS"},
		"Latin-1":    {"cat\nK\xe4tzchen\n", "line 2 is not UTF-8 text"},
		"an escape":  {"cat\n\x1b[2Jdog\n", "line 2 is not UTF-8 text"},
		"long line":  {"cat\n" + strings.Repeat("x", 5000), "line 2 is longer than 4096 bytes"},
		"many lines": {strings.Repeat("\n", 1<<20+1), "more than 1048576 lines"},
		"ids twice":  {"1 cat\n2 dog\n1 cow\n", `line 3 gives id 1 to "cow", but "cat" has it already`},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := vision.ParseLabels(strings.NewReader(c.text))
			assert.Nil(t, l)
			require.ErrorIs(t, err, vision.ErrLabels)
			assert.ErrorContains(t, err, "vision: parse labels: not a label file: ")
			assert.ErrorContains(t, err, c.says)
		})
	}
	t.Run("failing reader", func(t *testing.T) {
		_, err := vision.ParseLabels(iotest.ErrReader(errors.New("cable cut")))
		assert.EqualError(t, err, "vision: parse labels: cable cut")
	})
}

func TestReadLabels(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "labels.txt")
	require.NoError(t, os.WriteFile(path, []byte("cat\ndog\n"), 0o600))
	l, err := vision.ReadLabels(path)
	require.NoError(t, err)
	assert.Equal(t, vision.Labels{0: "cat", 1: "dog"}, l)

	_, err = vision.ReadLabels(filepath.Join(dir, "none.txt"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err = vision.ReadLabels(path)
	require.ErrorIs(t, err, vision.ErrLabels)
	assert.ErrorContains(t, err, path)
	_, err = vision.ReadLabels(dir)
	require.ErrorIs(t, err, vision.ErrLabels)
	assert.ErrorContains(t, err, "is a directory, not a regular file")
	_, err = vision.ReadLabels(os.DevNull)
	require.ErrorIs(t, err, vision.ErrLabels)
	assert.ErrorContains(t, err, "is a device, not a regular file")
}

func TestLabelsName(t *testing.T) {
	l := vision.Labels{3: "cat"}
	name, ok := l.Name(3)
	assert.Equal(t, "cat", name)
	assert.True(t, ok)
	for _, l := range []vision.Labels{l, nil} {
		name, ok = l.Name(1000)
		assert.Equal(t, "1000", name)
		assert.False(t, ok)
	}
}

// FuzzParseLabels makes sure that labels are clean, and survive being written down
// with their numbers.
func FuzzParseLabels(f *testing.F) {
	for _, c := range labelFiles {
		f.Add(c.text)
	}
	for _, seed := range []string{"cat\ndog\n", "0 cat\n1: dog\n", "7 up\ncola", "\ufeff1\ta\r\n\r\n2 b", "1 1 1", "\x00", "5:", ": :", "0:\u2003x\u2028y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := vision.ParseLabels(strings.NewReader(text))
		if err != nil {
			assert.Nil(t, l)
			return
		}
		require.NotEmpty(t, l)
		var written strings.Builder
		for _, id := range slices.Sorted(maps.Keys(l)) {
			assert.GreaterOrEqual(t, id, 0)
			assert.NotEmpty(t, l[id])
			assert.Equal(t, strings.TrimSpace(l[id]), l[id])
			assert.NotContains(t, l[id], "\n")
			written.WriteString(strconv.Itoa(id) + " " + l[id] + "\n")
		}
		if slices.ContainsFunc(slices.Collect(maps.Values(l)), startsWithSeparator) {
			return // "0 :x" is one way to write a label ":x" that has no other
		}
		again, err := vision.ParseLabels(strings.NewReader(written.String()))
		if errors.Is(err, vision.ErrLabels) && len(written.String()) > 4000 {
			return // the number made a line too long
		}
		require.NoError(t, err)
		assert.Equal(t, l, again)
	})
}

func startsWithSeparator(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return strings.ContainsRune(":,;", r) || unicode.IsSpace(r)
}
