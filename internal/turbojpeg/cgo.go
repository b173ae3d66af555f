//go:build cgo

package turbojpeg

/*
#cgo CFLAGS: -std=gnu11
#include "api.h"
*/
import "C"

import (
	"fmt"
	"image"
	"strings"
	"unsafe"

	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/errs"
)

// Library is an open libjpeg-turbo. Its methods may be called at the same time.
type Library struct {
	path string
	api  C.coral_turbojpeg_api
}

// Open loads the library at path, or the one that the loader finds by a bare name. The error
// wraps ErrLibraryNotFound, and tells what the loader said or which function is missing.
func Open(path string) (*Library, error) {
	lib, err := dl.Open(path)
	if err != nil {
		return nil, err
	}
	l := &Library{path: lib.Path()}
	for name, address := range map[string]*unsafe.Pointer{
		"tjInitDecompress":        &l.api.init,
		"tjDecompressHeader3":     &l.api.header,
		"tjDecompressToYUVPlanes": &l.api.planes,
		"tjDecompress2":           &l.api.pixels,
		"tjGetErrorStr2":          &l.api.error, // since 2.0, as stopping at warnings
		"tjDestroy":               &l.api.destroy,
	} {
		if *address, err = lib.Symbol(name); err != nil {
			lib.Close() // nothing of it has run yet
			return nil, fmt.Errorf("%s is no libjpeg-turbo 2.0 or newer: %w: %w", lib.Path(), errs.ErrLibraryNotFound, err)
		}
	}
	return l, nil
}

// Path is the file that was loaded.
func (l *Library) Path() string { return l.path }

// room is for the library's error texts, which are of 200 bytes at most.
type room [256]C.char

func (r *room) buffer() (*C.char, C.size_t) { return &r[0], C.size_t(len(r)) }

// explain makes an error of what became of a file.
func (r *room) explain(status C.int) error {
	switch status {
	case C.coral_turbojpeg_done:
		return nil
	case C.coral_turbojpeg_differs:
		return ErrHeader
	}
	text := strings.ToValidUTF8(C.GoString(&r[0]), "\uFFFD")
	return fmt.Errorf("%w: %s", ErrDecode, strings.Join(strings.Fields(text), " "))
}

// The decoder remembers where a file was, in memory of Go. So it ends before a call returns.

// YCbCr decodes a file of three components whose sampling the library knows (see [Knows]),
// to the size that a scale gives, which is one of [Header.PlaneScale]. Errors are [ErrHeader] and [ErrDecode].
func (l *Library) YCbCr(file []byte, h Header, scale int) (*image.YCbCr, error) {
	sampling, known := samplings[h.Sampling]
	if !known || h.PlaneScale(scale) != scale {
		return nil, fmt.Errorf("%w: no planes of the sampling %v at 1/%d", ErrDecode, h.Sampling, scale)
	}
	img := sampling.newYCbCr(h.scaled(scale), h.Sampling)
	if err := l.decode(file, h, sampling, img); err != nil {
		return nil, err
	}
	return img, nil
}

// decode fills planes made by newYCbCr, and makes them those of the picture.
func (l *Library) decode(file []byte, h Header, sampling sampling, img *image.YCbCr) error {
	header := C.coral_turbojpeg_header{C.int(h.Width), C.int(h.Height), C.int(sampling.number)}
	var r room
	text, size := r.buffer()
	err := r.explain(C.coral_turbojpeg_planes(&l.api, &header, bytePointer(file), C.size_t(len(file)),
		C.int(img.Rect.Dx()), C.int(img.Rect.Dy()), bytePointer(img.Y), bytePointer(img.Cb), bytePointer(img.Cr),
		C.int(img.YStride), C.int(img.CStride), text, size))
	img.Y = img.Y[:img.Rect.Dy()*img.YStride]
	return err
}

// Gray is [Library.YCbCr] for a file of one component, at any of [Scales].
func (l *Library) Gray(file []byte, h Header, scale int) (*image.Gray, error) {
	img := image.NewGray(h.scaled(scale))
	header := C.coral_turbojpeg_header{C.int(h.Width), C.int(h.Height), samplingGrey}
	var r room
	text, size := r.buffer()
	err := r.explain(C.coral_turbojpeg_planes(&l.api, &header, bytePointer(file), C.size_t(len(file)),
		C.int(img.Rect.Dx()), C.int(img.Rect.Dy()), bytePointer(img.Pix), nil, nil, C.int(img.Stride), 0, text, size))
	if err != nil {
		return nil, err
	}
	return img, nil
}

// RGBA is [Library.YCbCr] for a file of any colours and any sampling, whose pixels it
// converts, at any of [Scales].
func (l *Library) RGBA(file []byte, h Header, scale int) (*image.RGBA, error) {
	img := image.NewRGBA(h.scaled(scale))
	header := C.coral_turbojpeg_header{C.int(h.Width), C.int(h.Height), -1}
	var r room
	text, size := r.buffer()
	err := r.explain(C.coral_turbojpeg_pixels(&l.api, &header, bytePointer(file), C.size_t(len(file)),
		C.int(img.Rect.Dx()), C.int(img.Rect.Dy()), bytePointer(img.Pix), C.int(img.Stride), text, size))
	if err != nil {
		return nil, err
	}
	return img, nil
}

func bytePointer(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(b)) }
