// Package tflitelibtest has TensorFlow Lite libraries for tests: a stand-in that is compiled
// as a test wants it, and those that are in the user's cache folder. A process can use one
// library only, so it also starts processes.
package tflitelibtest

import (
	"bytes"
	_ "embed" // the stand-in's code
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gocoral/coral/internal/cache"
	"github.com/gocoral/coral/internal/capi"
	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/dl/dltest"
)

//go:embed testdata/runtime.c
var source string

// File is the library's name on Linux.
const File = "libtensorflowlite_c.so"

// standInVersion is what the stand-in says by itself, see [StandInOf].
const standInVersion = "2.99.0"

// StandIn compiles the stand-in with the given switches, such as -DOLDEST. Without any it is
// of a version that is not known here. Programs that link their library skip the test, since
// they open no other.
func StandIn(t testing.TB, switches ...string) string {
	t.Helper()
	Opens(t)
	return dltest.Shared(t, File, append(switches, Source(t))...)
}

// StandInOf copies a stand-in and has it tell another version, as long as the one that it
// tells without a switch.
func StandInOf(t testing.TB, version, standIn, to string) {
	t.Helper()
	Copy(t, standIn, to, func(library []byte) []byte {
		return bytes.ReplaceAll(library, []byte(standInVersion+"\x00"), []byte(version+"\x00"))
	})
}

// Source is the stand-in's code in a file, which describes its switches.
func Source(t testing.TB) string {
	t.Helper()
	return dltest.Source(t, source)
}

// Opens skips the test where the program opens no library, or not on Linux.
func Opens(t testing.TB) {
	t.Helper()
	switch {
	case runtime.GOOS != "linux":
		t.Skip("what the loader does is tested on Linux only")
	case capi.Linked:
		t.Skip("this program links its library, and opens none")
	}
}

// SkipASan skips the test under AddressSanitizer, which ends what the test is about.
func SkipASan(t testing.TB, why string) {
	t.Helper()
	if _, err := dl.Program().Symbol("__asan_init"); err == nil {
		t.Skip("AddressSanitizer " + why)
	}
}

// Versions are those of the libraries that [Real] has.
func Versions() []string { return []string{"2.9.0", "2.17.1", "2.20.0"} }

// Real is the library of a version: the one that the tests are run on, or in the cache folder
// of this user. Where it was not fetched the test is skipped, but not where tests are run on
// all versions.
func Real(t testing.TB, version string) string {
	t.Helper()
	Opens(t)
	if named := os.Getenv("CORAL_TFLITE_LIB"); named != "" && os.Getenv("CORAL_EXPECT_TFLITE") == version {
		return named
	}
	dir, err := cache.Dir()
	path := cache.Library(dir, version, runtime.GOOS+"_"+runtime.GOARCH, File)
	if err == nil {
		_, err = os.Stat(path)
	}
	switch {
	case err == nil:
		return path
	case os.Getenv("CI") == "true" && os.Getenv("CORAL_EXPECT_TFLITE") == version:
		t.Fatal(err)
	}
	t.Skipf("run coral-runtime fetch --version %s: %v", version, err)
	return ""
}

// child names the test that a process was started for.
const child = "CORAL_TEST_CHILD"

// InChild reports whether this process was started by [Child] for the calling test.
func InChild(t testing.TB) bool {
	t.Helper()
	return os.Getenv(child) == t.Name()
}

// Child runs the calling test in a process of its own, in which [InChild] is true, and fails
// if it does not pass there. Variables are added to the environment; what names a library in
// it is taken away.
func Child(t testing.TB, variables ...string) {
	t.Helper()
	Opens(t)
	pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(t.Name()), "/", "$/^") + "$"
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run="+pattern)
	cmd.Env = append(append(Environment(), child+"="+t.Name()), variables...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "--- PASS: "+t.Name()+" ") {
		t.Fatalf("the child process has not run the test\n%s", out)
	}
}

// Environment is this process's, without what names or checks a library. Programs that are
// built with the race detector do not wait a second at their end.
func Environment() []string {
	left := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "CORAL_") || strings.HasPrefix(v, "LD_LIBRARY_PATH=")
	})
	return append(left, "GORACE=atexit_sleep_ms=0")
}

// Copy copies a library to another file, as change makes it; a nil change makes none. The
// folder is made as well.
func Copy(t testing.TB, from, to string, change func([]byte) []byte) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil && change != nil {
		content = change(content)
	}
	if err == nil {
		err = os.WriteFile(to, content, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}
