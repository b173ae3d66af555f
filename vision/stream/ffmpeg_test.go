package stream_test

import (
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision/stream"
)

// needFFmpeg skips the test on a machine without ffmpeg.
func needFFmpeg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err, "CI installs ffmpeg")
		}
		t.Skip("needs ffmpeg (Debian package ffmpeg): ", err)
	}
}

var colours = []color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}, {0, 0, 0, 255}, {200, 100, 50, 255}}

// sameColour allows for what video does to colours.
func sameColour(t *testing.T, want color.RGBA, img image.Image, x, y int) {
	t.Helper()
	got := color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)
	for k, pair := range [][2]uint8{{want.R, got.R}, {want.G, got.G}, {want.B, got.B}} {
		assert.InDelta(t, pair[0], pair[1], 6, "channel %d: %v, not %v", k, got, want)
	}
}

// What is written is what is read again: the number of frames, their colours, and their
// size, which becomes even.
func TestWriteAndRead(t *testing.T) {
	needFFmpeg(t)
	goroutinesStay(t)
	for _, end := range []string{".mp4", ".mov", ".mkv", ".avi", ".webm"} {
		t.Run(end, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "-a 100%: b"+end)
			w, err := stream.Create(path, stream.WithRate(20))
			require.NoError(t, err)
			for _, c := range colours {
				require.NoError(t, w.Write(plain(65, 33, c)))
			}
			require.NoError(t, w.Close())

			frames, errs := collect(t.Context(), stream.Video(path))
			require.Empty(t, errs)
			require.Len(t, frames, len(colours))
			for k, f := range frames {
				assert.Equal(t, image.Rect(0, 0, 66, 34), f.Image.Bounds())
				assert.InDelta(t, float64(k)/20, f.Time.Seconds(), .0005)
				sameColour(t, colours[k], f.Image, 32, 16)
			}
		})
	}
}

// ffmpeg scales, and leaves frames out.
func TestVideoSizeAndRate(t *testing.T) {
	needFFmpeg(t)
	path := filepath.Join(t.TempDir(), "a.mkv")
	w, err := stream.Create(path, stream.WithRate(30))
	require.NoError(t, err)
	for range 30 {
		require.NoError(t, w.Write(plain(320, 160, colours[0])))
	}
	require.NoError(t, w.Close())
	for _, c := range []struct {
		width, height int
		want          image.Point
	}{{0, 0, image.Pt(320, 160)}, {160, 0, image.Pt(160, 80)}, {0, 40, image.Pt(80, 40)}, {31, 33, image.Pt(31, 33)}} {
		frames, errs := collect(t.Context(), stream.Video(path, stream.WithSize(c.width, c.height), stream.WithRate(5)))
		require.Empty(t, errs)
		require.Len(t, frames, 5)
		assert.Equal(t, c.want, frames[4].Image.Bounds().Size())
		assert.InDelta(t, .8, frames[4].Time.Seconds(), .0005)
		sameColour(t, colours[0], frames[4].Image, 15, 15)
	}
}

// Videos of high definition have another matrix; the colours are the same.
func TestVideoMatrix(t *testing.T) {
	needFFmpeg(t)
	for _, matrix := range []string{"bt709", "smpte170m"} {
		for _, colour := range []string{"tv", "pc"} {
			path := filepath.Join(t.TempDir(), "a.mkv")
			out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=c=red:s=64x64:r=10:d=0.3",
				"-vf", "scale=out_color_matrix="+matrix+":out_range="+colour, "-pix_fmt", "yuv420p",
				"-colorspace", matrix, "-color_range", colour, "-codec:v", "ffv1", path).CombinedOutput()
			require.NoError(t, err, "%s", out)
			frames, errs := collect(t.Context(), stream.Video(path))
			require.Empty(t, errs)
			require.Len(t, frames, 3)
			sameColour(t, colours[0], frames[1].Image, 32, 32)
		}
	}
}

// What ffmpeg says of a file that is no video is in the error.
func TestVideoThatFFmpegRefuses(t *testing.T) {
	needFFmpeg(t)
	path := filepath.Join(t.TempDir(), "a.mp4")
	require.NoError(t, os.WriteFile(path, []byte("no video at all"), 0o600))
	_, errs := collect(t.Context(), stream.Video(path))
	require.Len(t, errs, 1)
	assert.ErrorIs(t, errs[0], stream.ErrSource)
	assert.Contains(t, errs[0].Error(), "Invalid data")
	t.Log(errs[0])

	w, err := stream.Create(filepath.Join(t.TempDir(), "no folder", "a.mp4"))
	require.NoError(t, err)
	require.NoError(t, w.Write(plain(64, 64, colours[0])), "the pipe takes it")
	err = w.Close()
	require.ErrorIs(t, err, stream.ErrWrite)
	assert.Contains(t, err.Error(), "No such file")
	t.Log(err)
}
