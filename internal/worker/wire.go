package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"time"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/engine"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// protocol counts changes of what the messages mean; what they are made of is in the hash.
const protocol = 3

// hello is the worker's greeting.
type hello struct {
	Protocol int
	Messages string // hash of the messages' types
}

// request has one of its fields set.
type request struct {
	Use   *tfliteLibrary // the library that the program uses
	Open  *openRequest
	Map   bool // the shared memory has its size now
	Infer bool
	Reset bool
}

type openRequest struct {
	Model   []byte
	Device  edgetpu.Device // the zero one for the CPU
	Options edgetpu.Options
	Library []string
	Threads int
	XNNPACK tflite.XNNPACKMode
	Shapes  map[int][]int
	Limits  model.Limits
	Timeout time.Duration
	Memory  uint64 // limit in bytes, 0 for none
}

// tfliteLibrary is the TensorFlow Lite of a process. Path is "" where it has no file that
// another process could open: a part of the program, or where the platform does not tell.
type tfliteLibrary struct{ Path, Version string }

func libraryOf(info tflite.RuntimeInfo) tfliteLibrary {
	if info.Source == tflite.SourceLinked {
		return tfliteLibrary{Version: info.Version}
	}
	return tfliteLibrary{Path: info.Path, Version: info.Version}
}

type response struct {
	Error        *wireError
	Backend, How string
	Sizes        engine.Sizes
}

func greeting() hello {
	h := sha256.New()
	describe(h, reflect.TypeFor[request](), nil)
	describe(h, reflect.TypeFor[response](), nil)
	for _, s := range sentinels {
		fmt.Fprintln(h, s)
	}
	return hello{Protocol: protocol, Messages: hex.EncodeToString(h.Sum(nil)[:8])}
}

// describe writes what gob makes of a type. outer are the types it stands in.
func describe(w io.Writer, t reflect.Type, outer []reflect.Type) {
	fmt.Fprintln(w, t.Kind())
	if slices.Contains(outer, t) {
		return
	}
	outer = append(outer, t)
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			if f.IsExported() {
				fmt.Fprintln(w, f.Name)
				describe(w, f.Type, outer)
			}
		}
	case reflect.Map:
		describe(w, t.Key(), outer)
		describe(w, t.Elem(), outer)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		describe(w, t.Elem(), outer)
	}
}

// wireError is an error that crosses the socket: its text, the sentinels that it wraps,
// and the runtime's own words if it is the runtime's.
type wireError struct {
	Text      string
	Sentinels []int
	TFLite    *wireTFLite
}

type wireTFLite struct {
	Op     string
	Status tflite.Status
	Detail string
	Cause  string // "" for none
}

// sentinels is what survives the journey, by position.
var sentinels = []error{
	errs.ErrClosed, errs.ErrBusy, errs.ErrStale, errs.ErrReadOnly, errs.ErrType, errs.ErrSize, errs.ErrNotFound, errs.ErrRange, errs.ErrMemory,
	errs.ErrUnsupported, errs.ErrPlatform, errs.ErrBadModel, errs.ErrUnresolvedOp,
	errs.ErrDelegateDeclined, errs.ErrLibraryNotFound, errs.ErrNoDevice, errs.ErrPermission,
	errs.ErrDeviceBusy, errs.ErrCgoRequired, edgetpu.ErrRuntimeStuck, context.DeadlineExceeded,
}

func toWire(err error) *wireError {
	if err == nil {
		return nil
	}
	w := &wireError{Text: err.Error()}
	for k, s := range sentinels {
		if errors.Is(err, s) {
			w.Sentinels = append(w.Sentinels, k)
		}
	}
	if e, ok := errors.AsType[*tflite.Error](err); ok {
		w.TFLite = &wireTFLite{Op: e.Op, Status: e.Status, Detail: e.Detail}
		if e.Err != nil {
			w.TFLite.Cause = e.Err.Error()
		}
	}
	return w
}

// err is the error as it was, for all that errors.Is and errors.As can see.
func (w *wireError) err() error {
	r := &remoteError{text: w.Text}
	for _, k := range w.Sentinels {
		if k >= 0 && k < len(sentinels) {
			r.wraps = append(r.wraps, sentinels[k])
		}
	}
	if t := w.TFLite; t != nil {
		e := &tflite.Error{Op: t.Op, Status: t.Status, Detail: t.Detail}
		if t.Cause != "" {
			e.Err = &remoteError{text: t.Cause, wraps: r.wraps}
		}
		r.wraps = append([]error{e}, r.wraps...)
	}
	return r
}

type remoteError struct {
	text  string
	wraps []error
}

func (r *remoteError) Error() string   { return r.text }
func (r *remoteError) Unwrap() []error { return r.wraps }

// layout places the tensors one after the other, each at a multiple of 64 bytes, and
// returns views of mem and the size needed. mem may be nil.
func layout(mem []byte, sizes engine.Sizes) (inputs, outputs [][]byte, total int) {
	place := func(tensors []engine.Tensor) [][]byte {
		views := make([][]byte, 0, len(tensors))
		for _, t := range tensors {
			if mem != nil {
				views = append(views, mem[total:total+t.Bytes:total+t.Bytes])
			}
			total += (t.Bytes + 63) &^ 63
		}
		return views
	}
	inputs = place(sizes.Inputs)
	outputs = place(sizes.Outputs)
	return inputs, outputs, total
}
