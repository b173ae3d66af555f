package plugin

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"unsafe"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/internal/borrow"
	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/errs"
)

// The sentinels that this package's errors wrap; test for them with errors.Is.
var (
	// ErrLibraryNotFound: the library could not be opened.
	ErrLibraryNotFound = errs.ErrLibraryNotFound
	// ErrDelegateDeclined: the library is no plugin, or made no delegate.
	ErrDelegateDeclined = errs.ErrDelegateDeclined
	// ErrClosed: the delegate was deleted before.
	ErrClosed = errs.ErrClosed
	// ErrCgoRequired: the program was built with CGO_ENABLED=0.
	ErrCgoRequired = errs.ErrCgoRequired
)

// The names that every plugin exports.
const (
	createSymbol  = "tflite_plugin_create_delegate"
	destroySymbol = "tflite_plugin_destroy_delegate"
)

// Delegate is a delegate made by a plugin. It may be given to several interpreters
// where the plugin allows that, and its methods may be called at the same time.
type Delegate struct {
	path   string
	users  borrow.Count
	native *native
}

var (
	_ delegate.Delegate = (*Delegate)(nil)
	_ delegate.Borrower = (*Delegate)(nil)
	_ delegate.Namer    = (*Delegate)(nil)
)

// Open loads the library at path, or with the name that the loader searches for,
// and has it make a delegate. It takes as long as the plugin takes: libedgetpu needs
// two seconds for a device that is there, and half a minute for one that is not.
//
// Errors wrap [ErrLibraryNotFound] when the library cannot be opened,
// [ErrDelegateDeclined] when it is no plugin or makes no delegate, with what the
// plugin reported.
func Open(path string, opts ...Option) (*Delegate, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, fmt.Errorf("plugin: %w", err)
	}
	library, err := dl.Open(path)
	if err != nil {
		return nil, fmt.Errorf("plugin: %w", err)
	}
	create, destroy, err := entries(library)
	if err != nil {
		// None of its functions has run, so this is the one time to unload it.
		return nil, fmt.Errorf("plugin: %w", errors.Join(err, library.Close()))
	}
	n, report, err := newNative(create, destroy, o)
	if err != nil {
		return nil, fmt.Errorf("plugin: %s: %w", library.Path(), err)
	}
	if report != "" {
		o.logger.Warn("a delegate plugin reported something while it made a delegate", "library", library.Path(), "report", report)
	}
	d := &Delegate{path: library.Path(), native: n}
	d.users.OnFree(n.free)
	// Interpreters keep the delegates that they borrow reachable, so when this runs
	// nobody uses it.
	runtime.AddCleanup(d, (*native).free, n)
	return d, nil
}

// entries looks the plugin's functions up.
func entries(library *dl.Library) (create, destroy unsafe.Pointer, err error) {
	create, err = library.Symbol(createSymbol)
	if err == nil {
		destroy, err = library.Symbol(destroySymbol)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s is no TensorFlow Lite delegate plugin: %w (%w)", library.Path(), ErrDelegateDeclined, err)
	}
	return create, destroy, nil
}

// Ptr returns the TfLiteDelegate*. It is nil for a nil Delegate, and for a deleted
// one that no interpreter uses any more.
func (d *Delegate) Ptr() unsafe.Pointer {
	if d == nil {
		return nil
	}
	return d.native.ptr()
}

// Delete destroys the delegate, at once or when the last interpreter that uses it
// is closed. Deleting twice, or a nil Delegate, does nothing.
func (d *Delegate) Delete() {
	if d == nil {
		return
	}
	d.users.Delete()
}

// Close is [Delegate.Delete], for those who collect io.Closers. It returns nil.
func (d *Delegate) Close() error {
	d.Delete()
	return nil
}

// Borrow takes a reference for an interpreter; package tflite calls it. It gives
// [ErrClosed] after Delete.
func (d *Delegate) Borrow() error { return d.users.Borrow() }

// Return gives a reference back.
func (d *Delegate) Return() { d.users.Return() }

// Name is the library's file name, such as "libedgetpu.so.1".
func (d *Delegate) Name() string {
	if d == nil {
		return ""
	}
	return filepath.Base(d.path)
}

// Path is where the library was found.
func (d *Delegate) Path() string {
	if d == nil {
		return ""
	}
	return d.path
}
