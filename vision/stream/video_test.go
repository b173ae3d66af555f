package stream_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision/stream"
)

// aFile is one that exists; the fake does not look into it.
func aFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a: b.mp4")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	return path
}

func TestVideo(t *testing.T) {
	goroutinesStay(t)
	notes, path := fakeFFmpeg(t, "three frames"), aFile(t)
	for _, source := range []stream.Source{stream.Video(path), stream.Open(path), stream.Latest(stream.Paced(stream.Video(path)))} {
		n := 0
		for f, err := range source(t.Context()) {
			require.NoError(t, err)
			assert.Equal(t, time.Duration(f.Index)*time.Second/10, f.Time, "ten frames a second")
			img := f.Image.(*image.YCbCr)
			assert.Equal(t, image.Rect(0, 0, 6, 4), img.Rect)
			assert.Equal(t, bytes.Repeat([]byte{byte(f.Index)}, 24), img.Y)
			n += 1 + f.Dropped
		}
		assert.Equal(t, 3, n)
	}
	args := strings.Split(noted(t, notes, "args"), "\n")
	assert.Contains(t, args, "file:"+path, "so that a name is never taken for something else")
	assert.Contains(t, args, "-nostdin")
}

func TestVideoArguments(t *testing.T) {
	notes := fakeFFmpeg(t, "three frames")
	_, errs := collect(t.Context(), stream.Open("rtsp://camera/1",
		stream.WithSize(320, 0), stream.WithRate(12.5), stream.WithInputArguments("-rtsp_transport", "tcp")))
	assert.Empty(t, errs)
	args := noted(t, notes, "args")
	assert.Contains(t, args, "-rtsp_transport\ntcp\n-i\nrtsp://camera/1\n")
	assert.Contains(t, args, "\nfps=12.5,scale=320:-2:")
	// What a server sends over HTTP and is no JPEG is for ffmpeg.
	address := server(t, "video/mp4", func(http.ResponseWriter, *http.Request) {})
	frames, errs := collect(t.Context(), stream.Open(address))
	assert.Empty(t, errs)
	assert.Len(t, frames, 3)
	assert.Contains(t, noted(t, notes, "args"), "-i\n"+address+"\n")
}

// isGone reports whether the fake that noted its process there has ended.
func isGone(t *testing.T, notes string) bool {
	t.Helper()
	pid, err := strconv.Atoi(noted(t, notes, "pid"))
	require.NoError(t, err)
	p, err := os.FindProcess(pid)
	if err != nil {
		return true
	}
	return errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

// The process ends with the loop, with the context, and when it is silent.
func TestVideoEnds(t *testing.T) {
	goroutinesStay(t)
	for _, kind := range []string{"endless", "silent"} {
		notes := fakeFFmpeg(t, kind)
		source := stream.Video("rtsp://camera/1")
		for f, err := range source(t.Context()) {
			require.NoError(t, err)
			require.NotNil(t, f.Image)
			break
		}
		assert.True(t, isGone(t, notes), "%s, after the loop", kind)

		for range stream.Latest(source)(t.Context()) {
			break
		}
		assert.True(t, isGone(t, notes), "%s, after the loop of Latest", kind)

		assert.Panics(t, func() {
			for range source(t.Context()) {
				panic("the program's own")
			}
		})
		assert.True(t, isGone(t, notes), "%s, after a panic", kind)

		ctx, cancel := context.WithCancel(t.Context())
		var errs []error
		for _, err := range source(ctx) {
			if cancel(); err != nil {
				errs = append(errs, err)
			}
		}
		cancel()
		require.Len(t, errs, 1)
		assert.ErrorIs(t, errs[0], context.Canceled)
		assert.True(t, isGone(t, notes), "%s, after the context", kind)
	}
	notes := fakeFFmpeg(t, "silent")
	frames, errs := collect(t.Context(), stream.Video("rtsp://camera/1", stream.WithTimeout(2*time.Second)))
	assert.LessOrEqual(t, len(frames), 1)
	require.Len(t, errs, 1)
	assert.ErrorIs(t, errs[0], stream.ErrSource)
	assert.Contains(t, errs[0].Error(), "WithTimeout")
	assert.True(t, isGone(t, notes), "after the timeout")
}

func TestVideoThatIsNot(t *testing.T) {
	for kind, c := range map[string]struct {
		want   error
		text   string
		frames int
	}{
		"refuses":                 {stream.ErrSource, "Invalid data found", 0},
		"breaks off":              {stream.ErrDamaged, "within a frame", 1},
		"breaks off and says why": {stream.ErrSource, "connection lost", 1},
		"nonsense":                {stream.ErrFormat, "YUV4MPEG2", 0},
		"nothing":                 {stream.ErrSource, "no frame", 0},
	} {
		t.Run(kind, func(t *testing.T) {
			goroutinesStay(t)
			notes := fakeFFmpeg(t, kind)
			frames, errs := collect(t.Context(), stream.Video("rtsp://me:secret@camera/1"))
			assert.Len(t, frames, c.frames)
			require.Len(t, errs, 1)
			assert.ErrorIs(t, errs[0], c.want)
			assert.Contains(t, errs[0].Error(), c.text)
			assert.NotContains(t, errs[0].Error(), "secret")
			assert.NotContains(t, errs[0].Error(), "\n")
			assert.True(t, isGone(t, notes))
			t.Log(errs[0])
		})
	}
}

func TestVideoWithoutFFmpeg(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, errs := collect(t.Context(), stream.Video(aFile(t)))
	require.Len(t, errs, 1)
	assert.ErrorIs(t, errs[0], stream.ErrFFmpeg)
	assert.ErrorIs(t, errs[0], exec.ErrNotFound)
	assert.Contains(t, errs[0].Error(), "apt-get install ffmpeg")
	t.Log(errs[0])
	_, err := stream.Create("a.mp4")
	assert.ErrorIs(t, err, stream.ErrFFmpeg)
	_, errs = collect(t.Context(), stream.Video("no such file.mp4"))
	require.Len(t, errs, 1)
	assert.ErrorIs(t, errs[0], os.ErrNotExist)
}

func TestY4M(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		want error
	}{
		"odd size":      {"YUV4MPEG2 W3 H3\nFRAME\n" + strings.Repeat("y", 9+4+4), nil},
		"with settings": {"YUV4MPEG2 W2 H2 F0:0 C420mpeg2\nFRAME Ixyz\nyyyyuv", nil},
		"no line":       {strings.Repeat("YUV4MPEG2", 50000), stream.ErrFormat},
		"long line":     {"YUV4MPEG2 " + strings.Repeat("X", 2000) + "\n", stream.ErrFormat},
		"other word":    {"RIFF\n", stream.ErrFormat},
		"longer word":   {"YUV4MPEG2W2 H2\n", stream.ErrFormat},
		"a space":       {" YUV4MPEG2 W2 H2\n", stream.ErrFormat},
		"no size":       {"YUV4MPEG2\n", stream.ErrFormat},
		"negative":      {"YUV4MPEG2 W-1 H2\n", stream.ErrFormat},
		"no number":     {"YUV4MPEG2 Wx H2\n", stream.ErrFormat},
		"ten bits":      {"YUV4MPEG2 W2 H2 C420p10\n", stream.ErrFormat},
		"huge":          {"YUV4MPEG2 W65535 H65535\nFRAME\n", stream.ErrTooLarge},
		"huge number":   {"YUV4MPEG2 W99999999999999999999 H2\nFRAME\n", stream.ErrFormat},
		"no frame":      {"YUV4MPEG2 W2 H2\nFRAM\n", stream.ErrFormat},
		"cut off":       {"YUV4MPEG2 W2 H2\nFRAME\nyyyyu", stream.ErrDamaged},
		"cut off early": {"YUV4MPEG2 W2 H2\nFRA", stream.ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			all, err := stream.Y4M(strings.NewReader(c.data))
			if c.want == nil {
				require.NoError(t, err)
				assert.Len(t, all, 1)
				return
			}
			require.ErrorIs(t, err, c.want)
			t.Log(err)
		})
	}
}

func FuzzY4M(f *testing.F) {
	f.Add([]byte("YUV4MPEG2 W3 H3 F30000:1001 C420jpeg\nFRAME\nyyyyyyyyyuuuuvvvv"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := stream.Y4M(bytes.NewReader(data)); err == nil && !bytes.HasPrefix(data, []byte("YUV4MPEG2")) {
			t.Fatal("no stream")
		}
	})
}

func TestWriter(t *testing.T) {
	goroutinesStay(t)
	notes := fakeFFmpeg(t, "writes")
	path := filepath.Join(t.TempDir(), "out.mp4")
	w, err := stream.Create(path, stream.WithRate(12), stream.WithOutputArguments("-preset", "ultrafast"))
	require.NoError(t, err)
	red := plain(4, 2, color.RGBA{R: 255, A: 255})
	require.NoError(t, w.Write(red))
	require.NoError(t, w.Write(plain(8, 8, color.RGBA{G: 255, A: 255}).SubImage(image.Rect(3, 3, 7, 5))))
	require.NoError(t, w.Write(image.NewGray(image.Rect(0, 0, 4, 2))))
	err = w.Write(plain(4, 3, color.RGBA{}))
	require.ErrorIs(t, err, stream.ErrSize)
	t.Log(err)
	require.ErrorIs(t, w.Write(nil), stream.ErrSize)
	require.ErrorIs(t, w.Write(&image.RGBA{Rect: image.Rect(0, 0, 4, 2)}), stream.ErrDamaged)
	require.NoError(t, w.Close())
	require.ErrorIs(t, w.Close(), stream.ErrClosed)
	require.ErrorIs(t, w.Write(red), stream.ErrClosed)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("\xff\x00\x00\xff", 8)+strings.Repeat("\x00\xff\x00\xff", 8)+strings.Repeat("\x00\x00\x00\xff", 8), string(data))
	args := noted(t, notes, "args")
	assert.Contains(t, args, "\n4x2\n")
	assert.Contains(t, args, "\n-framerate\n12\n")
	assert.Contains(t, args, "\n-preset\nultrafast\nfile:")
	assert.True(t, isGone(t, notes))
}

func TestWriterFails(t *testing.T) {
	goroutinesStay(t)
	fakeFFmpeg(t, "cannot write")
	for _, end := range []string{"out", "out.png", "mp4"} {
		_, err := stream.Create(end)
		assert.ErrorIs(t, err, stream.ErrFormat)
	}
	w, err := stream.Create(filepath.Join(t.TempDir(), "out.mp4"))
	require.NoError(t, err)
	for range 1000 { // until the pipe is full, at the latest
		if err = w.Write(plain(100, 100, color.RGBA{})); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, stream.ErrWrite)
	assert.Contains(t, err.Error(), "No space left")
	t.Log(err)
	assert.ErrorIs(t, w.Write(plain(100, 100, color.RGBA{})), stream.ErrWrite, "and so it stays")
	assert.NoError(t, w.Close(), "it was said already")

	// If the program fails at the end, Close says so.
	w, err = stream.Create(filepath.Join(t.TempDir(), "out.mp4"))
	require.NoError(t, err)
	_ = w.Write(plain(5, 5, color.RGBA{}))
	assert.ErrorIs(t, w.Close(), stream.ErrWrite)

	// Without a frame there is no file.
	w, err = stream.Create(filepath.Join(t.TempDir(), "out.mp4"))
	require.NoError(t, err)
	assert.NoError(t, w.Close())
}
