package failover

import (
	"context"
	"time"

	"github.com/gocoral/coral/edgetpu"
)

// Call is one Invoke of a session's interpreter; a *tflite.Offload is one.
type Call interface {
	// Inputs and Outputs are the memory of the tensors.
	Inputs() [][]byte
	Outputs() [][]byte
	// Local runs the interpreter's own graph.
	Local(ctx context.Context) error
	// ResetVariables sets the state of that graph to its initial values.
	ResetVariables() error
}

// Executor runs the inferences of a session somewhere else than in its interpreters. Its
// methods may be called from any goroutine.
type Executor interface {
	// Route runs one inference. When ctx ends it returns at once.
	Route(ctx context.Context, c Call) error
	// Status tells where the next inference runs, as far as can be known.
	Status() Status
	// Backend tells what runs the operators there; false if that is not known here.
	Backend() (string, bool)
	// Stats lists the accelerators in order, the CPU last.
	Stats() []Stats
	// ResetState ends the sequence of a stateful model; the next begins with the initial
	// state.
	ResetState()
	// Invalidate is told that a call was given up, and that nobody has heard how it ended:
	// the state of a stateful model is lost.
	Invalidate(why error)
	// Close gives the devices back. It does not wait for one that hangs.
	Close()
}

// Kind is what an inference can run on.
type Kind int

// The kinds.
const (
	None Kind = iota // nothing: no accelerator is usable, and the CPU may not stand in
	CPU
	TPU
)

// Status is where the next inference runs, and why.
type Status struct {
	Kind   Kind
	Device edgetpu.Device // with TPU
	How    string         // how the device is driven, with TPU or in a worker process
	Cause  error          // why it is not a TPU; nil with TPU, and where none was wanted
}

// Stats tells what one device did for a session.
type Stats struct {
	Device edgetpu.Device // the zero one for the CPU
	Kind   Kind
	Up     bool
	Reason error // why it is not up
	// Inferences that gave a result, and Errors that gave none.
	Inferences, Errors int
	Busy               time.Duration
	P50, P99           time.Duration
}
