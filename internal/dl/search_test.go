package dl_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/internal/dl"
)

func TestSearch(t *testing.T) {
	file := &fstest.MapFile{Data: []byte("x")}
	system := fstest.MapFS{
		"etc/ld.so.cache":                     &fstest.MapFile{Data: []byte("cache\x00/opt/lib/libx.so.1\x00/opt/lib/libxx.so.1\x00")},
		"usr/lib/aarch64-linux-gnu/libx.so.1": file, "lib/libx.so.1": file,
	}
	assert.Equal(t, []string{"/first/libx.so.1", "./libx.so.1", "/second/libx.so.1", "/opt/lib/libx.so.1", "/lib/libx.so.1", "/usr/lib/aarch64-linux-gnu/libx.so.1"},
		dl.Search(system, "/first::/second", "libx.so.1"), "an empty element is the current folder")
	assert.Equal(t, []string{"/first/libx.so.1", "/second/../libx.so.1"},
		dl.Search(fstest.MapFS{}, "/first;/second/..", "libx.so.1"), "/second may be a link")
	assert.Empty(t, dl.Search(fstest.MapFS{}, "", "libx.so.1"))
}
