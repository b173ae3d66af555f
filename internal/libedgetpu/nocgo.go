//go:build !cgo

package libedgetpu

import (
	"unsafe"

	"github.com/gocoral/coral/internal/errs"
)

// Library cannot be opened without cgo.
type Library struct{}

// Open returns ErrCgoRequired.
func Open(string) (*Library, error) { return nil, errs.ErrCgoRequired }

// Path is never reached, nor is anything below.
func (l *Library) Path() string { return "" }

// Version is never reached.
func (l *Library) Version() string { return "" }

// SetVerbosity is never reached.
func (l *Library) SetVerbosity(int) {}

// Devices is never reached.
func (l *Library) Devices() []Entry { return nil }

// Create is never reached.
func (l *Library) Create(Entry, []Option) unsafe.Pointer { return nil }

// Free is never reached.
func (l *Library) Free(unsafe.Pointer) {}
