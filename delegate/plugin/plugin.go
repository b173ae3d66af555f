package plugin

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unsafe"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/internal/borrow"
	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/oldabi"
	"github.com/gocoral/coral/internal/tflitelib"
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
//
// Interpreters of package tflite borrow it. One of another binding, such as go-tflite,
// keeps nothing but the native pointer: call [Delegate.Borrow] before it is made and
// [Delegate.Return] after it is deleted, or the delegate may be destroyed under it.
type Delegate struct {
	path    string
	owned   *borrow.Owned
	adapter *oldabi.Adapter // nil without WithOldABI
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
	o, err := newConfig(opts)
	if err != nil {
		return nil, fmt.Errorf("plugin: %w", err)
	}
	library, err := openLibrary(path)
	if err != nil {
		return nil, fmt.Errorf("plugin: %w", err)
	}
	create, destroy, err := entries(library)
	if err != nil {
		// None of its functions has run, so this is the one time to unload it.
		return nil, fmt.Errorf("plugin: %w", errors.Join(err, library.Close()))
	}
	d, report, err := newNative(create, destroy, o)
	if err != nil {
		return nil, fmt.Errorf("plugin: %s: %w", library.Path(), err)
	}
	if report != "" {
		o.logger.Warn("a delegate plugin reported something while it made a delegate", "library", library.Path(), "report", report)
	}
	d.path = library.Path()
	return d, nil
}

// openLibrary opens a plugin. One that wants functions of TensorFlow Lite, and does not say
// from which library, gets those of the one in use, which is not shown to others otherwise.
func openLibrary(path string) (*dl.Library, error) {
	library, err := dl.Open(path)
	failure, ok := errors.AsType[*dl.Error](err)
	if !ok || failure.Reason != dl.VersionMismatch || !strings.Contains(strings.ToLower(failure.Text), "tflite") {
		return library, err
	}
	if _, err := tflitelib.Need(); err != nil {
		return nil, fmt.Errorf("%s needs TensorFlow Lite: %w", path, err)
	}
	if err := tflitelib.Share(); err != nil {
		return nil, err
	}
	return dl.Open(path)
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

// own is nil, which has all methods too, for a Delegate that is nil or zero.
func (d *Delegate) own() *borrow.Owned {
	if d == nil {
		return nil
	}
	return d.owned
}

// Ptr returns the TfLiteDelegate*. It is nil for a Delegate that is nil or zero, and for
// a deleted one that no interpreter uses any more.
func (d *Delegate) Ptr() unsafe.Pointer { return d.own().Ptr() }

// Delete destroys the delegate, at once or when the last interpreter that uses it
// is closed. Deleting twice, or a nil Delegate, does nothing.
func (d *Delegate) Delete() { d.own().Delete() }

// Close is [Delegate.Delete], for those who collect io.Closers. It returns nil.
func (d *Delegate) Close() error {
	d.Delete()
	return nil
}

// Borrow keeps the delegate from being destroyed, by Delete or by the garbage collector,
// until [Delegate.Return]. Interpreters of package tflite call it; see [Delegate] for
// those of other bindings. It gives [ErrClosed] after Delete, and
// ErrUnsupported if it needs an adapter ([WithOldABI]) and the structures of the
// TensorFlow Lite in use are not known.
func (d *Delegate) Borrow() error {
	if d != nil && d.adapter != nil {
		if err := oldabi.Usable(); err != nil {
			return err
		}
	}
	return d.own().Borrow()
}

// Return undoes one Borrow.
func (d *Delegate) Return() { d.own().Return() }

// Name is the library's file name, such as "libedgetpu.so.1".
func (d *Delegate) Name() string {
	if d == nil || d.path == "" {
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
