package dl

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/gocoral/coral/internal/errs"
)

// Reason is why a library could not be opened.
type Reason int

// The reasons, as far as they can be told apart.
const (
	// Unknown: only the loader's text tells.
	Unknown Reason = iota
	// NotFound: there is no such file.
	NotFound
	// WrongPlatform: the file is for another processor.
	WrongPlatform
	// MissingDependency: the file needs a library that is not there.
	MissingDependency
	// VersionMismatch: a library that the file uses is of another version.
	VersionMismatch
	// NotLibrary: the file is no shared library.
	NotLibrary
	// NotPermitted: this user may not read the file.
	NotPermitted
)

// Error is a failed [Open].
type Error struct {
	// Path is what was to be opened.
	Path string
	// Text is what the loader said.
	Text string
	// Reason is what that amounts to.
	Reason Reason
	// Advice is what can be done about it, "" if nothing is known.
	Advice string
}

// Error joins path, text and advice.
func (e *Error) Error() string {
	s := fmt.Sprintf("open library %q: %s", e.Path, strings.TrimPrefix(e.Text, e.Path+": "))
	if e.Advice != "" {
		s += " (" + e.Advice + ")"
	}
	return errs.OneLine(s)
}

// Unwrap returns ErrLibraryNotFound, whatever the reason: callers that try one
// library after another treat them all alike. Its text is left out of Error, being
// wrong for most reasons.
func (e *Error) Unwrap() error { return errs.ErrLibraryNotFound }

// explain finds the reason behind the loader's text. The texts are those of glibc,
// musl, dyld and Windows; an unknown one is passed on without advice.
func explain(path, text string) *Error {
	e := &Error{Path: path, Text: text}
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(text, part) {
				return true
			}
		}
		return false
	}
	switch {
	case has("ermission denied"):
		e.Reason, e.Advice = NotPermitted, "this user may not read the file; change its mode or owner"
	case has("wrong ELF class", "incompatible architecture", "not a valid Win32 application"):
		e.Reason, e.Advice = WrongPlatform, platformAdvice(path)
	case has("failed to map segment"):
		e.Reason, e.Advice = NotPermitted, "the file system may be mounted noexec, or a policy forbids to run code of it: put the file elsewhere; or there is too little memory, which ulimit -v may limit"
	case has("cannot dynamically load"):
		e.Reason, e.Advice = NotLibrary, "it is a program, not a library"
	case has("not page-aligned"):
		e.Reason, e.Advice = WrongPlatform, "it is built for smaller memory pages than this kernel's; take a build for 64-bit ARM, or on a Raspberry Pi kernel=kernel8.img in /boot/firmware/config.txt"
	case has("' not found (required by", "undefined symbol", "symbol not found", "Symbol not found"):
		e.Reason, e.Advice = VersionMismatch, versionAdvice(text)
	case has("file too short", "invalid ELF header", "cannot read file data", "not a mach-o file", "Exec format error"):
		e.Reason, e.Advice = NotLibrary, "the file is damaged or no shared library for "+runtime.GOOS
	case has("No such file", "no such file", "Library not loaded", "could not be found", "cannot find"):
		e.absent(path)
	}
	return e
}

// versionAdvice tells which library is of the wrong version, where that can be seen.
func versionAdvice(text string) string {
	for _, library := range []struct{ mark, name string }{{"`GLIBC_", "C library (glibc)"}, {"`GLIBCXX_", "C++ library (libstdc++)"}, {"`CXXABI_", "C++ library (libstdc++)"}} {
		if strings.Contains(text, library.mark) {
			return "it needs a newer " + library.name + " than this system has; take a build for an older system, or upgrade this one"
		}
	}
	return "it was built for another version of a library it uses; take the build for this system"
}

// absent tells the three meanings of "no such file" apart.
func (e *Error) absent(path string) {
	named := isPath(path)
	_, err := os.Stat(path)
	exists := !errors.Is(err, fs.ErrNotExist)
	dependency := dependencyIn(e.Text, path)
	switch {
	case named && !exists:
		e.Reason, e.Advice = NotFound, "there is no such file"
	case named && foreign(path):
		e.Reason, e.Advice = WrongPlatform, platformAdvice(path)
	case strings.HasPrefix(dependency, "libc.musl-"):
		e.Reason, e.Advice = WrongPlatform, "it is built for Alpine (musl); take a build for glibc"
	case dependency != "":
		e.Reason, e.Advice = MissingDependency, fmt.Sprintf("it needs %s; install the package with that library", dependency)
	case named:
		e.Reason, e.Advice = MissingDependency, "the file is there, but a library that it needs is not; install that one"
	case exists:
		e.Reason, e.Advice = NotFound, "the loader does not search the current folder; write ./"+path
	default:
		e.Reason, e.Advice = NotFound, "the loader did not find it; install the package with this library or give its path"
	}
}

// dependencyIn returns the library that the loader's text names as absent, unless
// it is the one at path.
func dependencyIn(text, path string) string {
	for _, style := range []struct{ before, after string }{
		{"", ": cannot open shared object file"},                         // glibc
		{"Error loading shared library ", ": No such file or directory"}, // musl
		{"Library not loaded: ", "\n"},                                   // dyld
	} {
		_, name, found := strings.Cut(text, style.before)
		if name, _, ok := strings.Cut(name, style.after); found && ok && name != path {
			return name
		}
	}
	return ""
}

// foreign reports whether the file is an ELF library for another processor.
func foreign(path string) bool {
	theirs := processorOf(path)
	return theirs != "" && theirs != runtime.GOARCH
}

func platformAdvice(path string) string {
	built := cmp.Or(processorOf(path), "another processor")
	return fmt.Sprintf("it is built for %s, this program for %s; take the build for the latter", built, runtime.GOARCH)
}
