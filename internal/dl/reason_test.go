package dl_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/errs"
)

// What the loaders of other systems say, word for word.
func TestExplainOtherLoaders(t *testing.T) {
	present := filepath.Join(t.TempDir(), "libx.so")
	require.NoError(t, os.WriteFile(present, []byte("content"), 0o644))
	absent := filepath.Join(t.TempDir(), "libx.so")

	tests := []struct {
		name, path, text string
		reason           dl.Reason
		contains         string
	}{
		{"glibc, too old", present, "/lib/libc.so.6: version `GLIBC_2.34' not found (required by " + present + ")", dl.VersionMismatch, "GLIBC_2.34"},
		{"glibc, too old as well", present, "/lib/libc.so.6: version `GLIBC_2.94' not found (required by " + present + ")", dl.VersionMismatch, "a newer C library (glibc)"},
		{"libstdc++, too old", present, "/lib/libstdc++.so.6: version `GLIBCXX_3.4.99' not found (required by " + present + ")", dl.VersionMismatch, "a newer C++ library"},
		{"libstdc++, too old as well", present, "/lib/libstdc++.so.6: version `CXXABI_1.9.9' not found (required by " + present + ")", dl.VersionMismatch, "a newer C++ library"},
		{"glibc, noexec", present, present + ": failed to map segment from shared object", dl.NotPermitted, "noexec"},
		{"glibc, memory", present, present + ": failed to map segment from shared object", dl.NotPermitted, "ulimit -v"},
		{"glibc, program", present, present + ": cannot dynamically load position-independent executable", dl.NotLibrary, "it is a program"},
		{"glibc, built for musl", present, "libc.musl-x86_64.so.1: cannot open shared object file: No such file or directory", dl.WrongPlatform, "built for Alpine (musl)"},
		{"glibc, pages", present, present + ": ELF load command address/offset not page-aligned", dl.WrongPlatform, "memory pages"},
		{"glibc, unreadable", present, present + ": cannot open shared object file: Permission denied", dl.NotPermitted, "mode"},
		{"musl, absent name", "libx.so", "Error loading shared library libx.so: No such file or directory", dl.NotFound, "install the package"},
		{"musl, dependency", present, "Error loading shared library libusb-1.0.so.0: No such file or directory (needed by " + present + ")", dl.MissingDependency, "it needs libusb-1.0.so.0;"},
		{"musl, no library", present, "Error loading shared library " + present + ": Exec format error", dl.NotLibrary, "damaged"},
		{"dyld, absent", absent, "dlopen(" + absent + ", 0x0006): tried: '" + absent + "' (no such file)", dl.NotFound, "there is no such file"},
		{"dyld, processor", present, "dlopen(" + present + ", 0x0006): tried: '" + present + "' (mach-o file, but is an incompatible architecture (have 'x86_64', need 'arm64'))", dl.WrongPlatform, "this program for"},
		{"dyld, dependency", present, "dlopen(" + present + ", 0x0006): Library not loaded: @rpath/libusb-1.0.0.dylib\n  Referenced from: " + present, dl.MissingDependency, "it needs @rpath/libusb-1.0.0.dylib;"},
		{"Windows, absent", absent, "The specified module could not be found.", dl.NotFound, "there is no such file"},
		{"Windows, dependency", present, "The specified module could not be found.", dl.MissingDependency, "a library that it needs is not"},
		{"Windows, processor", present, "%1 is not a valid Win32 application.", dl.WrongPlatform, "another processor"},
		{"unknown", present, "the moon is full", dl.Unknown, "the moon is full"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := dl.Explain(tt.path, tt.text)
			assert.Equal(t, tt.reason, err.Reason, err)
			assert.ErrorContains(t, err, tt.contains)
			assert.ErrorIs(t, err, errs.ErrLibraryNotFound)
			assert.Equal(t, tt.text, err.Text)
		})
	}
}
