//go:build man

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestManualPages(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	dir := t.TempDir()
	assert.Empty(t, succeeded(t, "man", dir))
	page := func(name string) string {
		content, err := os.ReadFile(filepath.Join(dir, name+".1"))
		require.NoError(t, err)
		return string(content)
	}

	for _, command := range []string{"bench", "classify", "completion", "completion-zsh", "detect", "devices", "doctor", "embed", "faces", "fetch-runtime", "inspect", "pose", "run", "segment", "version", "watch"} {
		assert.Contains(t, page("coral"), strings.Split(command, "-")[0])
		p := page("coral-" + command)
		assert.True(t, strings.HasPrefix(p, `.TH "CORAL\-`+strings.ToUpper(strings.ReplaceAll(command, "-", `\-`))+`" "1" "2023\-11\-14" "coral `), p)
		for _, section := range []string{"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "ENVIRONMENT", "EXIT STATUS", "SEE ALSO"} {
			assert.Contains(t, p, `.SH "`+section+`"`, command)
		}
	}
	assert.Contains(t, page("coral"), "coral COMMAND")
	assert.Contains(t, page("coral"), `\-\-version`)
	assert.Contains(t, page("coral-run"), `\-\-zero\-inputs                set all inputs that are not`)
	assert.Contains(t, page("coral"), ".B \"CORAL_EDGETPU_LIB\"\nthe file of libedgetpu, unless \\-\\-edgetpu\\-lib names one.\n")
	assert.NoFileExists(t, filepath.Join(dir, "coral-open-device.1"), "hidden")
	assert.Contains(t, page("coral-classify"), `\-\-json *.jpg | jq \-r '[.image, .classes[0].label] | @tsv'`)

	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		p := page(strings.TrimSuffix(e.Name(), ".1"))
		assert.NotRegexp(t, `(?m)^'|\\[^\\e&-]|[^\\]-`, p, "%s: troff would take this for a command", e.Name())
		assert.Equal(t, strings.Count(p, "\n.EX"), strings.Count(p, "\n.EE"), e.Name())
	}
	assert.NoFileExists(t, filepath.Join(dir, "coral-man.1"), "hidden")
	assert.NoFileExists(t, filepath.Join(dir, "coral-help.1"))
	assert.Contains(t, failed(t, statusUsage, "man"), "coral man --help")
	assert.Contains(t, failed(t, statusFailed, "man", filepath.Join(dir, "absent")), "coral.1")
}
