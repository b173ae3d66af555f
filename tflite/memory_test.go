//go:build linux

package tflite_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gocoral/coral/tflite"
)

const memoryChild = "CORAL_TEST_MEMORY_CHILD"

// Where memory ends shows in several places, by runtime and by luck; each says so.
func TestOutOfMemoryIsItsOwnError(t *testing.T) {
	if minor(t) < 17 {
		t.Skipf("TensorFlow Lite %s ends the process", tflite.Version())
	}
	if os.Getenv(memoryChild) == "" {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		child.Env = append(os.Environ(), memoryChild+"=1")
		out, err := child.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "PASS")
		return
	}
	small, err := os.ReadFile("testdata/add.tflite")
	require.NoError(t, err)
	for _, mode := range []tflite.XNNPACKMode{tflite.XNNPACKAuto, tflite.XNNPACKOff} {
		i := interpreter(t, "huge_resize", tflite.WithXNNPACK(mode))
		b := make([]byte, 64<<20) // a model, and zeros behind it
		copy(b, small)
		lift := limitMemory(t, 48<<20)
		require.NoError(t, i.Resize(0, 60<<20))
		err := i.AllocateTensors()
		_, loadErr := tflite.NewModel(b)
		lift()
		require.ErrorIs(t, err, tflite.ErrMemory)
		require.NotErrorIs(t, err, tflite.ErrSize)
		require.ErrorIs(t, loadErr, tflite.ErrMemory)
		assert.ErrorContains(t, loadErr, "67108864")
		require.NoError(t, i.Resize(0, 4))
		invoke(t, i)
	}
}

// limitMemory leaves the process room for so many bytes more.
func limitMemory(t *testing.T, room uint64) (lift func()) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	var old unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_AS, &old))
	pages, err := strconv.ParseUint(strings.Fields(string(b))[0], 10, 64)
	require.NoError(t, err)
	limit := unix.Rlimit{Cur: pages*uint64(os.Getpagesize()) + room, Max: old.Max}
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_AS, &limit))
	return func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_AS, &old)) }
}
