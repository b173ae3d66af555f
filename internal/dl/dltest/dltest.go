// Package dltest compiles C for tests: libraries that no registry has and that are
// wrong in the ways a test needs.
package dltest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/gocoral/coral/internal/cc"
)

// Shared compiles a shared library of the given file name into a folder of its own
// and returns its path. The arguments are C files and flags; paths are relative to
// the folder of the test.
func Shared(t testing.TB, name string, args ...string) string {
	t.Helper()
	return compile(t, name, append([]string{"-shared", "-fPIC"}, args...))
}

// Program compiles an executable and returns its path.
func Program(t testing.TB, name string, args ...string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return compile(t, name, append([]string{"-pthread"}, args...))
}

// Object compiles one C file without linking it and returns the object file's path.
func Object(t testing.TB, name string, args ...string) string {
	t.Helper()
	return compile(t, name, append([]string{"-c", "-fPIC"}, args...))
}

// Source writes C code to a file, for tests that need a line or two of it.
func Source(t testing.TB, code string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "source.c")
	if err := os.WriteFile(path, []byte(code+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func compile(t testing.TB, name string, args []string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), name)
	command := append(Compiler(t), "-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-o", out)
	cmd := exec.Command(command[0], append(command[1:], args...)...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, text)
	}
	return out
}

// Compiler is the one that cgo uses, with its flags. Without one the test is skipped, but
// not on the build server, which has one.
func Compiler(t testing.TB) []string {
	t.Helper()
	command := os.Getenv("CC")
	if command == "" {
		out, err := exec.Command("go", "env", "CC").Output()
		if err != nil {
			t.Fatalf("go env CC: %v", err)
		}
		command = string(out)
	}
	words := cc.Words(command)
	if len(words) == 0 {
		words = []string{"cc"}
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no C compiler: %v", err)
		}
		t.Skipf("no C compiler: %v", err)
	}
	return words
}
