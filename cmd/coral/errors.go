package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"runtime/debug"
	"slices"
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
	child, isChild := errors.AsType[childError](err)
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
	"coral: ", "open: ", "run: ", "do: ", "vision: ", "edgetpu: ", "tflite: ", "load: ", "classify: ", "read labels: ",
}

// terms of the library and of cobra, in those of the command.
var terms = strings.NewReplacer(
	"WithTwin", "--twin",
	"coral.WithInputShape", "--input-shape",
	"WithMaxTensorBytes", "--max-tensor",
	"WithTPUTimeout", "--tpu-timeout",
	"WithIsolation(Isolated)", "--isolated",
	"WithIsolation(InProcess)", "--in-process",
	"WithModelLimits", "--max-tensor",
	"give CPUOnly", "give --device cpu",
	" (WithMaxPixels)", "",
	" (WithMaxTensorBytes)", " (--max-tensor)",
	": coral: ", ": ",
	": edgetpu: ", ": ",
	": tflite: ", ": ",
	": vision: decode: ", ": ",
	": vision: ", ": ",
	", or raise the limit (WithMaxPixels)", "",
	", or raise the limit (WithMaxMemory)", "",
	"\n\nDid you mean this?\n\t", "; did you mean ",
)

// numberError is how package strconv words its errors, which flags of cobra's pass on.
var numberError = regexp.MustCompile(`strconv\.(Parse|Atoi)(\w*): parsing "[^"]*": (invalid syntax|value out of range)`)

// classes are sentinels that tell programs of what kind an error is. To people, the
// sentence before them has said so, with numbers and what to do.
var classes = []error{
	coral.ErrSize, coral.ErrRange, coral.ErrType, coral.ErrNotFound, coral.ErrMemory, coral.ErrUnsupported, coral.ErrPlatform,
}

// explain is the error in a user's terms, with advice.
func explain(err error) string {
	text := explainReason(err)
	if errors.Is(err, coral.ErrMemory) && strings.Contains(text, "limit") && !strings.Contains(text, "--max-tensor") {
		return text + "; --max-tensor raises the limit"
	}
	for _, a := range advice {
		if errors.Is(err, a.about) {
			return strings.TrimSuffix(text, ".") + "; " + a.do
		}
	}
	return text
}

// explainReason is the error in a user's terms.
func explainReason(err error) string {
	text := terms.Replace(err.Error())
	text = numberError.ReplaceAllStringFunc(text, func(found string) string {
		if strings.Contains(found, "ParseBool") {
			return "give true or false"
		}
		return either(strings.HasSuffix(found, "range"), "the number is too large", "give a number")
	})
	for range classes { // one may be behind another
		for _, class := range classes {
			text = withoutClass(text, class)
		}
	}
	return strings.TrimSpace(withoutPrefixes(text))
}

// withoutPrefixes takes away what names packages and their functions.
func withoutPrefixes(text string) string {
	for {
		short := text
		for _, prefix := range libraryPrefixes {
			short = strings.TrimPrefix(short, prefix)
		}
		if short == text {
			return text
		}
		text = short
	}
}

// withoutClass takes the class off the end of a sentence that can stand without. What is
// left of "XNNPACK: not supported by this runtime" could not.
func withoutClass(text string, class error) string {
	sentence, ended := strings.CutSuffix(text, ": "+class.Error())
	if !ended {
		return text
	}
	last := sentence[strings.LastIndex(sentence, ": ")+1:]
	isClass := slices.ContainsFunc(classes, func(c error) bool { return strings.TrimSpace(last) == c.Error() })
	const words = 4
	if !isClass && len(strings.Fields(last)) < words {
		return sentence + " is " + class.Error()
	}
	return sentence
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
