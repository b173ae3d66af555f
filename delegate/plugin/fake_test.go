//go:build cgo

package plugin_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/delegate/plugin"
	"github.com/gocoral/coral/internal/dl/dltest"
	"github.com/gocoral/coral/tflite"
)

// childEnv names the plugin that a child process is to use; see TestOldPluginNeedsAdapter.
const childEnv = "CORAL_TEST_PLUGIN"

// TestMain makes sure that a run for one runtime is not silently one for another,
// and is the program that tests start to see it crash.
func TestMain(m *testing.M) {
	if want := os.Getenv("CORAL_EXPECT_TFLITE"); want != "" && want != tflite.Version() {
		fmt.Fprintf(os.Stderr, "this is TensorFlow Lite %s, CORAL_EXPECT_TFLITE=%s: run make test-runtimes\n", tflite.Version(), want)
		os.Exit(1)
	}
	if path := os.Getenv(childEnv); path != "" {
		if err := child(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fake compiles testdata/fakeplugin.
func fake(t testing.TB, flags ...string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake plugin is built for POSIX systems only")
	}
	return dltest.Shared(t, "libfakeplugin.so", append(flags, "testdata/fakeplugin/fakeplugin.c")...)
}

func open(t testing.TB, path string, opts ...plugin.Option) *plugin.Delegate {
	t.Helper()
	d, err := plugin.Open(path, opts...)
	require.NoError(t, err)
	require.NotNil(t, d.Ptr())
	t.Cleanup(d.Delete)
	return d
}

// live asks the plugin how many of its objects there are.
func live(t testing.TB, path string) string {
	t.Helper()
	d, err := plugin.Open(path, plugin.WithOption("mode", "live"))
	require.ErrorIs(t, err, plugin.ErrDelegateDeclined)
	require.Nil(t, d)
	var delegates, kernels, handles int
	_, err = fmt.Sscanf(lastPart(err), "live: %d delegates, %d kernels, %d handles", &delegates, &kernels, &handles)
	require.NoError(t, err)
	return fmt.Sprint(delegates, kernels, handles)
}

// lastPart is what the plugin reported, the end of the error's text.
func lastPart(err error) string {
	_, report, _ := strings.Cut(err.Error(), "delegate declined: ")
	return report
}

// eventuallyGone collects garbage until nothing of the plugin is alive.
func eventuallyGone(t testing.TB, path string) {
	t.Helper()
	assert.Eventually(t, func() bool {
		runtime.GC()
		return live(t, path) == "0 0 0"
	}, 10*time.Second, 10*time.Millisecond)
}
