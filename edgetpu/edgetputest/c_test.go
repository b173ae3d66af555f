package edgetputest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/internal/dl/dltest"
)

// The library as a C program meets it, under the sanitisers. Their runtimes are in the
// program, which exports them (-rdynamic), and not in the library, too, where some
// compilers put them: there they would be loaded late, and have no room for their
// thread-local storage.
func TestC(t *testing.T) {
	tests := map[string]struct {
		flags string
		modes []string
	}{
		"plain":   {"-Werror -Wpedantic", []string{"once", "threads"}},
		"address": {"-fsanitize=address,undefined -fno-sanitize-recover=all", []string{"once", "threads"}},
		"threads": {"-fsanitize=thread", []string{"once", "threads"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			needsCompiler(t, test.flags)
			t.Setenv("EDGETPU_SIM_CFLAGS", test.flags)
			t.Setenv("EDGETPU_SIM_LDFLAGS", "")
			harness := dltest.Program(t, "harness", append(flags(test.flags), "-rdynamic", filepath.Join("testdata", "harness.c"), "-ldl")...)
			for _, mode := range test.modes {
				t.Run(mode, func(t *testing.T) {
					sim := edgetputest.New(t, edgetputest.PCIe(0), edgetputest.USB("2-1").Ready(), edgetputest.TimeScale(0))
					if mode == "threads" {
						comeAndGo(t, sim)
					}
					out, err := exec.CommandContext(t.Context(), harness, sim.Library(), mode).CombinedOutput()
					require.NoError(t, err, "%s", out)
					assert.Empty(t, string(out))
					assert.Zero(t, sim.Stats("2-1").Owner)
				})
			}
		})
	}
}

// comeAndGo unplugs a device and puts it back, until the test ends.
func comeAndGo(t *testing.T, sim *edgetputest.Sim) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for t.Context().Err() == nil {
			sim.Unplug("2-1")
			time.Sleep(time.Millisecond)
			sim.Plug("2-1")
			time.Sleep(5 * time.Millisecond)
		}
	}()
	t.Cleanup(func() { <-done })
}

// Google's library checks some arguments, and ends the process.
func TestCTraps(t *testing.T) {
	t.Setenv("EDGETPU_SIM_CFLAGS", "") // a sanitiser would have to be in the harness, too
	harness := dltest.Program(t, "harness", filepath.Join("testdata", "harness.c"), "-ldl")
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	for mode, words := range map[string]string{
		"options without a name": "Check failed: name (simulation)",
		"no options":             "Check failed: options (simulation)",
		"no count":               "Check failed: num_devices (simulation)",
	} {
		t.Run(mode, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), harness, sim.Library(), mode).CombinedOutput()
			require.ErrorContains(t, err, "abort")
			assert.Contains(t, string(out), words)
		})
	}
}

// A library that lies where no simulation is says so, and has no devices.
func TestLibraryAlone(t *testing.T) {
	t.Setenv("EDGETPU_SIM_CFLAGS", "")
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	alone := filepath.Join(t.TempDir(), "libedgetpu.so")
	require.NoError(t, os.WriteFile(alone, load(t, sim.Library()), 0o700))
	harness := dltest.Program(t, "harness", filepath.Join("testdata", "harness.c"), "-ldl")
	out, err := exec.CommandContext(t.Context(), harness, alone, "threads").CombinedOutput()
	require.NoError(t, err, "%s", out)

	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(alone), "control"), make([]byte, 1<<16), 0o600))
	out, err = exec.CommandContext(t.Context(), harness, alone, "threads").CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "another version")
}

func flags(s string) []string { return strings.Fields(s) }

// needsCompiler skips where the compiler has no such sanitiser, but not in CI.
func needsCompiler(t *testing.T, f string) {
	t.Helper()
	source := dltest.Source(t, "int main(void) { return 0; }")
	command := slices.Concat(dltest.Compiler(t), flags(f), []string{"-o", filepath.Join(t.TempDir(), "x"), source})
	out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("the compiler does not do %s: %s", f, out)
	}
	require.NoError(t, err, "%s", out)
}
