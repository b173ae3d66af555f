package tflitelib

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gocoral/coral/internal/capi"
	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/errs"
)

// Source is how a library was found.
type Source string

// The sources, in the order in which they are looked at.
const (
	Linked      Source = "linked into the program"
	Loaded      Source = "named by the program"
	Environment Source = "named by " + Variable
	Process     Source = "in the process already"
	Executable  Source = "beside the executable"
	Cache       Source = "in the cache folder"
	Loader      Source = "by the system's loader"
)

// Variable names a library file, and is looked at when the library is first needed.
const Variable = "CORAL_TFLITE_LIB"

// Library is the copy of TensorFlow Lite that this process uses.
type Library struct {
	// Path is the library's file, or the program's if it is linked statically; "" where the
	// platform does not tell.
	Path string
	// Version is what TfLiteVersion says, such as "2.17.1".
	Version string
	Source  Source
	// Absent are the optional functions that it lacks.
	Absent []string

	opened *dl.Library // nil for a copy that was there
}

var (
	current atomic.Pointer[Library]
	opening sync.Mutex
)

var logger atomic.Pointer[slog.Logger]

// SetLogger sends each step of a search to l at debug level, once it has ended. Nil stands
// for no logger, which is the default.
func SetLogger(l *slog.Logger) { logger.Store(l) }

// Opened is the library in use, nil as long as none was needed.
func Opened() *Library { return current.Load() }

// Need returns the library in use, and looks for one if there is none yet. The error wraps
// ErrLibraryNotFound, and what else was wrong with those that were found: ErrUnsupported for
// what is not TensorFlow Lite or not as its version says, ErrPlatform for a processor that
// it is not for; or it is ErrCgoRequired.
func Need() (*Library, error) {
	if library := current.Load(); library != nil {
		return library, nil
	}
	if !capi.Available {
		return nil, errs.ErrCgoRequired
	}
	var s *search
	defer func() { s.report() }() // when others can go on: a logger may ask for the library
	opening.Lock()
	defer opening.Unlock()
	if library := current.Load(); library != nil {
		return library, nil
	}
	s = newSearch()
	switch path := s.environment(); {
	case capi.Linked:
		return s.linked()
	case path != "":
		return s.named(Environment, path)
	}
	return s.all()
}

// Load opens the library at path, or the one of that name that the loader finds, instead of
// looking for one. It has to come before the first need of a library: after it, another
// path gives ErrBusy, and the same one nothing. Errors are otherwise those of [Need].
func Load(path string) error {
	if !capi.Available {
		return errs.ErrCgoRequired
	}
	if path == "" || strings.ContainsRune(path, 0) {
		return fmt.Errorf("load TensorFlow Lite: %q is no path: %w", path, errs.ErrLibraryNotFound)
	}
	var s *search
	defer func() { s.report() }()
	opening.Lock()
	defer opening.Unlock()
	if library := current.Load(); library != nil {
		return library.is(path)
	}
	s = newSearch()
	if capi.Linked {
		library, err := s.linked()
		return cmp.Or(err, library.is(path))
	}
	_, err := s.named(Loaded, path)
	return err
}

// is returns an error unless the library is the one at path.
func (l *Library) is(path string) error {
	if l == nil || absolute(path) == l.Path {
		return nil
	}
	have, err := os.Stat(l.Path)
	if err == nil {
		if want, err := os.Stat(path); err == nil && os.SameFile(have, want) {
			return nil
		}
	}
	if !isPath(path) && filepath.Base(l.Path) == path {
		return nil
	}
	advice := "load it before anything needs a library"
	if l.Source == Linked {
		advice = "build without the tag tflite_link to choose one"
	}
	return refusal(errs.ErrBusy, "load TensorFlow Lite %q: %s is in use, %s; %s", path, errs.OneLine(l.String()), l.Source, advice)
}

// String is like "TensorFlow Lite 2.17.1 (/usr/lib/libtensorflowlite_c.so)".
func (l *Library) String() string {
	return fmt.Sprintf("TensorFlow Lite %s (%s)", cmp.Or(l.Version, "of no version"), cmp.Or(l.Path, "of no path"))
}

// Known reports whether the structures of this version are known.
func (l *Library) Known() bool { return capi.Known(l.Version) }

// Share shows the functions of the library to libraries that are opened later, for those
// that want them and do not name the library themselves. It cannot be taken back.
func Share() error {
	library := current.Load()
	if library == nil || library.opened == nil {
		return nil
	}
	return library.opened.Share()
}

func isPath(name string) bool { return strings.ContainsAny(name, `/`+string(filepath.Separator)) }
