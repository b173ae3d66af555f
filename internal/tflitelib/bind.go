package tflitelib

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unsafe"

	"github.com/gocoral/coral/internal/capi"
	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/errs"
)

// openAndBind opens a library and binds its functions. One that is refused is closed, or not
// opened in the first place: the loader would take it for others of its name, and for the file
// that comes in its place. Once its functions were called it stays, see package dl.
func openAndBind(source Source, path string, shown bool) (*Library, error) {
	if err := partial(path); err != nil {
		return nil, err
	}
	open := dl.Open
	if shown {
		open = dl.OpenAlone
	}
	opened, err := open(path)
	if err != nil {
		return nil, err
	}
	library, addresses, err := bind(source, opened)
	if err != nil {
		_ = opened.Close() // which fails for one that is not open
		return nil, err
	}
	library.Path, library.opened = opened.Path(), opened
	return checked(library, addresses)
}

// bound takes a library that is in the process, and keeps it there.
func bound(source Source) (*Library, error) {
	library, addresses, err := bind(source, dl.Program())
	if err != nil {
		return nil, err
	}
	dl.KeepAt(addresses[0])
	return checked(library, addresses)
}

// partial tells of a file that is TensorFlow Lite in part, by what it exports. One that has
// nothing of it may have it from a library that it needs.
func partial(path string) error {
	required := required()
	missing := dl.Lacking(path, required)
	if len(missing) == 0 || slices.Contains(missing, required[0]) {
		return nil
	}
	return lacks(missing, len(required))
}

// required are the names of the functions that no library lacks, TfLiteVersion first.
func required() (names []string) {
	for _, f := range capi.Functions() {
		if f.Required {
			names = append(names, f.Name)
		}
	}
	return names
}

// bind finds the functions in a library, or in what the process shows, and whether this
// processor can run them. Nothing but TfLiteVersion has run then.
func bind(source Source, from *dl.Library) (*Library, []unsafe.Pointer, error) {
	library := &Library{Source: source}
	functions := capi.Functions()
	addresses := make([]unsafe.Pointer, len(functions))
	var missing []string
	for k, f := range functions {
		addresses[k] = address(f, from)
		if !together(addresses[0], addresses[k]) {
			addresses[k] = nil
		}
		switch {
		case addresses[k] != nil:
		case f.Required:
			missing = append(missing, f.Name)
		default:
			library.Absent = append(library.Absent, f.Name)
		}
	}
	if len(missing) > 0 {
		return nil, nil, lacks(missing, len(required()))
	}
	version := addresses[0]
	library.Version = capi.VersionAt(version)
	library.Path = dl.PathAt(version)
	if !isVersion(library.Version) {
		return nil, nil, refusal(errs.ErrUnsupported, "it says that its version is %.40q, which is none", library.Version)
	}
	if missing := capi.MissingCPUFeatures(library.Version); len(missing) > 0 {
		return nil, nil, &CPUError{Version: library.Version, Missing: missing}
	}
	return library, addresses, nil
}

// together: two functions are in the same library, as far as the platform tells. The process
// may show several copies, and each has some functions that others lack.
func together(a, b unsafe.Pointer) bool {
	if a == nil || b == nil {
		return true
	}
	first, second := dl.BaseAt(a), dl.BaseAt(b)
	return first == 0 || second == 0 || first == second
}

var versionForm = regexp.MustCompile(`^[0-9]+\.[0-9]+[[:graph:]]*$`)

// isVersion: it begins with two numbers, as in "2.17.1" or "2.18.0-rc1", can be printed, and
// was not cut.
func isVersion(v string) bool { return len(v) < capi.LongestVersion && versionForm.MatchString(v) }

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
		return refusal(errs.ErrUnsupported, "this is not TensorFlow Lite's C library: it has none of its functions")
	}
	more := ""
	if n := len(missing) - 1; n > 0 {
		more = fmt.Sprintf(" and %d more functions", n)
	}
	return refusal(errs.ErrUnsupported, "this is not the whole C library of TensorFlow Lite 2.9 or newer: it lacks %s%s", missing[0], more)
}

// checked fills the table of functions and sees whether the library is as its version says.
func checked(library *Library, addresses []unsafe.Pointer) (*Library, error) {
	capi.Bind(addresses, library.Version)
	if !library.Known() {
		return library, nil
	}
	differences, err := capi.SelfCheck(selfCheckModel())
	if err != nil {
		return nil, err
	}
	if len(differences) > 0 {
		return nil, refusal(errs.ErrUnsupported, "it says that it is TensorFlow Lite %s and is not built as that is (%s); take another build",
			library.Version, strings.Join(differences, ", "))
	}
	return library, nil
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
