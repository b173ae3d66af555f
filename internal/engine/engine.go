package engine

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// ErrDied is wrapped by the error of a call which the process that served it did not
// survive.
var ErrDied = errors.New("no result came back")

// Engine runs a model, one inference at a time. Its tensors have memory of their own, so
// that an inference whose caller has gone disturbs no other.
type Engine interface {
	// Sizes are those of the tensors, as the runtime has allocated them.
	Sizes() Sizes
	// Load copies the inputs in, Unload the outputs out; each slice is one tensor.
	Load(inputs [][]byte) error
	Unload(outputs [][]byte) error
	// Invoke runs the model. It cannot be interrupted and may never return.
	Invoke() error
	// Reset sets the model's state to its initial values.
	Reset() error
	// Abandon is called instead of Close for an engine whose Invoke does not return.
	// It reports whether the device may be opened again.
	Abandon() bool
	Close()
	// Gone is closed when the engine has ended by itself; nil if that cannot be.
	Gone() <-chan struct{}
	// Describe tells what runs the operators, and how the device is driven.
	Describe() (backend, how string)
}

// Spec is what an engine needs to know besides its device.
type Spec struct {
	Model   []byte
	Parsed  *model.Model
	Limits  model.Limits
	Threads int
	XNNPACK tflite.XNNPACKMode
	// Shapes are those of inputs that are to have others than in the file.
	Shapes  map[int][]int
	Options edgetpu.Options
	Library []string
	Memory  uint64          // limit for a worker process, 0 for none
	TFLite  []tflite.Option // further ones, for an engine in this process only
	// Where and Note come before and after the description of an engine in this process.
	Where, Note string
	Logger      *slog.Logger
}

// Tensor is the size of an input or output.
type Tensor struct {
	Shape []int
	Bytes int
}

// Sizes are those of a model's inputs and outputs, in order.
type Sizes struct{ Inputs, Outputs []Tensor }

// SizesOf asks an interpreter whose tensors are allocated. Tensors that have no size before
// an inference, and strings, wrap [errs.ErrUnsupported].
func SizesOf(i *tflite.Interpreter) (s Sizes, err error) {
	if s.Inputs, err = sizes(i.InputCount(), i.Input); err == nil {
		s.Outputs, err = sizes(i.OutputCount(), i.Output)
	}
	return s, err
}

func sizes(n int, get func(int) (*tflite.Tensor, error)) ([]Tensor, error) {
	all := make([]Tensor, n)
	for k := range all {
		t, err := get(k)
		if err != nil {
			return nil, err
		}
		info := t.Info()
		if info.Type == tflite.TypeString || info.Dynamic {
			return nil, fmt.Errorf("tensor %q has no size before an inference has run: %w", info.Name, errs.ErrUnsupported)
		}
		all[k] = Tensor{Shape: info.Shape, Bytes: info.ByteSize}
	}
	return all, nil
}

// Same says where other differs, if it does. Only the numbers of bytes count: a shape of
// [1, 10] and one of [10] are the same to whoever exchanges the contents.
func (s Sizes) Same(other Sizes) error {
	if err := same("input", s.Inputs, other.Inputs); err != nil {
		return err
	}
	return same("output", s.Outputs, other.Outputs)
}

func same(side string, here, there []Tensor) error {
	if len(here) != len(there) {
		return fmt.Errorf("%d %ss here and %d there: %w", len(here), side, len(there), errs.ErrSize)
	}
	for k := range here {
		if here[k].Bytes != there[k].Bytes {
			return fmt.Errorf("%s %d has %d bytes %v here and %d bytes %v there: %w", side, k,
				here[k].Bytes, here[k].Shape, there[k].Bytes, there[k].Shape, errs.ErrSize)
		}
	}
	return nil
}

// Buffers makes memory for tensors.
func Buffers(tensors []Tensor) [][]byte {
	b := make([][]byte, len(tensors))
	for k, t := range tensors {
		b[k] = make([]byte, t.Bytes)
	}
	return b
}
