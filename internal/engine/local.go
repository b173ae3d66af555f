package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// local drives the device in this process, or the CPU if there is none.
type local struct {
	interpreter *tflite.Interpreter
	runtime     *edgetpu.Runtime // nil for the CPU
	inputs      []*tflite.Tensor
	outputs     []*tflite.Tensor
	sizes       Sizes
	where, note string
	jobs        chan struct{}
	done        chan error
	quit        chan struct{} // closed when no job comes any more
	quitting    sync.Once
	closing     sync.Once
}

// OpenDevice opens the device in this process and prepares the model on it.
func OpenDevice(ctx context.Context, spec *Spec, d edgetpu.Device) (Engine, error) {
	rt, err := edgetpu.Load(spec.Library...)
	if err != nil {
		return nil, err
	}
	if err := checkRuntimeVersion(spec.Parsed, rt); err != nil {
		return nil, err
	}
	delegate, err := rt.NewDelegate(ctx, d, spec.Options)
	if err != nil {
		return nil, err
	}
	defer delegate.Delete() // the interpreter keeps it
	return prepare(spec, rt, tflite.WithDelegates(delegate))
}

// OpenCPU prepares the model on the CPU in this process.
func OpenCPU(spec *Spec) (Engine, error) { return prepare(spec, nil) }

// prepare makes the engine's interpreter.
func prepare(spec *Spec, rt *edgetpu.Runtime, delegates ...tflite.Option) (Engine, error) {
	m, err := tflite.NewModel(spec.Model, tflite.WithModelLimits(spec.Limits))
	if err != nil {
		return nil, err
	}
	defer m.Close()
	i, err := Interpreter(m, spec, delegates...)
	if err != nil {
		return nil, err
	}
	e := &local{interpreter: i, runtime: rt, where: spec.Where, note: spec.Note, jobs: make(chan struct{}), done: make(chan error, 1), quit: make(chan struct{})}
	if err := e.tensors(); err != nil {
		i.Close()
		return nil, err
	}
	go e.work()
	return e, nil
}

// Interpreter makes an interpreter as the spec says, with its tensors allocated. The
// spec's own options come before the further ones, which may override them.
func Interpreter(m *tflite.Model, spec *Spec, further ...tflite.Option) (*tflite.Interpreter, error) {
	opts := []tflite.Option{tflite.WithThreads(spec.Threads), tflite.WithXNNPACK(spec.XNNPACK), tflite.WithLogger(spec.Logger)}
	for index, shape := range spec.Shapes {
		opts = append(opts, tflite.WithInputShape(index, shape...))
	}
	i, err := tflite.NewInterpreter(m, slices.Concat(opts, spec.TFLite, further)...)
	if err != nil {
		return nil, err
	}
	if err := i.AllocateTensors(); err != nil {
		i.Close()
		return nil, err
	}
	return i, nil
}

// checkRuntimeVersion refuses what libedgetpu would refuse later and with less to say.
func checkRuntimeVersion(m *model.Model, rt *edgetpu.Runtime) error {
	compiled, err := m.EdgeTPU()
	if err != nil || compiled == nil {
		return err
	}
	have := rt.RuntimeVersion()
	if need := compiled.MinRuntimeVersion; have != 0 && need > have {
		return fmt.Errorf("the model needs Edge TPU runtime %d, %s is %d: install a newer libedgetpu1-std or libedgetpu1-max: %w", need, rt.Path(), have, errs.ErrUnsupported)
	}
	return nil
}

func (e *local) tensors() (err error) {
	if e.sizes, err = SizesOf(e.interpreter); err != nil {
		return err
	}
	if e.inputs, err = collect(e.interpreter.InputCount(), e.interpreter.Input); err == nil {
		e.outputs, err = collect(e.interpreter.OutputCount(), e.interpreter.Output)
	}
	return err
}

func collect(n int, get func(int) (*tflite.Tensor, error)) ([]*tflite.Tensor, error) {
	all := make([]*tflite.Tensor, n)
	for k := range all {
		var err error
		if all[k], err = get(k); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// work invokes on one thread for the engine's whole life: libedgetpu keeps something
// for every thread that it has ever been called on.
func (e *local) work() {
	runtime.LockOSThread()
	for {
		select {
		case <-e.jobs:
			e.done <- e.interpreter.Invoke(context.Background())
		case <-e.quit:
			return
		}
	}
}

func (e *local) Invoke() error {
	select {
	case e.jobs <- struct{}{}:
		return <-e.done
	case <-e.quit:
		return errs.ErrClosed
	}
}

func (e *local) stop() { e.quitting.Do(func() { close(e.quit) }) }

func (e *local) Sizes() Sizes { return e.sizes }

var errTensors = errors.New("wrong number of tensors")

func (e *local) Load(inputs [][]byte) error {
	if len(inputs) != len(e.inputs) {
		return fmt.Errorf("%w: %d inputs for %d: %w", errTensors, len(inputs), len(e.inputs), errs.ErrSize)
	}
	for k, b := range inputs {
		if err := e.inputs[k].SetBytes(b); err != nil {
			return err
		}
	}
	return nil
}

func (e *local) Unload(outputs [][]byte) error {
	if len(outputs) != len(e.outputs) {
		return fmt.Errorf("%w: %d outputs for %d: %w", errTensors, len(e.outputs), len(outputs), errs.ErrSize)
	}
	for k, b := range outputs {
		if err := e.outputs[k].ReadBytes(b); err != nil {
			return err
		}
	}
	return nil
}

func (e *local) Reset() error { return e.interpreter.ResetVariables() }

// Abandon leaves interpreter, thread and device as they are, for good: the library may
// hold its lock, so nothing of it can be called again.
func (e *local) Abandon() bool {
	if e.runtime != nil {
		e.runtime.Quarantine("an inference")
	}
	keep(e)
	e.stop() // should the call return after all
	return false
}

func (e *local) Close() {
	e.closing.Do(func() {
		e.stop()
		e.interpreter.Close()
	})
}

func (e *local) Gone() <-chan struct{} { return nil }

func (e *local) Describe() (backend, how string) {
	return e.interpreter.Backend().String(), e.where + e.by() + e.note
}

// by names the library that drives the device.
func (e *local) by() string {
	if e.runtime == nil {
		return "by TensorFlow Lite " + tflite.Version()
	}
	return "by " + e.runtime.Path()
}

// quarantined keeps abandoned engines reachable, so that no cleanup frees what a stuck
// call is using.
var quarantined struct {
	sync.Mutex
	engines []Engine
}

func keep(e Engine) {
	quarantined.Lock()
	defer quarantined.Unlock()
	quarantined.engines = append(quarantined.engines, e)
}
