package tflite

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gocoral/coral/internal/capi"
	"github.com/gocoral/coral/internal/errs"
)

// The sentinels that this package's errors wrap; test for them with errors.Is.
var (
	// ErrClosed: the model, interpreter or signature was closed before the call.
	ErrClosed = errs.ErrClosed
	// ErrBusy: another goroutine, or a Use callback, holds the interpreter.
	ErrBusy = errs.ErrBusy
	// ErrStale: the tensor handle is from before a Resize or Close.
	ErrStale = errs.ErrStale
	// ErrType: the element type is not the tensor's.
	ErrType = errs.ErrType
	// ErrSize: a length or shape does not fit.
	ErrSize = errs.ErrSize
	// ErrNotFound: the model has no tensor or signature of that name.
	ErrNotFound = errs.ErrNotFound
	// ErrRange: an index or a count is outside of what is possible.
	ErrRange = errs.ErrRange
	// ErrMemory: memory could not be had, or a limit forbids it.
	ErrMemory = errs.ErrMemory
	// ErrReadOnly: the tensor's memory belongs to the model.
	ErrReadOnly = errs.ErrReadOnly
	// ErrUnsupported: the runtime lacks the function.
	ErrUnsupported = errs.ErrUnsupported
	// ErrDelegateDeclined: a delegate failed or refused the model.
	ErrDelegateDeclined = errs.ErrDelegateDeclined
	// ErrUnresolvedOp: the model has an operator that nothing provides.
	ErrUnresolvedOp = errs.ErrUnresolvedOp
	// ErrBadModel: the bytes are not a usable model.
	ErrBadModel = errs.ErrBadModel
	// ErrLibraryNotFound: TensorFlow Lite's library was not found, or is not usable.
	ErrLibraryNotFound = errs.ErrLibraryNotFound
	// ErrPlatform: the processor lacks what the runtime needs.
	ErrPlatform = errs.ErrPlatform
	// ErrCgoRequired: the program was built with CGO_ENABLED=0.
	ErrCgoRequired = errs.ErrCgoRequired
)

// Status is the runtime's own result code, TfLiteStatus.
type Status int32

// The result codes of the C API.
const (
	StatusOK                  Status = Status(capi.OK)
	StatusError               Status = Status(capi.Error)
	StatusDelegateError       Status = Status(capi.DelegateError)
	StatusApplicationError    Status = Status(capi.ApplicationError)
	StatusDelegateNotFound    Status = Status(capi.DelegateNotFound)
	StatusDelegateWriteError  Status = Status(capi.DelegateWriteError)
	StatusDelegateReadError   Status = Status(capi.DelegateReadError)
	StatusUnresolvedOps       Status = Status(capi.UnresolvedOps)
	StatusCancelled           Status = Status(capi.Cancelled)
	StatusOutputShapeNotKnown Status = Status(capi.OutputShapeNotKnown)
)

var statusNames = [...]string{
	StatusOK:                  "ok",
	StatusError:               "runtime error",
	StatusDelegateError:       "delegate error",
	StatusApplicationError:    "application error",
	StatusDelegateNotFound:    "delegate data not found",
	StatusDelegateWriteError:  "delegate data not written",
	StatusDelegateReadError:   "delegate data not read",
	StatusUnresolvedOps:       "unresolved operators",
	StatusCancelled:           "cancelled",
	StatusOutputShapeNotKnown: "output shape not known yet",
}

// String names the status.
func (s Status) String() string {
	if s >= 0 && int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "status " + strconv.Itoa(int(s))
}

// Error is what every failing call of this package returns.
type Error struct {
	// Op is what was tried, such as "invoke".
	Op string
	// Status is the runtime's result code, [StatusOK] when the call never
	// reached the runtime.
	Status Status
	// Detail is what the runtime itself reported during the call, "" when it
	// said nothing. Several messages are joined by "; ".
	Detail string
	// Err is the cause, mostly one of the sentinels with the particulars.
	Err error
}

// Error joins operation, cause and the runtime's own words.
func (e *Error) Error() string {
	if e == nil {
		return "tflite: no error"
	}
	var b strings.Builder
	b.WriteString("tflite: ")
	b.WriteString(e.Op)
	switch {
	case e.Err != nil:
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	case e.Status != StatusOK:
		b.WriteString(": ")
		b.WriteString(e.Status.String())
	}
	if e.Detail != "" {
		b.WriteString(": ")
		b.WriteString(e.Detail)
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// StatusOf returns the runtime's result code inside err: [StatusOK] when there is
// none.
func StatusOf(err error) Status {
	if e, ok := errors.AsType[*Error](err); ok && e != nil {
		return e.Status
	}
	return StatusOK
}

// failf makes an Error for a call that was refused before reaching the runtime.
func failf(op, format string, args ...any) error {
	return &Error{Op: op, Err: fmt.Errorf(format, args...)}
}

// tidy makes one line of a report, without the folders of the machine that the runtime was
// built on.
func tidy(report string) string {
	words := strings.Fields(report)
	for k, word := range words {
		if at := strings.Index(word, "/tensorflow/lite/"); at >= 0 {
			words[k] = word[at+1:]
		}
	}
	return strings.Join(words, " ")
}

// failed makes an Error from a status and what the runtime reported. sentinel may
// be nil; a status or report that says more wins over it.
func failed(op string, status capi.Status, r capi.Reporter, sentinel error) error {
	detail := tidy(capi.ReporterTake(r))
	switch {
	case status == capi.UnresolvedOps,
		strings.Contains(detail, "unresolved custom op"),
		strings.Contains(detail, "Didn't find op for builtin opcode"):
		sentinel = ErrUnresolvedOp
	case strings.Contains(detail, "ailed to allocate"), strings.Contains(detail, "out of memory"):
		sentinel = ErrMemory
	case status == capi.DelegateError:
		sentinel = ErrDelegateDeclined
	}
	return &Error{Op: op, Status: Status(status), Detail: detail, Err: sentinel}
}
