package stream

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"sync"
	"time"

	"github.com/gocoral/coral/internal/errs"
)

// Broadcast shows pictures to browsers and other programs over HTTP, as a camera does: it
// answers with multipart/x-mixed-replace, a JPEG for each [Broadcast.Show]. A viewer who is
// slower than the pictures come gets the newest one each time.
//
//	var view stream.Broadcast
//	http.Handle("/", &view)
//
// The zero Broadcast is ready to use, by several goroutines.
type Broadcast struct {
	mu      sync.Mutex
	viewers int
	jpeg    []byte
	changed chan struct{} // closed when there is another picture, or no more
	closed  bool
}

const (
	// maxViewers is how many may look at a time.
	maxViewers = 32
	// viewerPatience is how long a viewer may take for a picture.
	viewerPatience = 10 * time.Second
	// viewQuality is that of the JPEGs, from 1 to 100.
	viewQuality = 80
	boundary    = "frame"
)

// Show shows a picture to all viewers. It takes time only if there are any. Errors are
// [ErrSize] for a nil or empty picture, [ErrDamaged] for one whose pixels cannot be read,
// those of package image/jpeg, and [ErrClosed].
func (b *Broadcast) Show(img image.Image) error {
	if err := b.show(img); err != nil {
		return fmt.Errorf("stream: show: %w", err)
	}
	return nil
}

func (b *Broadcast) show(img image.Image) error {
	if b == nil {
		return fmt.Errorf("the broadcast is nil: %w", ErrClosed)
	}
	if err := checkPicture(img); err != nil {
		return err
	}
	b.mu.Lock()
	viewers, closed := b.viewers, b.closed
	b.mu.Unlock()
	if closed {
		return ErrClosed
	}
	if viewers == 0 {
		return nil
	}
	data, err := encode(img)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.jpeg = data
	b.wake()
	return nil
}

func checkPicture(img image.Image) error {
	if errs.IsNil(img) || img.Bounds().Empty() {
		return fmt.Errorf("the picture has no pixels: %w", ErrSize)
	}
	return nil
}

func encode(img image.Image) (data []byte, err error) {
	defer recovered(img, &err)
	var buffer bytes.Buffer
	err = jpeg.Encode(&buffer, img, &jpeg.Options{Quality: viewQuality})
	return buffer.Bytes(), err
}

// recovered makes an error of a panic: an image may be of any type, and have fewer pixels than
// its bounds say.
func recovered(img image.Image, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: the pixels of this %T cannot be read: %v", ErrDamaged, img, r)
	}
}

// Viewers is how many are looking.
func (b *Broadcast) Viewers() int {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.viewers
}

// Close ends the answers to all viewers, and refuses new ones. A second one gives
// [ErrClosed].
func (b *Broadcast) Close() error {
	if b == nil {
		return fmt.Errorf("stream: close: the broadcast is nil: %w", ErrClosed)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return fmt.Errorf("stream: close: %w", ErrClosed)
	}
	b.closed = true
	b.wake()
	return nil
}

// wake has all viewers look again. The lock must be held.
func (b *Broadcast) wake() {
	if b.changed != nil {
		close(b.changed)
	}
	b.changed = make(chan struct{})
}

// ServeHTTP answers a viewer, for as long as it looks. Too many viewers, and any after
// Close, are told 503.
func (b *Broadcast) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if w == nil || r == nil {
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	if !b.enter() {
		http.Error(w, "there are too many viewers, or the broadcast is over", http.StatusServiceUnavailable)
		return
	}
	defer b.leave()
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary="+boundary)
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return
	}
	b.send(r.Context(), w)
}

func (b *Broadcast) enter() bool {
	if b == nil {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.viewers == maxViewers {
		return false
	}
	if b.changed == nil {
		b.wake()
	}
	b.viewers++
	return true
}

func (b *Broadcast) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.viewers--
	if b.viewers == 0 {
		b.jpeg = nil // the next viewer should not see an old one
	}
}

// send sends pictures until the viewer goes or the broadcast ends. Each is followed by the
// boundary at once, without which browsers do not show it.
func (b *Broadcast) send(ctx context.Context, w http.ResponseWriter) {
	control := http.NewResponseController(w)
	write := func(data []byte) bool {
		// A viewer that does not read must not hold on to this goroutine for ever.
		_ = control.SetWriteDeadline(time.Now().Add(viewerPatience))
		_, err := w.Write(data)
		return err == nil && control.Flush() == nil
	}
	if !write([]byte("--" + boundary + "\r\n")) {
		return
	}
	for {
		b.mu.Lock()
		data, changed, closed := b.jpeg, b.changed, b.closed
		b.mu.Unlock()
		if closed {
			return
		}
		if data != nil {
			part := fmt.Appendf(nil, "Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n--%s\r\n", len(data), data, boundary)
			if !write(part) {
				return
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}
