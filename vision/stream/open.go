package stream

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
)

// Open tells by its name what a source is, and reads it as that:
//
//	/dev/video0, or another device      [Camera]
//	a folder, or the file of a picture  [Pictures]
//	-                                   [JPEGs], from the standard input
//	http://… or https://…               [MJPEG], or [Video] if the server sends something else
//	another URL, or any other file      [Video]
func Open(name string, opts ...Option) Source {
	switch scheme, _, isURL := strings.Cut(name, "://"); {
	case name == "-":
		return JPEGs(os.Stdin, opts...)
	case isURL && isHTTP(scheme):
		return overHTTP(name, opts)
	case isURL:
		return Video(name, opts...)
	case isCamera(name):
		return Camera(name, opts...)
	case isFolder(name) || isPicture(name):
		return Pictures(name, opts...)
	}
	return Video(name, opts...)
}

// IsLive reports whether what has that name, see [Open], goes on by itself, as a camera
// does, so that [Latest] is called for: devices, and all URLs but those of files.
func IsLive(name string) bool {
	scheme, _, isURL := strings.Cut(name, "://")
	return isURL && !strings.EqualFold(scheme, "file") || isCamera(name)
}

func isHTTP(scheme string) bool {
	return slices.Contains([]string{"http", "https"}, strings.ToLower(scheme))
}

func isCamera(name string) bool {
	if strings.HasPrefix(name, "/dev/video") {
		return true
	}
	info, err := os.Stat(name)
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// overHTTP asks the server what it sends.
func overHTTP(address string, opts []Option) Source {
	return from(opts, func(ctx context.Context, c config, deliver func(Frame, error) bool) error {
		body, err := get(ctx, c, address)
		if errors.Is(err, errVideo) {
			return c.play(ctx, address, false, deliver)
		}
		if err != nil {
			return err
		}
		defer body.Close()
		return named(address, readJPEGs(io.Reader(body), c, deliver))
	})
}
