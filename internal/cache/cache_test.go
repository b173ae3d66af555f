package cache_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/cache"
)

func TestDir(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems have other variables")
	}
	t.Setenv("XDG_CACHE_HOME", "/somewhere")
	dir, err := cache.Dir()
	require.NoError(t, err)
	assert.Equal(t, "/somewhere/gocoral", dir)

	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	_, err = cache.Dir()
	assert.ErrorContains(t, err, "HOME")

	t.Setenv("HOME", "relative")
	_, err = cache.Dir()
	assert.ErrorContains(t, err, "relative/.cache is a relative path; correct HOME")
}

func TestLibrary(t *testing.T) {
	assert.Equal(t, filepath.Join("d", "lib", "2.9.0", "linux_arm", "lib.so"), cache.Library("d", "2.9.0", "linux_arm", "lib.so"))
	assert.Equal(t, filepath.Join("d", "lib"), cache.Libraries("d"))
}
