package tflitelib

import (
	"fmt"
	"regexp"
	"strings"
	"unsafe"

	"github.com/gocoral/coral/internal/capi"
	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/errs"
)

// openAndBind opens a library and binds its functions. A library that turned out to be none
// of TensorFlow Lite stays open: it has been started.
func openAndBind(source Source, path string, shown bool) (*Library, error) {
	open := dl.Open
	if shown {
		open = dl.OpenAlone
	}
	opened, err := open(path)
	if err != nil {
		return nil, err
	}
	library, err := bind(source, opened)
	if err != nil {
		return nil, err
	}
	library.Path, library.opened = opened.Path(), opened
	return library, nil
}

// bind fills the table of functions from a library, or from what the process shows, and
// checks it.
func bind(source Source, from *dl.Library) (*Library, error) {
	library := &Library{Source: source}
	functions := capi.Functions()
	addresses := make([]unsafe.Pointer, len(functions))
	var missing []string
	for k, f := range functions {
		addresses[k] = address(f, from)
		switch {
		case addresses[k] != nil:
		case f.Required:
			missing = append(missing, f.Name)
		default:
			library.Absent = append(library.Absent, f.Name)
		}
	}
	if len(missing) > 0 {
		return nil, lacks(missing, len(functions)-len(library.Absent))
	}
	version := addresses[0]
	library.Version = capi.VersionAt(version)
	library.Path = dl.PathAt(version)
	if !isVersion(library.Version) {
		return nil, fmt.Errorf("it says that its version is %.40q, which is none: %w", library.Version, errs.ErrUnsupported)
	}
	if err := check(library, addresses); err != nil {
		return nil, err
	}
	return library, nil
}

// isVersion: it begins with two numbers, as in "2.17.1" or "2.18.0-rc1", and can be printed.
var isVersion = regexp.MustCompile(`^[0-9]+\.[0-9]+[[:graph:]]*$`).MatchString

// address is where a function is: where the linker has found it, or else where the library
// has it.
func address(f capi.Function, from *dl.Library) unsafe.Pointer {
	if capi.Linked && f.Linked != nil {
		return f.Linked
	}
	p, err := from.Symbol(f.Name)
	if err != nil {
		return nil
	}
	return p
}

// lacks says of a library that has not all required functions what it is.
func lacks(missing []string, required int) error {
	if len(missing) == required {
		return fmt.Errorf("this is not TensorFlow Lite's C library: it has none of its functions: %w", errs.ErrUnsupported)
	}
	more := ""
	if n := len(missing) - 1; n > 0 {
		more = fmt.Sprintf(" and %d more functions", n)
	}
	return fmt.Errorf("this is not the whole C library of TensorFlow Lite 2.9 or newer: it lacks %s%s: %w", missing[0], more, errs.ErrUnsupported)
}

// check sees whether a library can be used, and leaves it bound. Nothing but TfLiteVersion
// runs on a processor that the library is not for.
func check(library *Library, addresses []unsafe.Pointer) error {
	if missing := capi.MissingCPUFeatures(library.Version); len(missing) > 0 {
		return &CPUError{Version: library.Version, Missing: missing}
	}
	capi.Bind(addresses, library.Version)
	if !library.Known() {
		return nil
	}
	if differences := capi.SelfCheck(selfCheckModel()); len(differences) > 0 {
		return fmt.Errorf("it says that it is TensorFlow Lite %s and is not built as that is (%s); take another build: %w",
			library.Version, strings.Join(differences, ", "), errs.ErrUnsupported)
	}
	return nil
}

// CPUError is a library that the processor cannot run.
type CPUError struct {
	Version string
	// Missing are the features that the processor lacks.
	Missing []string
}

// Error says what to do as well.
func (e *CPUError) Error() string {
	return fmt.Sprintf("TensorFlow Lite %s needs a processor with %s: %s", e.Version, strings.Join(e.Missing, ", "), strings.Join(capi.CPUAdvice(), ", or "))
}

// Unwrap returns ErrPlatform.
func (e *CPUError) Unwrap() error { return errs.ErrPlatform }
