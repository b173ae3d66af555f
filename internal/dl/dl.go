package dl

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"unsafe"

	"github.com/gocoral/coral/internal/errs"
)

// ErrNoSymbol means that the library is open but does not export the name.
var ErrNoSymbol = errors.New("symbol not found")

// Library is an open shared library. Its methods may be called at the same time.
type Library struct {
	path string

	mu     sync.Mutex
	handle unsafe.Pointer // nil once closed
}

// Open loads the library with all its symbols resolved and none of them shown to
// other libraries (RTLD_NOW|RTLD_LOCAL). A name without a slash is searched for as
// the loader does it. The error is an [*Error] that wraps ErrLibraryNotFound.
func Open(path string) (*Library, error) { return openLibrary(path, false) }

// OpenAlone is [Open] for a library of which the process may have another copy: it uses its
// own functions, and not those of the other one that have the same names (RTLD_DEEPBIND).
// Where the platform cannot do that, and under AddressSanitizer, which forbids it, it is Open.
func OpenAlone(path string) (*Library, error) { return openLibrary(path, true) }

func openLibrary(path string, alone bool) (*Library, error) {
	if !available {
		return nil, errs.ErrCgoRequired
	}
	// An empty path would open the program itself, and a NUL cut the rest off.
	if path == "" || strings.ContainsRune(path, 0) {
		return nil, &Error{Path: path, Text: "no library has such a name"}
	}
	if err := refuse(path); err != nil {
		return nil, err
	}
	handle, text := open(path, alone)
	if handle == nil {
		return nil, explain(path, text)
	}
	l := &Library{path: path, handle: handle}
	if file := pathOf(handle); file != "" {
		l.path = file
	}
	return l, nil
}

// Program is what the process shows to all its libraries: the program itself, what it
// links, and what was opened for all to see. It is nil where the platform has nothing of the
// kind, and its methods then find nothing.
func Program() *Library {
	handle := program()
	if handle == nil {
		return nil
	}
	return &Library{handle: handle}
}

// PathAt is the path of the library, or of the program, that a function is in, "" where the
// platform does not tell.
func PathAt(function unsafe.Pointer) string { return pathAt(function) }

// BaseAt is where the library begins that an address is in, 0 where the platform does not tell.
func BaseAt(address unsafe.Pointer) uintptr { return baseAt(address) }

// KeepAt keeps the library loaded that a function is in, whoever closes it. The program itself
// stays anyhow.
func KeepAt(function unsafe.Pointer) { keepAt(function) }

// Lacking lists which of the names the library at a path, or the one that the loader's search
// finds, does not export, without opening it. It is nil where that cannot be told.
func Lacking(path string, names []string) []string {
	m, _, err := openImage(Locate(path))
	if err != nil {
		return nil
	}
	defer m.source.Close()
	return m.lacking(names)
}

// Privileged reports whether the process has rights that the user who started it has not:
// set-uid and set-gid programs, and those with file capabilities. What that user may set or
// write, variables and folders, must not decide then which code runs.
func Privileged() bool { return privileged() }

// Share shows the functions of the library to those that are opened later (RTLD_GLOBAL).
func (l *Library) Share() error {
	if text := share(l.path); text != "" {
		return fmt.Errorf("share library %q: %s", l.path, text)
	}
	return nil
}

// Path is where the loader found the library, or the path given to [Open] where the
// platform does not tell.
func (l *Library) Path() string { return l.path }

// Symbol returns the address of an exported function or variable, never nil. The
// error wraps [ErrNoSymbol] or ErrClosed.
func (l *Library) Symbol(name string) (unsafe.Pointer, error) {
	if l == nil {
		return nil, fmt.Errorf("symbol %q: %w", name, ErrNoSymbol)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.handle == nil {
		return nil, fmt.Errorf("symbol %q of %q: %w", name, l.path, errs.ErrClosed)
	}
	if name == "" || strings.ContainsRune(name, 0) {
		return nil, fmt.Errorf("symbol %q of %q: %w", name, l.path, ErrNoSymbol)
	}
	address, text := symbol(l.handle, name)
	if address == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoSymbol, text)
	}
	return address, nil
}

// Close gives the library back to the loader, which unloads it when nobody else has
// it open. Read the package comment before calling it. Closing twice, or a nil
// Library, does nothing.
func (l *Library) Close() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.handle == nil {
		return nil
	}
	handle := l.handle
	l.handle = nil
	if text := closeLibrary(handle); text != "" {
		return fmt.Errorf("close library %q: %s", l.path, text)
	}
	return nil
}
