package coral

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// engine runs the compiled model on one accelerator, one inference at a time. Its
// memory is its own, so that an inference which nobody waits for any more disturbs
// nobody.
type engine interface {
	// load copies the inputs in, unload the outputs out.
	load(inputs [][]byte) error
	unload(outputs [][]byte) error
	// invoke runs the model. It cannot be interrupted and may never return.
	invoke() error
	// reset sets variable tensors to zero.
	reset() error
	// abandon is called instead of close for an engine whose invoke does not return.
	// It reports whether the device may be opened again.
	abandon() bool
	close()
	// gone is closed when the engine has ended by itself; nil if that cannot be.
	gone() <-chan struct{}
	// describe tells what runs the operators, and how the device is driven.
	describe() (backend, how string)
}

// engineSpec is what an engine needs to know besides its device.
type engineSpec struct {
	model   []byte
	parsed  *model.Model
	threads int
	xnnpack tflite.XNNPACKMode
	options edgetpu.Options
	library []string
	memory  uint64 // limit for a worker process, 0 for none
	note    string // what to add to the description of an engine in this process
	logger  *slog.Logger
}

// localEngine drives the device in this process, or the CPU if there is none.
type localEngine struct {
	interpreter *tflite.Interpreter
	runtime     *edgetpu.Runtime // nil for the CPU
	inputs      []*tflite.Tensor
	outputs     []*tflite.Tensor
	note        string
	jobs        chan struct{}
	done        chan error
}

// openLocal opens the device and prepares the model on it.
func openLocal(ctx context.Context, spec *engineSpec, d edgetpu.Device) (*localEngine, error) {
	rt, err := edgetpu.Load(spec.library...)
	if err != nil {
		return nil, err
	}
	if err := checkRuntimeVersion(spec.parsed, rt); err != nil {
		return nil, err
	}
	delegate, err := rt.NewDelegate(ctx, d, spec.options)
	if err != nil {
		return nil, err
	}
	defer delegate.Delete() // the interpreter keeps it
	return prepare(spec, rt, tflite.WithDelegates(delegate))
}

// prepare makes the engine's interpreter.
func prepare(spec *engineSpec, rt *edgetpu.Runtime, opts ...tflite.Option) (*localEngine, error) {
	m, err := tflite.NewModel(spec.model)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	i, err := tflite.NewInterpreter(m, append(opts, tflite.WithThreads(spec.threads),
		tflite.WithXNNPACK(spec.xnnpack), tflite.WithLogger(spec.logger))...)
	if err != nil {
		return nil, err
	}
	e := &localEngine{interpreter: i, runtime: rt, note: spec.note, jobs: make(chan struct{}), done: make(chan error, 1)}
	if err := e.tensors(); err != nil {
		i.Close()
		return nil, err
	}
	go e.work()
	return e, nil
}

// checkRuntimeVersion refuses what libedgetpu would refuse later and with less to say.
func checkRuntimeVersion(m *model.Model, rt *edgetpu.Runtime) error {
	compiled, err := m.EdgeTPU()
	if err != nil || compiled == nil {
		return err
	}
	have := rt.RuntimeVersion()
	if need := compiled.MinRuntimeVersion; have != 0 && need > have {
		return fmt.Errorf("the model needs Edge TPU runtime %d, %s is %d: install a newer libedgetpu1-std or libedgetpu1-max: %w", need, rt.Path(), have, ErrUnsupported)
	}
	return nil
}

func (e *localEngine) tensors() error {
	for k := range e.interpreter.InputCount() {
		t, err := e.interpreter.Input(k)
		if err != nil {
			return err
		}
		e.inputs = append(e.inputs, t)
	}
	for k := range e.interpreter.OutputCount() {
		t, err := e.interpreter.Output(k)
		if err != nil {
			return err
		}
		e.outputs = append(e.outputs, t)
	}
	return nil
}

// work invokes on one thread for the engine's whole life: libedgetpu keeps something
// for every thread that it has ever been called on.
func (e *localEngine) work() {
	runtime.LockOSThread()
	for range e.jobs {
		e.done <- e.interpreter.Invoke(context.Background())
	}
}

func (e *localEngine) invoke() error {
	e.jobs <- struct{}{}
	return <-e.done
}

func (e *localEngine) load(inputs [][]byte) error {
	for k, b := range inputs {
		if err := e.inputs[k].SetBytes(b); err != nil {
			return err
		}
	}
	return nil
}

func (e *localEngine) unload(outputs [][]byte) error {
	for k, b := range outputs {
		if err := e.outputs[k].ReadBytes(b); err != nil {
			return err
		}
	}
	return nil
}

func (e *localEngine) reset() error { return e.interpreter.ResetVariables() }

// abandon leaves interpreter, thread and device as they are, for good: the library may
// hold its lock, so nothing of it can be called again.
func (e *localEngine) abandon() bool {
	if e.runtime != nil {
		e.runtime.Quarantine("an inference")
	}
	keep(e)
	return false
}

func (e *localEngine) close() {
	close(e.jobs)
	e.interpreter.Close()
}

func (e *localEngine) gone() <-chan struct{} { return nil }

func (e *localEngine) describe() (backend, how string) {
	return e.interpreter.Backend().String(), "in this process, " + e.by() + e.note
}

// by names the library that drives the device.
func (e *localEngine) by() string {
	if e.runtime == nil {
		return "by TensorFlow Lite " + tflite.Version()
	}
	return "by " + e.runtime.Path()
}

// quarantined keeps abandoned engines reachable, so that no cleanup frees what a stuck
// call is using.
var quarantined struct {
	sync.Mutex
	engines []engine
}

func keep(e engine) {
	quarantined.Lock()
	defer quarantined.Unlock()
	quarantined.engines = append(quarantined.engines, e)
}
