package fetch_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/fetch"
)

func TestOldGLIBCFallsBack(t *testing.T) {
	w := newWorld(t)
	w.Program("getconf", "echo glibc 2.28")
	assert.Equal(t, "2.9.0", w.fetched(t, fetch.Request{}).Runtime.Version)
	assert.Contains(t, w.notes.String(), "glibc 2.28 is older than the 2.34 of TensorFlow Lite 2.17.1: using 2.9.0\n")

	w.refused(t, fetch.Request{Version: "2.17.1"}, "needs glibc 2.34 and this machine has 2.28")
	w.Fetcher.Host.Arch = "arm"
	w.refused(t, fetch.Request{}, "there is no older version for linux/arm", "upgrade")
}

func TestGLIBCOfAnotherMachine(t *testing.T) {
	w := newWorld(t)
	w.Program("getconf", "echo glibc 2.17") // of no interest to the other machine
	l := w.fetched(t, fetch.Request{Platform: "linux/arm/v7"})
	assert.Equal(t, w.Library("2.17.1", "linux_arm"), l.Path)
}

// Which version is chosen shows which C library was seen.
func TestHostGLIBC(t *testing.T) {
	tests := map[string]struct{ getconf, ldd, want string }{
		"getconf":       {"echo glibc 2.31", "exit 1", "2.9.0"},
		"ldd":           {"exit 1", "echo 'ldd (Debian GLIBC 2.28-10) 2.28'; echo more", "2.9.0"},
		"new":           {"echo glibc 2.34", "exit 1", "2.17.1"},
		"neither knows": {"echo undefined", "exit 1", "2.17.1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Program("getconf", test.getconf)
			w.Program("ldd", test.ldd)
			l, err := w.Fetcher.Choose(t.Context(), fetch.Request{})
			if musl, _ := filepath.Glob("/lib/ld-musl-*"); name == "neither knows" && musl != nil {
				require.ErrorContains(t, err, "musl")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, l.Runtime.Version)
		})
	}
}

func TestMusl(t *testing.T) {
	w := newWorld(t)
	w.Remove("getconf")
	w.Program("ldd", "echo 'musl libc (x86_64)' >&2; echo 'Version 1.2.5' >&2; exit 1")
	w.refused(t, fetch.Request{}, "musl", "need glibc", "--platform")
	w.fetched(t, fetch.Request{Platform: "linux/arm64"})
}
