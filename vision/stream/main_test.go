package stream_test

import (
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test's own program stand in for ffmpeg, see [fakeFFmpeg].
func TestMain(m *testing.M) {
	if kind := os.Getenv("FAKE_FFMPEG"); kind != "" {
		os.Exit(fake(kind))
	}
	os.Exit(m.Run())
}

// fakeFFmpeg has the program ffmpeg be one that behaves as kind says. It returns the folder
// where that notes its process and its arguments.
func fakeFFmpeg(t *testing.T, kind string) string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	name := "ffmpeg"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	require.NoError(t, os.Symlink(self, filepath.Join(dir, name)))
	t.Setenv("PATH", dir)
	t.Setenv("FAKE_FFMPEG", kind)
	t.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector holds up each exit by a second
	t.Setenv("FAKE_FFMPEG_NOTES", dir)
	return dir
}

// noted is what the fake noted under a name.
func noted(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(data)
}

func fake(kind string) int {
	dir := os.Getenv("FAKE_FFMPEG_NOTES")
	note := func(name, text string) { os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600) }
	note("args", strings.Join(os.Args[1:], "\n"))
	note("pid", strconv.Itoa(os.Getpid()))
	const header = "YUV4MPEG2 W6 H4 F10:1 Ip A1:1 C420jpeg XYSCSS=420JPEG\n"
	frame := func(n int) {
		planes := slices.Concat(slices.Repeat([]byte{byte(n)}, 24), slices.Repeat([]byte{128}, 12))
		if _, err := fmt.Printf("FRAME\n%s", planes); err != nil {
			os.Exit(9)
		}
	}
	switch kind {
	case "three frames":
		fmt.Print(header)
		for n := range 3 {
			frame(n)
		}
	case "endless":
		fmt.Print(header)
		for n := 0; ; n++ {
			frame(n)
		}
	case "silent":
		fmt.Print(header)
		frame(0)
		time.Sleep(time.Hour)
	case "refuses":
		fmt.Fprintf(os.Stderr, "[in#0] Error opening input\n%s: Invalid data found\n", os.Args[slices.Index(os.Args, "-i")+1])
		return 183
	case "breaks off":
		fmt.Print(header)
		frame(0)
		fmt.Print("FRAME\n123")
	case "breaks off and says why":
		fmt.Print(header)
		frame(0)
		fmt.Print("FRAME\n123")
		fmt.Fprintln(os.Stderr, "connection lost")
		return 1
	case "nonsense":
		fmt.Print(strings.Repeat("nonsense ", 100_000))
	case "nothing":
	case "writes":
		data, _ := io.ReadAll(os.Stdin)
		path := strings.TrimPrefix(os.Args[len(os.Args)-1], "file:")
		os.WriteFile(path, data, 0o600)
	case "cannot write":
		io.ReadFull(os.Stdin, make([]byte, 100))
		fmt.Fprintln(os.Stderr, "No space left on device")
		return 1
	}
	return 0
}

// plain is a picture of one colour.
func plain(w, h int, c color.RGBA) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for k := range img.Pix {
		img.Pix[k] = []uint8{c.R, c.G, c.B, c.A}[k%4]
	}
	return img
}

// goroutinesStay fails the test if it leaves goroutines that were not there before.
func goroutinesStay(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				all := make([]byte, 1<<20)
				t.Fatalf("goroutines are left, of %d:\n%s", before, all[:runtime.Stack(all, true)])
			}
		}
	})
}
