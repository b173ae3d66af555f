//go:build cgo

package plugin_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/delegate/plugin"
	"github.com/gocoral/coral/internal/dl/dltest"
)

func TestOpen(t *testing.T) {
	path := fake(t)
	d := open(t, path)
	assert.Equal(t, "libfakeplugin.so", d.Name())
	assert.Equal(t, path, d.Path())
	assert.Equal(t, "1 0 0", live(t, path))
	require.NoError(t, d.Close())
	assert.Equal(t, "0 0 0", live(t, path))
}

// What the plugin says is in the error, with all options in their order.
func TestDeclined(t *testing.T) {
	path := fake(t)
	d, err := plugin.Open(path,
		plugin.WithOption("any_b", "2"), plugin.WithOption("mode", "fail_create"),
		plugin.WithOption("any_a", ""), plugin.WithOption("any_b", "zwölf 🐚"))
	assert.Nil(t, d)
	require.ErrorIs(t, err, plugin.ErrDelegateDeclined)
	assert.Equal(t, "fakeplugin: declines as asked; options: any_b=2 mode=fail_create any_a= any_b=zwölf 🐚", lastPart(err))
	assert.ErrorContains(t, err, path)

	_, err = plugin.Open(path, plugin.WithOption("colour", "blue"))
	require.ErrorIs(t, err, plugin.ErrDelegateDeclined)
	assert.ErrorContains(t, err, "no such option: colour")

	_, err = plugin.Open(path, plugin.WithOption("mode", "fail_silently"))
	require.ErrorIs(t, err, plugin.ErrDelegateDeclined)
	assert.ErrorContains(t, err, "gave no reason")

	assert.Equal(t, "0 0 0", live(t, path))
}

func TestReportIsCutNotOverrun(t *testing.T) {
	path := fake(t)
	long := strings.Repeat("é", 5000)
	_, err := plugin.Open(path, plugin.WithOption("warn", "first"), plugin.WithOption("warn", long), plugin.WithOption("mode", "fail_silently"))
	require.ErrorIs(t, err, plugin.ErrDelegateDeclined)
	text := lastPart(err)
	assert.True(t, strings.HasPrefix(text, "first; éé"), text[:20])
	assert.Less(t, len(text), 2100)
	assert.Greater(t, len(text), 1000)
	assert.True(t, utf8.ValidString(text), "cut between characters")
}

func TestWarningsAreLogged(t *testing.T) {
	path := fake(t)
	var log bytes.Buffer
	d := open(t, path, plugin.WithOption("warn", "it is warm"), plugin.WithOption("late", "1"),
		plugin.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	assert.Contains(t, log.String(), "level=WARN")
	assert.Contains(t, log.String(), "it is warm")

	log.Reset()
	d.Delete() // reports once more, when nobody listens
	assert.Empty(t, log.String())

	open(t, path, plugin.WithOption("warn", "nobody listens"))
}

func TestOpenRefuses(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "libmissing.so")
	_, err := plugin.Open(missing)
	require.ErrorIs(t, err, plugin.ErrLibraryNotFound)
	assert.ErrorContains(t, err, missing)

	for _, path := range []string{"", "a\x00b", "libcoral-no-such-plugin.so"} {
		_, err = plugin.Open(path)
		require.ErrorIs(t, err, plugin.ErrLibraryNotFound, "%q", path)
		require.NotErrorIs(t, err, plugin.ErrDelegateDeclined)
	}

	path := fake(t)
	for _, o := range []plugin.Option{plugin.WithOption("", "x"), plugin.WithOption("a\x00", "x"), plugin.WithOption("a", "x\x00")} {
		_, err = plugin.Open(path, o)
		require.ErrorIs(t, err, plugin.ErrDelegateDeclined)
		assert.ErrorContains(t, err, "NUL byte")
	}
}

// A library that is something else, or only half of a plugin.
func TestOpenNoPlugin(t *testing.T) {
	other := dltest.Shared(t, "libother.so", dltest.Source(t, "int ask(void) { return 42; }"))
	_, err := plugin.Open(other)
	require.ErrorIs(t, err, plugin.ErrDelegateDeclined)
	require.NotErrorIs(t, err, plugin.ErrLibraryNotFound)
	assert.ErrorContains(t, err, other+" is no TensorFlow Lite delegate plugin")
	assert.ErrorContains(t, err, "tflite_plugin_create_delegate")

	_, err = plugin.Open(fake(t, "-DNO_DESTROY"))
	require.ErrorIs(t, err, plugin.ErrDelegateDeclined)
	assert.ErrorContains(t, err, "tflite_plugin_destroy_delegate")
}

func TestDeleteTwiceAndNil(t *testing.T) {
	path := fake(t)
	for _, opts := range [][]plugin.Option{nil, {plugin.WithOldABI()}} {
		d, err := plugin.Open(path, opts...)
		require.NoError(t, err)
		d.Delete()
		assert.Nil(t, d.Ptr())
		d.Delete()
		require.NoError(t, d.Close())
		require.ErrorIs(t, d.Borrow(), plugin.ErrClosed)
	}
	assert.Equal(t, "0 0 0", live(t, path))

	var none *plugin.Delegate
	none.Delete()
	assert.NoError(t, none.Close())
	assert.Nil(t, none.Ptr())
	assert.Empty(t, none.Name())
	assert.Empty(t, none.Path())
}

func TestDeleteWaitsForBorrowers(t *testing.T) {
	path := fake(t)
	d := open(t, path, plugin.WithOldABI())
	require.NoError(t, d.Borrow())
	require.NoError(t, d.Borrow())
	d.Delete()
	d.Return()
	assert.NotNil(t, d.Ptr(), "one interpreter still has it")
	assert.Equal(t, "1 0 0", live(t, path))
	require.ErrorIs(t, d.Borrow(), plugin.ErrClosed)
	assert.False(t, plugin.AdapterFreed(d))
	d.Return()
	assert.Nil(t, d.Ptr())
	assert.True(t, plugin.AdapterFreed(d))
	assert.Equal(t, "0 0 0", live(t, path))
}

func TestDroppedDelegateIsDestroyed(t *testing.T) {
	path := fake(t)
	for _, opts := range [][]plugin.Option{nil, {plugin.WithOldABI()}} {
		_, err := plugin.Open(path, opts...)
		require.NoError(t, err)
		eventuallyGone(t, path)
	}
}

func TestConcurrentUse(t *testing.T) {
	path := fake(t)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for k := range 50 {
				d, err := plugin.Open(path, plugin.WithOldABI())
				if !assert.NoError(t, err) {
					return
				}
				var users sync.WaitGroup
				for range 3 {
					users.Go(func() {
						if d.Borrow() == nil {
							assert.NotNil(t, d.Ptr())
							d.Return()
						}
					})
				}
				users.Go(d.Delete)
				// Each goroutine gets the report of its own plugin call.
				mine := strconv.Itoa(i*1000 + k)
				_, err = plugin.Open(path, plugin.WithOption("any", mine), plugin.WithOption("mode", "fail_create"))
				assert.Equal(t, "fakeplugin: declines as asked; options: any="+mine+" mode=fail_create", lastPart(err))
				users.Wait()
			}
		})
	}
	group.Wait()
	assert.Equal(t, "0 0 0", live(t, path))
}

// Neither the delegates nor the copies of the options stay behind.
func TestNoLeak(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	path := fake(t)
	value := strings.Repeat("x", 200_000)
	round := func() {
		d, err := plugin.Open(path, plugin.WithOption("any_key", value), plugin.WithOldABI())
		require.NoError(t, err)
		d.Delete()
	}
	for range 20 {
		round()
	}
	before := residentBytes(t)
	for range 300 {
		round()
	}
	assert.Less(t, residentBytes(t)-before, 30_000_000, "the options of 300 rounds are 60 MB")
	assert.Equal(t, "0 0 0", live(t, path))
}

// residentBytes is the memory of this process, less the garbage in Go's heap.
func residentBytes(t *testing.T) int {
	t.Helper()
	debug.FreeOSMemory()
	statm, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	require.NoError(t, err)
	return pages * os.Getpagesize()
}
