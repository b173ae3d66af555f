package stream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision/stream"
)

// jpegOf is a JPEG of so many pixels each way, with noise, so that its data has all bytes.
func jpegOf(t testing.TB, side int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	seed := uint32(side)
	for k := range img.Pix {
		seed = seed*1664525 + 1013904223
		img.Pix[k] = uint8(seed >> 24)
	}
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}))
	return b.Bytes()
}

func sidesOf(frames []stream.Frame) []int {
	var all []int
	for _, f := range frames {
		all = append(all, f.Image.Bounds().Dx())
	}
	return all
}

// What stands between pictures may be nothing, the headers of multipart messages with any
// boundary, or anything else.
func TestJPEGs(t *testing.T) {
	one, two, three := jpegOf(t, 8), jpegOf(t, 100), jpegOf(t, 300)
	for name, data := range map[string][]byte{
		"nothing between": slices.Concat(one, two, three),
		"multipart":       part("--a", one, "--a", two, "--a", three, "--a--"),
		"padding":         slices.Concat(make([]byte, 100), one, []byte{0xFF, 0xFF, 0, 0xD8}, two, []byte("\r\n\xff"), three, make([]byte, 5000)),
		"thumbnail":       slices.Concat(withThumbnail(one, two), two, three),
		"fill bytes":      slices.Concat(one[:2], []byte{0xFF, 0xFF}, one[2:], two, three),
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data)), iotest.DataErrReader(bytes.NewReader(data))} {
				frames, errs := collect(t.Context(), stream.JPEGs(r))
				assert.Empty(t, errs)
				assert.Equal(t, []int{8, 100, 300}, sidesOf(frames))
			}
		})
	}
}

// part is a multipart message of boundaries and pictures.
func part(all ...any) []byte {
	var b bytes.Buffer
	for _, one := range all {
		if data, ok := one.([]byte); ok {
			fmt.Fprintf(&b, "Content-Type: image/jpeg\r\nContent-Length: 17\r\n\r\n%s\r\n", data) // lengths may be wrong
		} else {
			fmt.Fprintf(&b, "%s\r\n", one)
		}
	}
	return b.Bytes()
}

// withThumbnail puts a second picture into an APP1 segment of the first.
func withThumbnail(img, thumbnail []byte) []byte {
	n := len(thumbnail) + 2
	return slices.Concat(img[:2], []byte{0xFF, 0xE1, byte(n >> 8), byte(n)}, thumbnail, img[2:])
}

// A picture is there when its last byte is, not when the next one begins.
func TestJPEGsWithoutDelay(t *testing.T) {
	in, out := io.Pipe()
	defer in.Close()
	got := make(chan int)
	go func() {
		for f, err := range stream.JPEGs(in)(context.Background()) {
			if err == nil {
				got <- f.Image.Bounds().Dx()
			}
		}
	}()
	for _, side := range []int{8, 16} {
		out.Write(jpegOf(t, side))
		assert.Equal(t, side, <-got)
	}
	out.Close()
}

// One that is damaged gives an error, and the next one follows.
func TestDamagedJPEGs(t *testing.T) {
	good, other := jpegOf(t, 100), jpegOf(t, 8)
	for name, c := range map[string]struct {
		data []byte
		want []int
	}{
		"cut off, then another":  {slices.Concat(good[:len(good)/2], []byte("\r\n--b\r\n\r\n"), other), []int{8}},
		"cut off at the end":     {slices.Concat(other, good[:len(good)/2]), []int{8}},
		"cut off in a header":    {slices.Concat(other, good[:30]), []int{8}},
		"no marker":              {slices.Concat([]byte{0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 3}, other), []int{8}},
		"segment of no length":   {slices.Concat([]byte{0xFF, 0xD8, 0xFF, 0xE0, 0, 1}, other), []int{8}},
		"no pixels":              {slices.Concat([]byte{0xFF, 0xD8, 0xFF, 0xD9}, other), []int{8}},
		"zero where a marker is": {slices.Concat([]byte{0xFF, 0xD8, 0xFF, 0x00}, other), []int{8}},
	} {
		t.Run(name, func(t *testing.T) {
			frames, errs := collect(t.Context(), stream.JPEGs(bytes.NewReader(c.data)))
			assert.Equal(t, c.want, sidesOf(frames))
			require.Len(t, errs, 1)
			assert.ErrorIs(t, errs[0], stream.ErrDamaged)
			t.Log(errs[0])
		})
	}
}

// endless repeats its bytes for ever, and counts them.
type endless struct {
	bytes string
	n     int
}

func (e *endless) Read(b []byte) (int, error) {
	for k := range b {
		b[k] = e.bytes[(e.n+k)%len(e.bytes)]
	}
	e.n += len(b)
	return len(b), nil
}

// What never ends is given up, with no more read than the limits allow.
func TestEndlessJPEGs(t *testing.T) {
	picture := string(jpegOf(t, 8))
	start, _, _ := strings.Cut(picture, "\xff\xda")
	for name, c := range map[string]struct {
		head  string
		fill  string
		want  error
		limit int
	}{
		"no picture":   {"", "\xff\xd8\x00", stream.ErrFormat, 200_000},
		"after one":    {picture, "--", stream.ErrFormat, 200_000},
		"scan":         {start + "\xff\xda\x00\x02", "x", stream.ErrTooLarge, 1 << 20},
		"scan of FF00": {start + "\xff\xda\x00\x02", "\xff\x00", stream.ErrTooLarge, 1 << 20},
		"segments":     {"\xff\xd8", "\xff\xe1\x00\x04ab", stream.ErrTooLarge, 1 << 20},
		"fill bytes":   {"\xff\xd8", "\xff", stream.ErrTooLarge, 1 << 20},
		"restarts":     {"\xff\xd8", "\xff\xd0", stream.ErrTooLarge, 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			tail := &endless{bytes: c.fill}
			_, errs := collect(t.Context(), stream.JPEGs(io.MultiReader(strings.NewReader(c.head), tail), stream.WithMaxFrame(500_000)))
			require.Len(t, errs, 1)
			assert.ErrorIs(t, errs[0], c.want)
			assert.Less(t, tail.n, c.limit)
			t.Log(errs[0])
		})
	}
}

// A reader that fails says why itself.
func TestJPEGsOfAFailingReader(t *testing.T) {
	_, errs := collect(t.Context(), stream.JPEGs(io.MultiReader(bytes.NewReader(jpegOf(t, 8)[:50]), iotest.ErrReader(errBad))))
	require.Len(t, errs, 1)
	assert.ErrorIs(t, errs[0], errBad)
}

// The context ends a read that waits.
func TestJPEGsEndWithTheContext(t *testing.T) {
	goroutinesStay(t)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer w.Close()
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err = w.Write(jpegOf(t, 8))
	require.NoError(t, err)
	var errs []error
	for _, err := range stream.Latest(stream.JPEGs(r))(ctx) {
		if cancel(); err != nil {
			errs = append(errs, err)
		}
	}
	require.Len(t, errs, 1)
	assert.ErrorIs(t, errs[0], context.Canceled)
}

// FuzzJPEGs: whatever comes, it is read to its end or to a limit, and nothing panics.
func FuzzJPEGs(f *testing.F) {
	picture := jpegOf(f, 8)
	f.Add(picture)
	f.Add(slices.Concat(picture[:100], picture))
	f.Add([]byte("\xff\xd8\xff\xda\x00\x02\xff\x00\xff\xd0\xff\xff\xd9"))
	f.Fuzz(func(t *testing.T, data []byte) {
		pictures, bad, err := stream.Scan(bytes.NewReader(data), 1<<16)
		if pictures+bad > len(data)/2 {
			t.Fatalf("%d pictures and %d errors of %d bytes", pictures, bad, len(data))
		}
		if err != nil && !errors.Is(err, stream.ErrFormat) && !errors.Is(err, stream.ErrTooLarge) {
			t.Fatal(err)
		}
	})
}

// server answers with a content type and some bytes.
func server(t *testing.T, kind string, send func(w http.ResponseWriter, r *http.Request)) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		send(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestMJPEG(t *testing.T) {
	one, two := jpegOf(t, 8), jpegOf(t, 16)
	for kind, data := range map[string][]byte{
		"multipart/x-mixed-replace; boundary=frame":       part("--frame", one, "--frame", two),
		"multipart/x-mixed-replace;boundary=--frame":      part("--frame", one, "--frame", two),
		"multipart/x-mixed-replace; boundary=\"another\"": part("--frame", one, "--frame", two),
		"Multipart/X-Mixed-Replace; boundary=a/b?c":       part("--a/b?c", one, "--a/b?c", two),
		"multipart/x-mixed-replace":                       slices.Concat(one, two),
		"image/jpeg":                                      slices.Concat(one, two),
	} {
		address := server(t, kind, func(w http.ResponseWriter, _ *http.Request) { w.Write(data) })
		for _, source := range []stream.Source{stream.MJPEG(address), stream.Open(address)} {
			frames, errs := collect(t.Context(), source)
			assert.Empty(t, errs, kind)
			assert.Equal(t, []int{8, 16}, sidesOf(frames), kind)
		}
	}
}

func TestMJPEGPassword(t *testing.T) {
	address := server(t, "image/jpeg", func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Write(jpegOf(t, 8))
	})
	withName := func(name string) string { return strings.Replace(address, "://", "://"+name+"@", 1) }
	frames, errs := collect(t.Context(), stream.MJPEG(withName("me:secret")))
	assert.Len(t, frames, 1)
	assert.Empty(t, errs)
	_, errs = collect(t.Context(), stream.MJPEG(withName("me:s3cret")))
	require.Len(t, errs, 1)
	assert.ErrorIs(t, errs[0], stream.ErrSource)
	assert.Contains(t, errs[0].Error(), "401")
	assert.NotContains(t, errs[0].Error(), "s3cret")
	t.Log(errs[0])
}

func TestMJPEGThatIsNot(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody.Close()
	for name, c := range map[string]struct {
		address string
		want    error
	}{
		"nobody there": {"http://" + nobody.Addr().String(), stream.ErrSource},
		"no URL":       {"http://[", stream.ErrSource},
		"not found":    {server(t, "text/html", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }), stream.ErrSource},
		"a page":       {server(t, "text/html; charset=utf-8", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }), stream.ErrFormat},
		"a video":      {server(t, "video/mp4", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ftyp") }), stream.ErrFormat},
		"no pictures": {server(t, "multipart/x-mixed-replace; boundary=a", func(w http.ResponseWriter, _ *http.Request) {
			w.Write(bytes.Repeat([]byte("--a\r\n\r\n"), 20_000))
		}), stream.ErrFormat},
		"a part without an end": {server(t, "multipart/x-mixed-replace; boundary=a", func(w http.ResponseWriter, _ *http.Request) {
			io.Copy(w, io.MultiReader(bytes.NewReader([]byte("\xff\xd8\xff\xda\x00\x02")), &endless{bytes: "x"}))
		}), stream.ErrTooLarge},
		"cut off": {server(t, "image/jpeg", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			w.Write(jpegOf(t, 8)[:200])
		}), stream.ErrSource},
	} {
		t.Run(name, func(t *testing.T) {
			goroutinesStay(t)
			frames, errs := collect(t.Context(), stream.MJPEG(c.address, stream.WithClient(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}})))
			assert.Empty(t, frames)
			require.Len(t, errs, 1)
			assert.ErrorIs(t, errs[0], c.want)
			t.Log(errs[0])
		})
	}
}

// A server that goes silent, before or after its first picture, is given up.
func TestMJPEGThatIsSilent(t *testing.T) {
	over := make(chan struct{})
	defer close(over)
	for _, pictures := range []int{0, 1} {
		address := server(t, "image/jpeg", func(w http.ResponseWriter, r *http.Request) {
			for range pictures {
				w.Write(jpegOf(t, 8))
				w.(http.Flusher).Flush()
			}
			select {
			case <-r.Context().Done():
			case <-over:
			}
		})
		frames, errs := collect(t.Context(), stream.MJPEG(address, stream.WithTimeout(300*time.Millisecond)))
		assert.Len(t, frames, pictures)
		require.Len(t, errs, 1)
		assert.ErrorIs(t, errs[0], stream.ErrSource)
		assert.Contains(t, errs[0].Error(), "WithTimeout")
		t.Log(errs[0])

		// And the context ends it, whatever the timeout.
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		_, errs = collect(ctx, stream.Latest(stream.MJPEG(address)))
		cancel()
		require.Len(t, errs, 1)
		assert.ErrorIs(t, errs[0], context.DeadlineExceeded)
	}
}

// What is shown by a Broadcast can be read as MJPEG.
func TestBroadcast(t *testing.T) {
	goroutinesStay(t)
	var b stream.Broadcast
	require.NoError(t, b.Show(plain(8, 8, color.RGBA{})), "nobody looks")
	s := httptest.NewServer(&b)
	defer s.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

	shown := make(chan error)
	go func() {
		defer close(shown)
		for b.Viewers() < 2 {
			time.Sleep(time.Millisecond)
		}
		for n := 1; b.Viewers() == 2; n++ {
			if err := b.Show(plain(8*n, 8, color.RGBA{})); err != nil {
				shown <- err
				return
			}
			time.Sleep(time.Millisecond)
		}
		// One has gone; the other one is told the end.
		shown <- b.Close()
	}()
	stays := make(chan []error)
	go func() {
		_, errs := collect(t.Context(), stream.MJPEG(s.URL, stream.WithClient(client)))
		stays <- errs
	}()
	seen, last := 0, 0
	for f, err := range stream.MJPEG(s.URL, stream.WithClient(client))(t.Context()) {
		require.NoError(t, err)
		assert.Greater(t, f.Image.Bounds().Dx(), last, "none comes twice")
		last = f.Image.Bounds().Dx()
		if seen++; seen == 3 {
			break
		}
	}
	assert.Equal(t, 3, seen)
	assert.NoError(t, <-shown)
	assert.Empty(t, <-stays, "the end of a broadcast is no error")
	assert.ErrorIs(t, b.Close(), stream.ErrClosed)
	assert.ErrorIs(t, b.Show(plain(8, 8, color.RGBA{})), stream.ErrClosed)
	answer, err := client.Get(s.URL)
	require.NoError(t, err)
	answer.Body.Close()
	assert.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
}

func TestBroadcastRefuses(t *testing.T) {
	var b stream.Broadcast
	assert.ErrorIs(t, b.Show(nil), stream.ErrSize)
	assert.ErrorIs(t, b.Show(&image.RGBA{}), stream.ErrSize)

	for method, want := range map[string]int{"POST": 405, "HEAD": 200} {
		r := httptest.NewRecorder()
		b.ServeHTTP(r, httptest.NewRequest(method, "/", http.NoBody))
		assert.Equal(t, want, r.Code)
		assert.Zero(t, b.Viewers())
	}

	// No more than 32 may look at a time.
	s := httptest.NewServer(&b)
	defer s.Close()
	var statuses []int
	for range 33 {
		answer, err := http.Get(s.URL)
		require.NoError(t, err)
		t.Cleanup(func() { answer.Body.Close() })
		statuses = append(statuses, answer.StatusCode)
	}
	assert.Equal(t, append(slices.Repeat([]int{200}, 32), 503), statuses)
	assert.ErrorIs(t, b.Show(&image.RGBA{Rect: image.Rect(0, 0, 8, 8)}), stream.ErrDamaged)
	require.NoError(t, b.Close())
	assert.Eventually(t, func() bool { return b.Viewers() == 0 }, 10*time.Second, time.Millisecond)
}
