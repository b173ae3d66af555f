package capi

import "unsafe"

// Pointers to objects of the C API. They point outside Go's heap, so the
// garbage collector neither follows nor moves them.
type (
	// Model is a TfLiteModel*.
	Model unsafe.Pointer
	// Options is a TfLiteInterpreterOptions*.
	Options unsafe.Pointer
	// Interpreter is a TfLiteInterpreter*.
	Interpreter unsafe.Pointer
	// Runner is a TfLiteSignatureRunner*.
	Runner unsafe.Pointer
	// Tensor is a TfLiteTensor*.
	Tensor unsafe.Pointer
	// Delegate is a TfLiteDelegate*.
	Delegate unsafe.Pointer
	// Reporter collects what the runtime reports during a call.
	Reporter unsafe.Pointer
	// Inspector counts which delegate took how many operators.
	Inspector unsafe.Pointer
)

// Status is a TfLiteStatus.
type Status int32

// The statuses of the C API.
const (
	OK                  Status = 0
	Error               Status = 1
	DelegateError       Status = 2
	ApplicationError    Status = 3
	DelegateNotFound    Status = 4
	DelegateWriteError  Status = 5
	DelegateReadError   Status = 6
	UnresolvedOps       Status = 7
	Cancelled           Status = 8
	OutputShapeNotKnown Status = 9
)

// Allocation types of a tensor that matter here.
const (
	// MmapRO is memory inside the model: not to be written.
	MmapRO = 1
	// Dynamic is memory the runtime allocates anew when a size changes.
	Dynamic = 4
)

// View is where a tensor's bytes are right now.
type View struct {
	Data       unsafe.Pointer
	Bytes      int
	Type       int32 // TfLiteType, -1 when there is no such tensor
	Allocation int32
}

// Info is what the runtime knows of a tensor besides its bytes.
type Info struct {
	Name       string
	Shape      []int
	Signature  []int // nil where the runtime keeps none
	Scale      float32
	ZeroPoint  int
	Scales     []float32 // per channel
	ZeroPoints []int
	Dimension  int
	// Unknown is set where the runtime's structures are not known: then scales and zero
	// points per channel are not told.
	Unknown bool
}

// Usage is what one delegate took of the graph.
type Usage struct {
	Operators int
	Kernels   int
}

// MaxDelegates is how many delegates an [Inspector] can tell apart.
const MaxDelegates = 8
