//go:build cgo

package libedgetpu

/*
#cgo CFLAGS: -std=gnu11
#include <stdlib.h>
#include "api.h"
*/
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/errs"
)

// Library is an open libedgetpu.
type Library struct {
	path string
	api  C.coral_edgetpu_api
}

// Open loads the library. The error wraps ErrLibraryNotFound and tells what the
// loader said, or which function is missing.
func Open(path string) (*Library, error) {
	lib, err := dl.Open(path)
	if err != nil {
		return nil, err
	}
	l := &Library{path: lib.Path()}
	for name, address := range map[string]*unsafe.Pointer{
		"edgetpu_list_devices":    &l.api.list_devices,
		"edgetpu_free_devices":    &l.api.free_devices,
		"edgetpu_create_delegate": &l.api.create_delegate,
		"edgetpu_free_delegate":   &l.api.free_delegate,
		"edgetpu_verbosity":       &l.api.verbosity,
		"edgetpu_version":         &l.api.version,
	} {
		if *address, err = lib.Symbol(name); err != nil {
			lib.Close() // nothing of it has run yet
			return nil, fmt.Errorf("%s is no libedgetpu: %w: %w", lib.Path(), errs.ErrLibraryNotFound, err)
		}
	}
	return l, nil
}

// Path is the file that was loaded.
func (l *Library) Path() string { return l.path }

// Version is the library's own text, such as "BuildLabel(…), RuntimeVersion(14)".
func (l *Library) Version() string { return C.GoString(C.coral_edgetpu_version(&l.api)) }

// SetVerbosity sets how much the library prints on standard error, 0 to 10.
func (l *Library) SetVerbosity(level int) { C.coral_edgetpu_verbosity(&l.api, C.int(level)) }

// Devices lists what the library sees.
func (l *Library) Devices() []Entry {
	var n C.size_t
	list := C.coral_edgetpu_list(&l.api, &n)
	if list == nil {
		return nil
	}
	defer C.coral_edgetpu_free_list(&l.api, list)
	entries := make([]Entry, n)
	for i, d := range unsafe.Slice(list, n) {
		entries[i] = Entry{Type: int(d._type), Path: C.GoString(d.path)}
	}
	return entries
}

// Create opens the device and returns a TfLiteDelegate*, nil on any failure: the
// library gives no reasons. It can block for half a minute.
func (l *Library) Create(device Entry, options []Option) unsafe.Pointer {
	path := C.CString(device.Path) // never NULL: with options, NULL aborts
	defer C.free(unsafe.Pointer(path))
	c := make([]C.struct_edgetpu_option, len(options)+1)
	for i, o := range options {
		c[i].name, c[i].value = C.CString(o.Name), C.CString(o.Value)
	}
	defer func() {
		for _, o := range c {
			C.free(unsafe.Pointer(o.name))
			C.free(unsafe.Pointer(o.value))
		}
	}()
	return C.coral_edgetpu_create(&l.api, C.int(device.Type), path, &c[0], C.size_t(len(options)))
}

// Free gives the delegate back, after its interpreters.
func (l *Library) Free(delegate unsafe.Pointer) { C.coral_edgetpu_free(&l.api, delegate) }
