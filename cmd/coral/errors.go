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
	"github.com/gocoral/coral/internal/engine"
	"github.com/gocoral/coral/internal/files"
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
	case a.stdout.err != nil: // of cobra's own pages, too
		a.complain("%s", explain(a.stdout.err))
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
	{files.ErrNotRegular, "name a file"},
	{fs.ErrNotExist, "check the path"},
	{fs.ErrPermission, "check who may use it"},
	{syscall.EISDIR, "give it a file"},
	{coral.ErrBadModel, "give it a working .tflite file, or fetch this one again"},
	{coral.ErrTwinMismatch, "compile the Edge TPU model from that CPU model again, or choose another --twin"},
	{coral.ErrUnresolvedOp, "see coral inspect for its operators, and convert the model with built-in ones"},
	{coral.ErrNoTwin, ""}, // it says so
	{engine.ErrHang, "give it longer with --tpu-timeout; of an Edge TPU that hangs, coral doctor --open says more"},
	{coral.ErrNoDevice, "coral devices lists what there is, and --device auto falls back to the CPU"},
	{vision.ErrDamaged, "save or fetch the picture again"},
	{vision.ErrLabels, "give it labels: one a line, CSV, JSON, YAML or a label map in .pbtxt"},
	{vision.ErrGallery, "name another --gallery, or take the model that it was made with"},
	{vision.ErrModel, "see coral inspect for its inputs and outputs"},
}

// libraryPrefixes say where in the library an error comes from, which is no news to
// the user of a command.
var libraryPrefixes = []string{
	"coral: ", "open: ", "run: ", "do: ", "vision: ", "edgetpu: ", "tflite: ", "load: ", "classify: ", "read labels: ",
	"detect: ", "segment: ", "poses: ", "faces: ", "embed: ", "open gallery: ", "add to gallery: ", "search in gallery: ",
	"annotate: ", "save: ", "stream: ", "track: ", "new: ",
}

// terms of the library and of cobra, in those of the command.
var terms = strings.NewReplacer(
	"the path given with WithLibrary", "--edgetpu-lib",
	"WithTwin", "--twin",
	"WithInputShape or Resize", "--input-shape",
	"coral.WithInputShape", "--input-shape",
	"WithInputShape", "--input-shape",
	"WithMaxTensorBytes", "--max-tensor",
	"WithTPUTimeout", "--tpu-timeout",
	"WithIsolation(Isolated)", "--isolated",
	"WithIsolation(InProcess)", "--in-process",
	"WithModelLimits", "--max-tensor",
	"WithThreshold", "--threshold",
	"WithHead", "--head",
	"WithLabelOffset", "--label-offset",
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
		if errors.Is(err, a.about) && a.do == "" {
			return text
		}
		if errors.Is(err, a.about) {
			return strings.TrimSuffix(text, ".") + "; " + a.do
		}
	}
	return text
}

// explainReason is the error in a user's terms.
func explainReason(err error) string { return explainText(explainFiles(err)) }

// explainText is a sentence of the library in a user's terms.
func explainText(text string) string {
	text = terms.Replace(text)
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
	return replaceAll(strings.TrimSpace(withoutPrefixes(reword(text))), cobraErrors)
}

// reword puts a sentence of the library as the command puts its own.
func reword(text string) string {
	for _, class := range classes { // in the middle, with a reason of the runtime's after it
		text = strings.ReplaceAll(text, ": "+class.Error()+": ", ": ")
	}
	text = shapes.ReplaceAllStringFunc(text, func(s string) string { return strings.ReplaceAll(s, " ", ",") })
	text = inputTwice.ReplaceAllStringFunc(text, func(s string) string {
		if m := inputTwice.FindStringSubmatch(s); m[1] != m[3] {
			return s
		}
		return inputTwice.ReplaceAllString(s, "$2$3")
	})
	return replaceAll(text, sentences)
}

var (
	// shapes as fmt prints them; the command writes [1,224,224,3].
	shapes = regexp.MustCompile(`\[-?\d+(?: -?\d+)+\]`)
	// inputTwice is an input that the command and the library have both named.
	inputTwice = regexp.MustCompile(`input ("[^"]*"): (?:set: )?(input \d+ )("[^"]*")`)
)

// rewording is what to say for a sentence.
type rewording struct {
	is   *regexp.Regexp
	says string
}

func replaceAll(text string, by []rewording) string {
	for _, r := range by {
		text = r.is.ReplaceAllString(text, r.says)
	}
	return text
}

// sentences of the library. How an Edge TPU shows in a machine is coral doctor's to say.
var sentences = []rewording{
	{regexp.MustCompile(`\b1 (element|byte|dimension|input|output|frame)s\b`), "1 $1"},
	{regexp.MustCompile(`no attached Edge TPU can be used: device "`), `device "`},
	{regexp.MustCompile(`none is attached; a USB one shows .*/dev/apex_0`), "none is attached"},
	{regexp.MustCompile(`(?:is required: )?device "any": no such Edge TPU: (none is )?attached`), "is required, and ${1}attached"},
	{regexp.MustCompile(`^is required, and `), ""},
	{regexp.MustCompile(`(?:an Edge TPU is required: )?device ("[^"]*"): no such Edge TPU: (none is )?attached`), "no such Edge TPU as $1, ${2}attached"},
}

// explainFiles says what is wrong with a file without the names of system calls.
func explainFiles(err error) string {
	text := err.Error()
	if errors.Is(err, files.ErrNotRegular) { // which says more than that it is no model
		return strings.Replace(text, coral.ErrBadModel.Error()+": ", "", 1)
	}
	p, ok := errors.AsType[*fs.PathError](err)
	if !ok {
		return text
	}
	var says string
	switch {
	case errors.Is(p, fs.ErrNotExist):
		says = p.Path + ": no such file"
	case errors.Is(p, fs.ErrPermission):
		says = "permission to use " + p.Path + " is denied"
	case errors.Is(p, syscall.EISDIR):
		says = p.Path + " is a directory"
	case errors.Is(p, syscall.ENOTDIR):
		says = p.Path + " is not in a directory"
	default:
		says = p.Path + ": " + p.Err.Error()
	}
	return strings.ReplaceAll(text, p.Error(), says)
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
