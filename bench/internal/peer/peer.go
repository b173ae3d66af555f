//go:build gotflite

// Package peer runs a model with go-tflite, as a program that uses it would, with its
// missing error returns made good.
package peer

import (
	"errors"
	"fmt"
	"reflect"

	gotflite "github.com/mattn/go-tflite"
	"github.com/mattn/go-tflite/delegates"
	"github.com/mattn/go-tflite/delegates/xnnpack"

	"github.com/gocoral/coral/tflite"
)

// Interpreter is one of go-tflite's, on one thread, with all that it depends on.
type Interpreter struct {
	model       *gotflite.Model
	options     *gotflite.InterpreterOptions
	interpreter *gotflite.Interpreter
}

// Open loads a model and allocates its tensors. The delegates stay the caller's, who
// deletes them after the interpreter.
func Open(path string, ds ...delegates.Delegater) (*Interpreter, error) {
	p := new(Interpreter)
	if p.model = gotflite.NewModelFromFile(path); p.model == nil {
		return nil, fmt.Errorf("go-tflite: %s: no model", path)
	}
	p.options = gotflite.NewInterpreterOptions()
	p.options.SetNumThread(1)
	for _, d := range ds {
		p.options.AddDelegate(d)
	}
	if p.interpreter = gotflite.NewInterpreter(p.model, p.options); p.interpreter == nil {
		p.Close()
		return nil, fmt.Errorf("go-tflite: %s: no interpreter", path)
	}
	if s := p.interpreter.AllocateTensors(); s != gotflite.OK {
		p.Close()
		return nil, fmt.Errorf("go-tflite: %s: allocate tensors: %v", path, s)
	}
	return p, nil
}

// SameRuntime is an error where the two libraries do not call the same TensorFlow Lite:
// then nothing can be compared, and no delegate may change places.
func SameRuntime() error {
	if theirs, ours := gotflite.Version(), tflite.Version(); theirs != ours {
		return fmt.Errorf("go-tflite is linked with TensorFlow Lite %s, and ours calls %q: unset CORAL_TFLITE_LIB", theirs, ours)
	}
	return nil
}

// NewXNNPACK makes go-tflite's XNNPACK delegate for one thread.
func NewXNNPACK() (delegates.Delegater, error) {
	d := xnnpack.New(xnnpack.DelegateOptions{NumThreads: 1})
	if d == nil {
		return nil, errors.New("go-tflite: no XNNPACK delegate")
	}
	return d, nil
}

// Set copies a slice of the input's element type into input k.
func (p *Interpreter) Set(k int, slice any) error {
	t := p.interpreter.GetInputTensor(k)
	if t == nil {
		return fmt.Errorf("go-tflite: no input %d", k)
	}
	if err := checkSize(t, slice); err != nil {
		return fmt.Errorf("go-tflite: input %d: %w", k, err)
	}
	if s := t.CopyFromBuffer(slice); s != gotflite.OK {
		return fmt.Errorf("go-tflite: set input %d: %v", k, s)
	}
	return nil
}

// Invoke runs the model once.
func (p *Interpreter) Invoke() error {
	if s := p.interpreter.Invoke(); s != gotflite.OK {
		return fmt.Errorf("go-tflite: invoke: %v", s)
	}
	return nil
}

// Read copies output k into a slice of its element type and length.
func (p *Interpreter) Read(k int, slice any) error {
	t := p.interpreter.GetOutputTensor(k)
	if t == nil {
		return fmt.Errorf("go-tflite: no output %d", k)
	}
	if err := checkSize(t, slice); err != nil {
		return fmt.Errorf("go-tflite: output %d: %w", k, err)
	}
	if s := t.CopyToBuffer(slice); s != gotflite.OK {
		return fmt.Errorf("go-tflite: read output %d: %v", k, s)
	}
	return nil
}

// checkSize does what CopyFromBuffer and CopyToBuffer leave out: they move as many
// bytes as the tensor has, whatever the slice.
func checkSize(t *gotflite.Tensor, slice any) error {
	v := reflect.ValueOf(slice)
	if v.Kind() != reflect.Slice {
		return fmt.Errorf("%T is no slice", slice)
	}
	if bytes := v.Len() * int(v.Type().Elem().Size()); bytes != int(t.ByteSize()) {
		return fmt.Errorf("%T of %d bytes, the tensor has %d", slice, bytes, t.ByteSize())
	}
	return nil
}

// Close frees the interpreter and what it depends on, in the order that go-tflite
// leaves to its users.
func (p *Interpreter) Close() {
	p.interpreter.Delete()
	p.options.Delete()
	p.model.Delete()
}
