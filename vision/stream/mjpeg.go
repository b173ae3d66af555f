package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// MJPEG reads the pictures that a camera or program sends over HTTP as
// multipart/x-mixed-replace, or one after the other without anything between them; a server
// that sends a single JPEG gives one frame. Name and password may be part of the URL. How
// pictures are told apart, and which errors there are, is that of [JPEGs]; a server that
// cannot be reached, refuses, or is silent for longer than [WithTimeout] gives [ErrSource].
func MJPEG(address string, opts ...Option) Source {
	return from(opts, func(ctx context.Context, c config, deliver func(Frame, error) bool) error {
		body, err := get(ctx, c, address)
		if err != nil {
			return err
		}
		defer body.Close()
		return named(address, readJPEGs(body, c, deliver))
	})
}

// errVideo is what [get] says of an answer that may be a video.
var errVideo = fmt.Errorf("%w: no JPEG", ErrFormat)

// get asks a server for pictures. Reading from it fails if the server is silent.
func get(ctx context.Context, c config, address string) (io.ReadCloser, error) {
	ctx, w := newWatchdog(ctx, c.timeout)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		w.end()
		return nil, fmt.Errorf("%w: %w", ErrSource, err)
	}
	w.start()
	answer, err := c.client.Do(request)
	w.stop()
	if err == nil {
		if err = check(answer); err != nil {
			answer.Body.Close()
		}
	} else {
		err = w.explain(err)
	}
	if err != nil {
		w.end()
		return nil, named(address, err)
	}
	return &watched{answer.Body, w}, nil
}

// check looks at what a server says it sends.
func check(answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: the server answers %s", ErrSource, answer.Status)
	}
	// Boundaries may be such that package mime refuses them.
	kind, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	switch {
	case kind == "" || kind == "image/jpeg" || kind == "image/jpg" || kind == "video/x-motion-jpeg" || strings.HasPrefix(kind, "multipart/"):
		return nil
	case kind == "application/json" || kind == "text/html" || kind == "text/plain":
		return fmt.Errorf("%w: the server sends %s, no pictures: is that the address of the stream itself?", ErrFormat, kind)
	}
	return fmt.Errorf("%w, but %s", errVideo, kind)
}

// named says where an error comes from, without the password.
func named(address string, err error) error {
	if err == nil {
		return nil
	}
	// Errors of net/http name the address already.
	if _, ok := errors.AsType[*url.Error](err); ok {
		return err
	}
	return fmt.Errorf("%s: %w", redacted(address), err)
}

func redacted(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Redacted()
	}
	return address
}
