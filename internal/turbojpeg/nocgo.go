//go:build !cgo

package turbojpeg

import (
	"image"

	"github.com/gocoral/coral/internal/errs"
)

// Library cannot be opened without cgo.
type Library struct{}

// Open returns ErrCgoRequired.
func Open(string) (*Library, error) { return nil, errs.ErrCgoRequired }

// Path is never reached, nor is anything below.
func (l *Library) Path() string { return "" }

// YCbCr is never reached.
func (l *Library) YCbCr([]byte, Header, int) (*image.YCbCr, error) { return nil, errs.ErrCgoRequired }

// Gray is never reached.
func (l *Library) Gray([]byte, Header, int) (*image.Gray, error) { return nil, errs.ErrCgoRequired }

// RGBA is never reached.
func (l *Library) RGBA([]byte, Header, int) (*image.RGBA, error) { return nil, errs.ErrCgoRequired }
