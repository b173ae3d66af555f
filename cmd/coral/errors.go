package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"
	"syscall"
	"unicode"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/vision"
)

// The exit statuses.
const (
	statusDone   = 0
	statusFailed = 1
	statusUsage  = 2
)

// usageError is a mistake in the command line.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errReported is the failure of a command that has told all its errors already.
var errReported = errors.New("already reported")

// report prints an error, in one line, and returns the exit status.
func (a *app) report(ctx context.Context, err error) int {
	if err == nil {
		err = a.stdout.err // nobody looks at the errors of fmt.Fprintln
	}
	_, usage := errors.AsType[usageError](err)
	child, isChild := errors.AsType[childEnded](err)
	switch {
	case isChild:
		return int(child)
	case err == nil:
		return statusDone
	case errors.Is(err, errReported):
		return statusFailed
	case usage, !a.started: // cobra's own errors come before the work
		a.complain("%s; run %s --help", explain(err), cmp.Or(a.command, "coral"))
		return statusUsage
	case ctx.Err() != nil:
		a.complain("interrupted")
	default:
		a.complain("%s", explain(err))
	}
	return statusFailed
}

// complain prints one line to standard error.
func (a *app) complain(format string, args ...any) {
	a.bar.clear()
	fmt.Fprintln(a.stderr, "coral: "+oneLine(fmt.Sprintf(format, args...)))
}

// catch is the last net: a bug ends in a line, too, and not in a screen of stacks.
func (a *app) catch(status *int) {
	if r := recover(); r != nil {
		a.logger().Error("panic", "value", r, "stack", string(debug.Stack()))
		a.complain("internal error, please report it with the output of --verbose: %v", r)
		*status = statusFailed
	}
}

// advice says what to do about errors that do not say it themselves.
var advice = []struct {
	about error
	do    string
}{
	{fs.ErrNotExist, "check the path"},
	{fs.ErrPermission, "check who may use it"},
	{syscall.EISDIR, "give it a file"},
	{coral.ErrBadModel, "give it a working .tflite file, or fetch this one again"},
	{coral.ErrTwinMismatch, "compile the Edge TPU model from that CPU model again, or choose another --twin"},
	{coral.ErrUnresolvedOp, "see coral inspect for its operators, and convert the model with built-in ones"},
	{coral.ErrNoDevice, "coral devices lists what there is, and --device auto falls back to the CPU"},
	{vision.ErrDamaged, "save or fetch the picture again"},
	{vision.ErrLabels, "give it labels: one a line, CSV, JSON, YAML or a label map in .pbtxt"},
	{vision.ErrModel, "see coral inspect for its inputs and outputs"},
}

// libraryPrefixes say where in the library an error comes from, which is no news to
// the user of a command.
var libraryPrefixes = []string{
	"coral: ", "open: ", "run: ", "vision: ", "load: ", "classify: ", "read labels: ",
}

// terms of the library and of cobra, in those of the command.
var terms = strings.NewReplacer(
	"WithTwin", "--twin",
	": edgetpu: ", ": ",
	": vision: decode: ", ": ",
	", or raise the limit (WithMaxPixels)", "",
	", or raise the limit (WithMaxMemory)", "",
	"\n\nDid you mean this?\n\t", "; did you mean ",
)

// explain is the error in a user's terms.
func explain(err error) string {
	text := terms.Replace(err.Error())
	for _, prefix := range libraryPrefixes {
		text = strings.TrimPrefix(text, prefix)
	}
	for _, a := range advice {
		if errors.Is(err, a.about) {
			return strings.TrimSpace(text) + "; " + a.do
		}
	}
	return strings.TrimSpace(text)
}

// oneLine replaces what would break the line or play tricks on a terminal; it may
// come from the name of a file or tensor.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
