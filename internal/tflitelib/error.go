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
const advice = "run coral-runtime fetch (go run github.com/gocoral/coral/cmd/coral-runtime fetch in the module of the program) or coral fetch-runtime, or set " + Variable + " to the library's path"

// privilegedAdvice is for processes that look neither at the variable nor at the cache.
const privilegedAdvice = "put the library beside the program, in a folder that only root can write to, or where the system's loader looks"

// refused is an error of a kind whose own text is left out: it is about interpreters.
type refused struct {
	text string
	kind error
}

func refusal(kind error, format string, args ...any) error {
	return &refused{fmt.Sprintf(format, args...), kind}
}

func (r *refused) Error() string { return r.text }
func (r *refused) Unwrap() error { return r.kind }

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
		b.WriteString(": " + list(unusable))
	}
	if len(looked) > 0 {
		fmt.Fprintf(&b, " (looked for %s)", list(looked))
	}
	b.WriteString(": " + e.advice())
	return errs.OneLine(b.String())
}

// list joins texts, of which there may be as many as folders in the cache.
func list(texts []string) string {
	const most = 10
	if more := len(texts) - most; more > 0 {
		return fmt.Sprintf("%s; and %d more", strings.Join(texts[:most], "; "), more)
	}
	return strings.Join(texts, "; ")
}

// Advice is what err, of [Need] or [Load], says that can be done; "" if it is of something else.
func Advice(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.advice()
	}
	return ""
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
