package errs_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/internal/errs"
)

func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "",
		"open \"ä b\": no":   "open \"ä b\": no",
		"a\nb\x1b[31m\u202e": `a\nb\x1b[31m\u202e`,
		"bytes \xff":         "bytes \uFFFD",
		"'quoted'\t":         `'quoted'\t`,
	} {
		assert.Equal(t, want, errs.OneLine(text))
	}
}
