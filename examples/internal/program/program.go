// Package program tests the examples as programs.
package program

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const asProgram = "BE_THE_EXAMPLE"

// Main lets a test's binary be the program, whose main it is given, for [Run].
func Main(m *testing.M, main func()) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// Command is the program with these arguments.
func Command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.WaitDelay = time.Second
	return cmd
}

// Run returns what the program prints. It has to succeed.
func Run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := Command(t, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// File is one of those that `coral-runtime models` fetches.
func File(t *testing.T, name string) string {
	t.Helper()
	return existing(t, filepath.Join("..", "..", "third_party", "models", name), true)
}

// Shared is one of the test data beside the repository, which not everybody has.
func Shared(t *testing.T, name string) string {
	t.Helper()
	return existing(t, filepath.Join("..", "..", "..", "shared", "testdata", filepath.FromSlash(name)), false)
}

func existing(t *testing.T, path string, fetched bool) string {
	t.Helper()
	switch _, err := os.Stat(path); {
	case err != nil && fetched && os.Getenv("CI") != "":
		t.Fatal("CI fetches the models: ", err)
	case err != nil:
		t.Skip("needs a file that is not there: ", err)
	}
	return path
}
