package tflite_test

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
)

// residentMB reads the process's resident memory.
func residentMB(t *testing.T) float64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skipf("no /proc here: %v", err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(b))[1])
	require.NoError(t, err)
	return float64(pages*os.Getpagesize()) / (1 << 20)
}

// Interpreters and models that are dropped without Close are freed by the garbage
// collector: 300 of them, each with an arena of about a megabyte that was written
// to, leave nothing.
func TestDroppedInterpretersLeaveNoMemory(t *testing.T) {
	drop := func() {
		m, err := tflite.LoadModel("testdata/huge_resize.tflite")
		require.NoError(t, err)
		i, err := tflite.NewInterpreter(m, tflite.WithXNNPACK(tflite.XNNPACKOff))
		require.NoError(t, err)
		const n = 128 << 10
		require.NoError(t, i.Resize(0, n))
		in := input(t, i, 0)
		require.NoError(t, tflite.Use(in, func(s []float32) error {
			for k := range s {
				s[k] = float32(k)
			}
			return nil
		}))
		require.NoError(t, i.Invoke(context.Background()))
		got := read[float32](t, output(t, i, 0))
		require.Equal(t, float32(1-n), got[n-1])
		require.NoError(t, tflite.Set(in, got))
	}
	// The C library's allocator may keep what is freed, and take it for the next ones. So one
	// of some rounds must cost nothing; a leak costs 300 MB in each of them.
	var grown float64
	for range 6 {
		before := residentMB(t)
		for range 300 {
			drop()
		}
		for range 100 {
			runtime.GC() // cleanups take their turn when they like
			if grown = residentMB(t) - before; grown < 100 {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	require.Fail(t, "memory is leaked", "300 arenas of 1 MB more took %.0f MB", grown)
}

// An interpreter whose memory was exposed is not freed behind the view's back.
func TestExposedMemoryIsKept(t *testing.T) {
	messages := make(logger, 1)
	view := func() []float32 {
		i, err := tflite.NewInterpreter(load(t, "add"), tflite.WithLogger(slog.New(messages)))
		require.NoError(t, err)
		s, err := tflite.Data[float32](input(t, i, 0))
		require.NoError(t, err)
		return s
	}()
	for k := range view {
		view[k] = float32(k)
	}
	for len(messages) == 0 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	assert.Contains(t, <-messages, "dropped without Close")
	assert.Equal(t, []float32{0, 1, 2, 3, 4, 5, 6, 7}, view)
}

// logger hands log messages over between goroutines.
type logger chan string

func (l logger) Enabled(context.Context, slog.Level) bool { return true }
func (l logger) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l logger) WithGroup(string) slog.Handler            { return l }
func (l logger) Handle(_ context.Context, r slog.Record) error {
	l <- r.Message
	return nil
}

func TestHotPathAllocatesNothing(t *testing.T) {
	i := interpreter(t, "tiny_int8")
	in, out := input(t, i, 0), output(t, i, 0)
	image, floats := make([]int8, 192), make([]float32, 192)
	scores, probabilities := make([]int8, 4), make([]float32, 4)
	ctx := context.Background()
	var err error
	must := func(e error) {
		if e != nil {
			err = e
		}
	}
	allocations := testing.AllocsPerRun(100, func() {
		must(tflite.Set(in, image))
		must(i.Invoke(ctx))
		must(tflite.Read(out, scores))
		must(in.SetFloat32(floats))
		must(out.ReadFloat32(probabilities))
		must(tflite.Use(out, func(s []int8) error { scores[0] = s[0]; return nil }))
	})
	require.NoError(t, err)
	assert.Zero(t, allocations)
}
