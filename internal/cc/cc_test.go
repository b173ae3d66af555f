package cc_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/internal/cc"
)

func TestWords(t *testing.T) {
	for command, want := range map[string][]string{
		"":                               nil,
		" \n":                            nil,
		"gcc\n":                          {"gcc"},
		"zig  cc -target x":              {"zig", "cc", "-target", "x"},
		"'/with space/zig' cc":           {"/with space/zig", "cc"},
		`"/it's/zig" cc "-I/with space"`: {"/it's/zig", "cc", "-I/with space"},
	} {
		assert.Equal(t, want, cc.Words(command), "%q", command)
	}
}
