package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFileNames(t *testing.T) {
	t.Parallel()
	tests := []struct{ names, want []string }{
		{[]string{"sum"}, []string{"sum.npy"}},
		{[]string{"y:0", "y/0"}, []string{"y_0.npy", "y_0_1.npy"}},
		{[]string{"a", "a", "a_1"}, []string{"a.npy", "a_1.npy", "a_1_1.npy"}},
		{[]string{"a_1", "a", "a"}, []string{"a_1.npy", "a.npy", "a_2.npy"}},
		{[]string{"A", "a"}, []string{"A.npy", "a_1.npy"}},
		{[]string{"", ""}, []string{"_.npy", "__1.npy"}},
		{[]string{"../../etc/passwd", ".."}, []string{"_.._.._etc_passwd.npy", "_...npy"}},
		{[]string{"-rf", "größe"}, []string{"_-rf.npy", "gr__e.npy"}},
	}
	for _, test := range tests {
		assert.Equal(t, test.want, fileNames(test.names, ".npy"), "%q", test.names)
	}
}

var safe = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*\.npy$`)

func FuzzFileNames(f *testing.F) {
	f.Add("a\na\na_1")
	f.Add("A\na\n\n..\n-x\nCON")
	f.Add(strings.Repeat("long", 99) + "\n" + strings.Repeat("long", 99) + "x")
	f.Fuzz(func(t *testing.T, text string) {
		names := strings.Split(text, "\n")
		used := make(map[string]bool)
		for _, file := range fileNames(names, ".npy") {
			assert.Regexp(t, safe, file)
			assert.LessOrEqual(t, len(file), 255)
			assert.False(t, used[strings.ToLower(file)], "%q is there twice", file)
			used[strings.ToLower(file)] = true
		}
		assert.Len(t, used, len(names))
	})
}
