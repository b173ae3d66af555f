//go:build man

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestManualPages(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	dir := t.TempDir()
	assert.Empty(t, succeeded(t, "man", dir))
	for _, name := range []string{"coral", "coral-bench", "coral-classify", "coral-completion-zsh", "coral-doctor", "coral-run"} {
		page, err := os.ReadFile(filepath.Join(dir, name+".1"))
		require.NoError(t, err)
		for _, part := range []string{".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", "Nov 2023"} {
			assert.Contains(t, string(page), part, name)
		}
	}
	assert.NoFileExists(t, filepath.Join(dir, "coral-man.1"), "hidden")
	assert.Contains(t, failed(t, statusUsage, "man"), "coral man --help")
	assert.Contains(t, failed(t, statusFailed, "man", filepath.Join(dir, "absent")), "absent")
}
