package coral

import (
	"errors"
	"runtime/debug"
	"slices"
	"time"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/tflite"
)

// The conversation between a session and its worker process: gob over a socket, with
// the tensors in shared memory. Both ends are the same build, which the greeting makes
// sure of, so there is nothing to negotiate.

// protocol counts changes of the messages below.
const protocol = 1

type hello struct {
	Protocol int
	Build    string
}

func greeting() hello { return hello{Protocol: protocol, Build: build()} }

// build names the version of this module that the program was built with.
func build() string {
	const path = "github.com/gocoral/coral"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Path == path {
		return info.Main.Version
	}
	for _, d := range info.Deps {
		if d.Path == path {
			return d.Version
		}
	}
	return "unknown"
}

// request has one of its fields set.
type request struct {
	Open  *openRequest
	Infer bool
	Reset bool
}

type openRequest struct {
	Model   []byte
	Device  edgetpu.Device
	Options edgetpu.Options
	Library []string
	Threads int
	XNNPACK tflite.XNNPACKMode
	Timeout time.Duration
	Memory  uint64 // limit in bytes, 0 for none
	// Inputs and Outputs are the sizes of the tensors in the shared memory.
	Inputs, Outputs []int
}

type response struct {
	Error        *remoteError
	Backend, How string
}

// remoteError is an error that crossed the socket: its text and the sentinels that it
// wraps.
type remoteError struct {
	Text      string
	Sentinels []int
}

// errWorkerDied is wrapped by the errors of calls that a worker did not survive.
var errWorkerDied = errors.New("no result came back")

// sentinels is what survives the journey, by position.
var sentinels = []error{
	ErrClosed, ErrUnsupported, ErrBadModel, ErrUnresolvedOp, ErrDelegateDeclined, ErrLibraryNotFound,
	ErrNoDevice, ErrPermission, ErrDeviceBusy, ErrCgoRequired, edgetpu.ErrRuntimeStuck,
}

func toRemote(err error) *remoteError {
	if err == nil {
		return nil
	}
	r := &remoteError{Text: err.Error()}
	for k, s := range sentinels {
		if errors.Is(err, s) {
			r.Sentinels = append(r.Sentinels, k)
		}
	}
	return r
}

func (r *remoteError) Error() string { return r.Text }

// Is reports whether the original wrapped target.
func (r *remoteError) Is(target error) bool {
	return slices.ContainsFunc(r.Sentinels, func(k int) bool {
		return k >= 0 && k < len(sentinels) && sentinels[k] == target
	})
}

// layout places the tensors one after the other, each at a multiple of 64 bytes, and
// returns views of mem and the size needed. mem may be nil.
func layout(mem []byte, sizes ...[]int) (views [][][]byte, total int) {
	for _, group := range sizes {
		var g [][]byte
		for _, n := range group {
			if mem != nil {
				g = append(g, mem[total:total+n:total+n])
			}
			total += (n + 63) &^ 63
		}
		views = append(views, g)
	}
	return views, total
}
