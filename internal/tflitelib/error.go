package tflitelib

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/errs"
)

// advice is what mends most of it.
const advice = "run coral-runtime fetch (go install github.com/gocoral/coral/cmd/coral-runtime@latest) or coral fetch-runtime, or set " + Variable + " to the library's path"

// privilegedAdvice is for processes that look neither at the variable nor at the cache.
const privilegedAdvice = "put the library beside the program, in a folder that only root can write to, or where the system's loader looks"

// attempt is a place that was looked at, and why nothing of it is used.
type attempt struct {
	source Source
	path   string
	err    error
}

// Error says that no library can be used, and of each place that was looked at why.
type Error struct{ attempts []attempt }

// Error is one line: a library that was found and is not usable first, then what was
// looked at, then what to do.
func (e *Error) Error() string {
	var unusable, looked []string
	for _, a := range e.attempts {
		switch text := a.text(); {
		case a.absent():
			looked = append(looked, text)
		default:
			unusable = append(unusable, text)
		}
	}
	var b strings.Builder
	b.WriteString("no usable TensorFlow Lite library")
	if len(unusable) > 0 {
		b.WriteString(": " + strings.Join(unusable, "; "))
	}
	if len(looked) > 0 {
		fmt.Fprintf(&b, " (looked for %s)", strings.Join(looked, "; "))
	}
	b.WriteString(": " + e.advice())
	return b.String()
}

// advice is to mend what somebody has named, or else to bring a library to where it counts.
func (e *Error) advice() string {
	for _, a := range e.attempts {
		switch {
		case a.source == Linked:
			return "link another one, or build without the tag tflite_link"
		case a.source == Loaded:
			return "give the path of another library, or leave it to be found"
		case errors.Is(a.err, errPrivileged):
			return privilegedAdvice
		case a.source == Environment:
			return "correct or unset " + Variable
		}
	}
	return advice
}

// absent: there was nothing that could have been used.
func (a attempt) absent() bool {
	switch a.source {
	case Loaded, Environment, Linked, Process:
		return false
	case Loader:
		return notFound(a.err)
	}
	return errors.Is(a.err, errAbsent) || a.path == "" || errors.Is(a.err, errNothing)
}

func (a attempt) text() string {
	where := string(a.source)
	switch {
	case a.path == "":
	case errors.Is(a.err, errAbsent):
		return where + " at " + a.path
	case a.source == Loader && notFound(a.err):
		return fmt.Sprintf("%s as %s", where, a.path)
	}
	text := a.err.Error()
	if a.path != "" && !strings.Contains(text, a.path) {
		where += " at " + a.path
	}
	return where + ": " + text
}

// notFound reports whether the loader has found nothing of that name.
func notFound(err error) bool {
	e, ok := errors.AsType[*dl.Error](err)
	return ok && e.Reason == dl.NotFound
}

// Unwrap returns ErrLibraryNotFound and what was wrong with the libraries that were found.
func (e *Error) Unwrap() []error {
	all := []error{errs.ErrLibraryNotFound}
	for _, a := range e.attempts {
		if !a.absent() {
			all = append(all, a.err)
		}
	}
	return slices.Clip(all)
}
