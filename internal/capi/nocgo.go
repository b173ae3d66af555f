//go:build !cgo

package capi

import "unsafe"

// Available reports whether this program can call TensorFlow Lite.
const Available = false

// Linked reports whether the linker has bound the functions of the runtime.
const Linked = false

// Without cgo there are no C objects. The constructors return nil, callers look at
// [Available] first, and nothing below is reached.

// Functions: see the cgo build.
func Functions() []Function { return nil }

// VersionAt: see the cgo build.
func VersionAt(unsafe.Pointer) string { return "" }

// Bind: see the cgo build.
func Bind([]unsafe.Pointer, string) {}

// SelfCheck: see the cgo build.
func SelfCheck([]byte) ([]string, error) { return nil, nil }

// Publish: see the cgo build.
func Publish() {}

// Version: see the cgo build.
func Version() string { return "" }

// Alloc: see the cgo build.
func Alloc(int) unsafe.Pointer { return nil }

// Free: see the cgo build.
func Free(unsafe.Pointer) {}

// ReporterNew: see the cgo build.
func ReporterNew() Reporter { return nil }

// ReporterFree: see the cgo build.
func ReporterFree(Reporter) {}

// ReporterTake: see the cgo build.
func ReporterTake(Reporter) string { return "" }

// ModelCreate: see the cgo build.
func ModelCreate(unsafe.Pointer, int, Reporter) Model { return nil }

// ModelDelete: see the cgo build.
func ModelDelete(Model) {}

// OptionsCreate: see the cgo build.
func OptionsCreate(int, Reporter) Options { return nil }

// OptionsDelete: see the cgo build.
func OptionsDelete(Options) {}

// OptionsAddDelegate: see the cgo build.
func OptionsAddDelegate(Options, Delegate) {}

// OptionsEnableCancellation: see the cgo build.
func OptionsEnableCancellation(Options) bool { return false }

// OptionsAddCustomOp: see the cgo build.
func OptionsAddCustomOp(Options, string, int, int, unsafe.Pointer, unsafe.Pointer, unsafe.Pointer, unsafe.Pointer) unsafe.Pointer {
	return nil
}

// Placeholder: see the cgo build.
func Placeholder() (prepare, invoke unsafe.Pointer) { return nil, nil }

// InspectorNew: see the cgo build.
func InspectorNew() Inspector { return nil }

// InspectorFree: see the cgo build.
func InspectorFree(Inspector) {}

// InspectorWatch: see the cgo build.
func InspectorWatch(Inspector, Delegate) {}

// InspectorDelegate: see the cgo build.
func InspectorDelegate(Inspector) Delegate { return nil }

// InspectorReport: see the cgo build.
func InspectorReport(Inspector) ([]Usage, int) { return nil, 0 }

// InspectorEmpty: see the cgo build.
func InspectorEmpty(Inspector, Tensor, int) bool { return false }

// InterpreterCreate: see the cgo build.
func InterpreterCreate(Model, Options) Interpreter { return nil }

// InterpreterDelete: see the cgo build.
func InterpreterDelete(Interpreter) {}

// InterpreterAllocate: see the cgo build.
func InterpreterAllocate(Interpreter) Status { return Error }

// InterpreterInvoke: see the cgo build.
func InterpreterInvoke(Interpreter) Status { return Error }

// InterpreterCancel: see the cgo build.
func InterpreterCancel(Interpreter) {}

// InterpreterReset: see the cgo build.
func InterpreterReset(Interpreter) Status { return Error }

// InterpreterResize: see the cgo build.
func InterpreterResize(Interpreter, int, []int) Status { return Error }

// InputCount: see the cgo build.
func InputCount(Interpreter) int { return 0 }

// OutputCount: see the cgo build.
func OutputCount(Interpreter) int { return 0 }

// InputTensor: see the cgo build.
func InputTensor(Interpreter, int) Tensor { return nil }

// OutputTensor: see the cgo build.
func OutputTensor(Interpreter, int) Tensor { return nil }

// InputView: see the cgo build.
func InputView(Interpreter, int) View { return View{Type: -1} }

// OutputView: see the cgo build.
func OutputView(Interpreter, int) View { return View{Type: -1} }

// TensorView: see the cgo build.
func TensorView(Tensor) View { return View{Type: -1} }

// TensorInfo: see the cgo build.
func TensorInfo(Tensor) Info { return Info{} }

// SetPackedStrings: see the cgo build.
func SetPackedStrings(Tensor, []byte) bool { return false }

// CopyContent: see the cgo build.
func CopyContent(Tensor, Tensor) bool { return false }

// HasSignatures: see the cgo build.
func HasSignatures() bool { return false }

// SignatureKeys: see the cgo build.
func SignatureKeys(Interpreter) []string { return nil }

// RunnerCreate: see the cgo build.
func RunnerCreate(Interpreter, string) Runner { return nil }

// RunnerDelete: see the cgo build.
func RunnerDelete(Runner) {}

// RunnerNames: see the cgo build.
func RunnerNames(Runner, bool) []string { return nil }

// RunnerTensor: see the cgo build.
func RunnerTensor(Runner, bool, string) Tensor { return nil }

// RunnerResize: see the cgo build.
func RunnerResize(Runner, string, []int) Status { return Error }

// RunnerAllocate: see the cgo build.
func RunnerAllocate(Runner) Status { return Error }

// RunnerInvoke: see the cgo build.
func RunnerInvoke(Runner) Status { return Error }

// RunnerCancel: see the cgo build.
func RunnerCancel(Runner) {}

// HasXNNPACK: see the cgo build.
func HasXNNPACK() bool { return false }

// XNNPACKCreate: see the cgo build.
func XNNPACKCreate(int, int, uint32) Delegate { return nil }

// XNNPACKDelete: see the cgo build.
func XNNPACKDelete(Delegate) {}
