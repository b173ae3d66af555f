//go:build cgo

package capi

/*
#cgo CFLAGS: -std=gnu11 -O2
#cgo noescape coral_input_view
#cgo nocallback coral_input_view
#cgo noescape coral_output_view
#cgo nocallback coral_output_view
#cgo noescape coral_view_of
#cgo nocallback coral_view_of
#cgo noescape TfLiteInterpreterInvoke
#include <stdlib.h>
#include <string.h>
#include "selfcheck.h"
#include "shim.h"
*/
import "C"

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"unsafe"

	"github.com/gocoral/coral/internal/errs"
)

// Available reports whether this program can call TensorFlow Lite, once it is opened.
const Available = true

// ready is set once the table is complete and checked. Whoever has an object of the
// runtime got it afterwards, so that only the functions that make the first one, or need
// none, look at it.
var ready atomic.Bool

// version is that of the runtime that is bound.
var version atomic.Pointer[string]

// Functions lists what is to be bound, in the order that [Bind] takes the addresses in.
func Functions() []Function {
	all := make([]Function, C.CORAL_FUNCTIONS)
	for k := range all {
		all[k] = Function{
			Name:     C.GoString(C.coral_name(C.int(k))),
			Required: bool(C.coral_required(C.int(k))),
			Linked:   C.coral_address(C.int(k)),
		}
	}
	return all
}

// VersionAt calls the TfLiteVersion at an address. It returns the beginning of what that says,
// up to [LongestVersion] bytes: from another library it may be no text at all.
func VersionAt(address unsafe.Pointer) string {
	v := C.coral_version_at(address)
	if v == nil {
		return ""
	}
	return C.GoStringN(v, C.int(C.strnlen(v, LongestVersion)))
}

// Bind fills the table, with nil where the runtime lacks an optional function. It is
// called before [Publish], by one goroutine at a time; a failed attempt may be followed by
// another.
func Bind(addresses []unsafe.Pointer, v string) {
	for k, address := range addresses {
		C.coral_bind(C.int(k), address)
	}
	version.Store(&v)
	C.coral_structures_known(C.bool(Known(v)))
}

// SelfCheck compares the structures of the bound runtime with those that are known of its
// version, by a model made for it, and lists what is not as expected. It is called between
// [Bind] and [Publish]. The error says why nothing can be looked at, such as that the process
// has too many files open.
func SelfCheck(model []byte) ([]string, error) {
	data := Alloc(len(model))
	if data == nil {
		return nil, errs.ErrMemory
	}
	defer Free(data)
	copy(unsafe.Slice((*byte)(data), len(model)), model)
	var text [2048]C.char
	if e := C.coral_selfcheck(data, C.size_t(len(model)), &text[0], C.size_t(len(text))); e != 0 {
		return nil, fmt.Errorf("its structures cannot be checked: %w", syscall.Errno(e))
	}
	if text[0] == 0 {
		return nil, nil
	}
	return strings.Split(C.GoString(&text[0]), "; "), nil
}

// Publish lets the functions that make objects be called. It is called once.
func Publish() { ready.Store(true) }

// Version returns the version of the runtime, such as "2.17.1", and "" before [Publish].
func Version() string {
	if !ready.Load() {
		return ""
	}
	return *version.Load()
}

// Alloc returns 64 byte aligned memory outside Go's heap, nil when there is none.
func Alloc(bytes int) unsafe.Pointer { return C.coral_alloc(C.size_t(bytes)) }

// Free gives back memory of [Alloc] or [OptionsAddCustomOp].
func Free(p unsafe.Pointer) { C.coral_free(p) }

// ReporterNew makes an empty reporter.
func ReporterNew() Reporter { return Reporter(C.coral_reporter_new()) }

// ReporterFree frees a reporter; nothing may report to it any more.
func ReporterFree(r Reporter) { C.coral_reporter_free((*C.coral_reporter)(r)) }

// ReporterTake returns the text reported since the last call and forgets it.
func ReporterTake(r Reporter) string {
	var buf [2048]C.char
	n := C.coral_reporter_take((*C.coral_reporter)(r), &buf[0], C.size_t(len(buf)))
	return C.GoStringN(&buf[0], C.int(n))
}

// ModelCreate makes a model over memory that must outlive its interpreters. It
// returns nil for bytes that the runtime's verifier refuses, and without a runtime.
func ModelCreate(data unsafe.Pointer, size int, r Reporter) Model {
	if !ready.Load() {
		return nil
	}
	return Model(C.coral_model_create(data, C.size_t(size), (*C.coral_reporter)(r)))
}

// ModelDelete frees the model, not its bytes.
func ModelDelete(m Model) { C.TfLiteModelDelete((*C.TfLiteModel)(m)) }

// OptionsCreate makes options with the given number of threads and the reporter; nil
// without a runtime.
func OptionsCreate(threads int, r Reporter) Options {
	if !ready.Load() {
		return nil
	}
	o := C.TfLiteInterpreterOptionsCreate()
	if o != nil {
		C.TfLiteInterpreterOptionsSetNumThreads(o, C.int32_t(threads))
		C.coral_options_set_reporter(o, (*C.coral_reporter)(r))
	}
	return Options(o)
}

// OptionsDelete frees options; interpreters made with them live on.
func OptionsDelete(o Options) {
	C.TfLiteInterpreterOptionsDelete((*C.TfLiteInterpreterOptions)(o))
}

// OptionsAddDelegate has the delegate applied at creation, in order of addition.
func OptionsAddDelegate(o Options, d Delegate) {
	C.TfLiteInterpreterOptionsAddDelegate((*C.TfLiteInterpreterOptions)(o), (*C.TfLiteDelegate)(d))
}

// OptionsEnableCancellation reports whether the runtime can cancel.
func OptionsEnableCancellation(o Options) bool {
	return bool(C.coral_options_enable_cancellation((*C.TfLiteInterpreterOptions)(o)))
}

// OptionsAddCustomOp registers an operator implemented by four C functions. The
// returned block must be freed with [Free] after the interpreter. It is nil where there is
// no memory, or where the runtime's structures are not known.
func OptionsAddCustomOp(o Options, name string, minVersion, maxVersion int, initFn, freeFn, prepare, invoke unsafe.Pointer) unsafe.Pointer {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	return C.coral_options_add_custom_op((*C.TfLiteInterpreterOptions)(o), cname,
		C.int32_t(minVersion), C.int32_t(maxVersion), initFn, freeFn, prepare, invoke)
}

// Placeholder returns the functions of an operator that can be prepared but not run.
func Placeholder() (prepare, invoke unsafe.Pointer) {
	return unsafe.Pointer(C.coral_placeholder_prepare), unsafe.Pointer(C.coral_placeholder_invoke)
}

// InspectorNew makes an inspector that watches nothing yet.
func InspectorNew() Inspector { return Inspector(C.coral_inspector_new()) }

// InspectorFree frees the inspector, after the interpreter that it was added to.
func InspectorFree(i Inspector) { C.coral_inspector_free((*C.coral_inspector)(i)) }

// InspectorWatch counts for one more delegate; beyond [MaxDelegates] it does not.
func InspectorWatch(i Inspector, d Delegate) {
	C.coral_inspector_watch((*C.coral_inspector)(i), unsafe.Pointer(d))
}

// InspectorDelegate is what to add to the options, last.
func InspectorDelegate(i Inspector) Delegate {
	return Delegate(C.coral_inspector_delegate((*C.coral_inspector)(i)))
}

// InspectorReport returns what each watched delegate took, in order of watching,
// and how many operators are left to the built-in kernels.
func InspectorReport(i Inspector) (taken []Usage, builtin int) {
	r := C.coral_inspector_report((*C.coral_inspector)(i))
	for k := range int(r.delegate_count) {
		taken = append(taken, Usage{Operators: int(r.taken[k]), Kernels: int(r.kernels[k])})
	}
	return taken, int(r.builtin)
}

// InspectorEmpty reports whether an operator writes a tensor without elements, once the
// tensors are allocated. known is the tensor with the given number in the primary graph.
func InspectorEmpty(i Inspector, known Tensor, index int) bool {
	return bool(C.coral_inspector_empty((*C.coral_inspector)(i), (*C.TfLiteTensor)(known), C.int32_t(index)))
}

// InterpreterCreate returns nil when the model cannot be built or a delegate
// fails; the reporter then has the reason.
func InterpreterCreate(m Model, o Options) Interpreter {
	return Interpreter(C.TfLiteInterpreterCreate((*C.TfLiteModel)(m), (*C.TfLiteInterpreterOptions)(o)))
}

// InterpreterDelete frees the interpreter and its tensors.
func InterpreterDelete(i Interpreter) { C.TfLiteInterpreterDelete((*C.TfLiteInterpreter)(i)) }

// InterpreterAllocate plans and allocates tensor memory.
func InterpreterAllocate(i Interpreter) Status {
	return Status(C.TfLiteInterpreterAllocateTensors((*C.TfLiteInterpreter)(i)))
}

// InterpreterInvoke runs the primary graph once.
func InterpreterInvoke(i Interpreter) Status {
	return Status(C.TfLiteInterpreterInvoke((*C.TfLiteInterpreter)(i)))
}

// InterpreterCancel asks a running Invoke to stop before its next operator. It
// may be called from any thread.
func InterpreterCancel(i Interpreter) { C.coral_interpreter_cancel((*C.TfLiteInterpreter)(i)) }

// InterpreterReset sets all variable tensors to zero.
func InterpreterReset(i Interpreter) Status {
	return Status(C.TfLiteInterpreterResetVariableTensors((*C.TfLiteInterpreter)(i)))
}

// InterpreterResize gives an input a new shape; the index must be in range.
func InterpreterResize(i Interpreter, index int, shape []int) Status {
	dims := cints(shape)
	return Status(C.TfLiteInterpreterResizeInputTensor((*C.TfLiteInterpreter)(i),
		C.int32_t(index), unsafe.SliceData(dims), C.int32_t(len(shape))))
}

// InputCount and OutputCount are those of the primary graph.
func InputCount(i Interpreter) int {
	return int(C.TfLiteInterpreterGetInputTensorCount((*C.TfLiteInterpreter)(i)))
}

// OutputCount is the number of outputs of the primary graph.
func OutputCount(i Interpreter) int {
	return int(C.TfLiteInterpreterGetOutputTensorCount((*C.TfLiteInterpreter)(i)))
}

// InputTensor returns an input of the primary graph; the index must be in range.
func InputTensor(i Interpreter, index int) Tensor {
	return Tensor(C.TfLiteInterpreterGetInputTensor((*C.TfLiteInterpreter)(i), C.int32_t(index)))
}

// OutputTensor returns an output of the primary graph; the index must be in range.
func OutputTensor(i Interpreter, index int) Tensor {
	return Tensor(unsafe.Pointer(C.TfLiteInterpreterGetOutputTensor((*C.TfLiteInterpreter)(i), C.int32_t(index))))
}

// InputView is [TensorView] of an input, in one call.
func InputView(i Interpreter, index int) View {
	return view(C.coral_input_view((*C.TfLiteInterpreter)(i), C.int32_t(index)))
}

// OutputView is [TensorView] of an output, in one call.
func OutputView(i Interpreter, index int) View {
	return view(C.coral_output_view((*C.TfLiteInterpreter)(i), C.int32_t(index)))
}

// TensorView tells where a tensor's bytes are; nil gives Type -1.
func TensorView(t Tensor) View { return view(C.coral_view_of((*C.TfLiteTensor)(t))) }

func view(v C.coral_view) View {
	return View{Data: v.data, Bytes: int(v.bytes), Type: int32(v._type), Allocation: int32(v.allocation)}
}

// TensorInfo copies a tensor's description into Go memory.
func TensorInfo(t Tensor) Info {
	p := (*C.TfLiteTensor)(t)
	c := C.coral_tensor_info_of(p)
	info := Info{
		Name:      C.GoString(c.name),
		Shape:     make([]int, max(0, C.TfLiteTensorNumDims(p))),
		Scale:     float32(c.scale),
		ZeroPoint: int(c.zero_point),
		Dimension: int(c.dimension),
		Unknown:   bool(c.unknown_structure),
	}
	for k := range info.Shape {
		info.Shape[k] = int(C.TfLiteTensorDim(p, C.int32_t(k)))
	}
	for k := range int(C.coral_signature_rank(p)) {
		info.Signature = append(info.Signature, int(C.coral_signature_dim(p, C.int32_t(k))))
	}
	if c.scales != nil {
		info.ZeroPoints = goints(c.zero_points, c.zero_point_count)
		if len(info.ZeroPoints) == 1 {
			info.ZeroPoints = slices.Repeat(info.ZeroPoints, int(c.channels))
		}
		for _, s := range unsafe.Slice(c.scales, c.channels) {
			info.Scales = append(info.Scales, float32(s))
		}
	}
	return info
}

// SetPackedStrings replaces the content of a string tensor by TFLite's packed
// form (count, offsets, bytes); false when the tensor cannot take it.
func SetPackedStrings(t Tensor, packed []byte) bool {
	return bool(C.coral_set_packed_strings((*C.TfLiteTensor)(t), unsafe.Pointer(unsafe.SliceData(packed)), C.size_t(len(packed))))
}

// CopyContent copies what one tensor holds to another one of the same type and size;
// false where that cannot be. Constants of the model stay as they are.
func CopyContent(to, from Tensor) bool {
	return bool(C.coral_copy_content((*C.TfLiteTensor)(to), (*C.TfLiteTensor)(from)))
}

// HasSignatures reports whether the runtime knows signatures.
func HasSignatures() bool { return ready.Load() && bool(C.coral_has_signatures()) }

// SignatureKeys lists the keys of the model's signatures.
func SignatureKeys(i Interpreter) []string {
	p := (*C.TfLiteInterpreter)(i)
	keys := make([]string, C.coral_signature_count(p))
	for k := range keys {
		keys[k] = C.GoString(C.coral_signature_key(p, C.int32_t(k)))
	}
	return keys
}

// RunnerCreate returns nil when there is no such signature.
func RunnerCreate(i Interpreter, key string) Runner {
	ckey := C.CString(key)
	defer C.free(unsafe.Pointer(ckey))
	return Runner(C.coral_signature_runner((*C.TfLiteInterpreter)(i), ckey))
}

// RunnerDelete frees the runner, before its interpreter.
func RunnerDelete(r Runner) { C.coral_runner_delete((*C.TfLiteSignatureRunner)(r)) }

// RunnerNames lists a signature's input or output names, in the runtime's order.
func RunnerNames(r Runner, output bool) []string {
	p := (*C.TfLiteSignatureRunner)(r)
	names := make([]string, C.coral_runner_count(p, C.bool(output)))
	for k := range names {
		names[k] = C.GoString(C.coral_runner_name(p, C.bool(output), C.int32_t(k)))
	}
	return names
}

// RunnerTensor returns nil when the signature has no such name.
func RunnerTensor(r Runner, output bool, name string) Tensor {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	return Tensor(C.coral_runner_tensor((*C.TfLiteSignatureRunner)(r), C.bool(output), cname))
}

// RunnerResize gives a signature's input a new shape.
func RunnerResize(r Runner, name string, shape []int) Status {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	dims := cints(shape)
	return Status(C.coral_runner_resize((*C.TfLiteSignatureRunner)(r), cname, unsafe.SliceData(dims), C.int32_t(len(shape))))
}

// RunnerAllocate is [InterpreterAllocate] for the signature's graph.
func RunnerAllocate(r Runner) Status {
	return Status(C.coral_runner_allocate((*C.TfLiteSignatureRunner)(r)))
}

// RunnerInvoke runs the signature's graph once.
func RunnerInvoke(r Runner) Status {
	return Status(C.coral_runner_invoke((*C.TfLiteSignatureRunner)(r)))
}

// RunnerCancel is [InterpreterCancel] for a running RunnerInvoke.
func RunnerCancel(r Runner) { C.coral_runner_cancel((*C.TfLiteSignatureRunner)(r)) }

// HasXNNPACK reports whether the runtime was built with XNNPACK.
func HasXNNPACK() bool { return ready.Load() && bool(C.coral_has_xnnpack()) }

// XNNPACKCreate makes an XNNPACK delegate; nil where there is none.
func XNNPACKCreate(layout, threads int, flags uint32) Delegate {
	if !ready.Load() {
		return nil
	}
	return Delegate(C.coral_xnnpack_create(C.int32_t(layout), C.int32_t(threads), C.uint32_t(flags)))
}

// XNNPACKDelete frees the delegate, after its interpreters.
func XNNPACKDelete(d Delegate) { C.coral_xnnpack_delete((*C.TfLiteDelegate)(d)) }

func cints(shape []int) []C.int {
	dims := make([]C.int, len(shape), len(shape)+1)
	for k, d := range shape {
		dims[k] = C.int(d)
	}
	return dims
}

func goints(p *C.int, n C.int32_t) []int {
	out := make([]int, n)
	for k, v := range unsafe.Slice(p, n) {
		out[k] = int(v)
	}
	return out
}
