package coral

import (
	"context"
	"errors"
	"time"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/tflite"
)

// sandbox runs a CPU model in a worker process, for one interpreter of a session. A model
// that crashes the runtime, or takes more memory or time than it may, costs an error.
type sandbox struct {
	start   func(context.Context) (engine, error)
	timeout time.Duration
	engine  engine // nil until started, and after a failure

	stateful   bool // see sequence
	startAgain bool
	state      sequence
}

// sandboxOperator stands for the model in the interpreter of this process.
const sandboxOperator = "gocoral-elsewhere"

// newSandbox makes a sandbox for the file, with its worker running, and the interpreter
// whose Invokes it serves. That one knows the model's inputs and outputs, and nothing of
// what the file has between them.
func newSandbox(ctx context.Context, f *file, c *config) (*sandbox, *tflite.Interpreter, error) {
	inputs, outputs, err := f.sizes()
	if err != nil {
		return nil, nil, err
	}
	b := &sandbox{timeout: c.watchdog, stateful: f.parsed.HasVariables(), startAgain: c.resetState, start: func(ctx context.Context) (engine, error) {
		cmd, err := launcher()
		if err != nil {
			return nil, err
		}
		return openInWorker(ctx, cmd, c.engineSpec(f), edgetpu.Device{}, inputs, outputs)
	}}
	i, err := b.interpreter(f)
	if err != nil {
		return nil, nil, err
	}
	if b.engine, err = b.start(ctx); err != nil {
		i.Close()
		return nil, nil, err
	}
	return b, i, nil
}

func (b *sandbox) interpreter(f *file) (*tflite.Interpreter, error) {
	standIn, err := tflitewriter.StandIn(sandboxOperator, f.parsed.Inputs(), f.parsed.Outputs())
	if err != nil {
		return nil, err
	}
	m, err := tflite.NewModel(standIn)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	return tflite.NewInterpreter(m, tflite.WithXNNPACK(tflite.XNNPACKOff),
		tflite.WithPlaceholderOp(sandboxOperator), tflite.WithOffload(b.run))
}

// run is the offload of the sandbox's interpreter. A worker that dies gets a second chance,
// in case that somebody killed it; a model that kills it twice is to blame.
func (b *sandbox) run(ctx context.Context, o *tflite.Offload) error {
	err := b.try(ctx, o)
	if errors.Is(err, errWorkerDied) && errs.Ended(ctx) == nil {
		err = b.try(ctx, o)
	}
	return err
}

func (b *sandbox) try(ctx context.Context, o *tflite.Offload) error {
	if err := b.state.lost(b.startAgain); err != nil {
		return err
	}
	if b.engine == nil {
		var err error
		if b.engine, err = b.start(ctx); err != nil {
			b.engine = nil
			return err
		}
	}
	e := b.engine
	if err := e.load(o.Inputs()); err != nil {
		return err
	}
	begins := b.stateful && !b.state.placed
	inTime, err := await(ctx, b.timeout, func() error {
		if begins {
			if err := e.reset(); err != nil {
				return err
			}
		}
		return e.invoke()
	}, func(error) {})
	switch {
	case err == nil:
		b.state = sequence{placed: b.stateful, place: e, advanced: true}
		return e.unload(o.Outputs())
	case !inTime || errors.Is(err, errHang) || errors.Is(err, errWorkerDied):
		b.drop(err)
	}
	return err
}

// drop kills the worker; the next call starts another.
func (b *sandbox) drop(why error) {
	b.state.leave(b.engine, why)
	b.engine.abandon()
	b.engine = nil
}

func (b *sandbox) resetState()      { b.state = sequence{} }
func (b *sandbox) untell(err error) { b.state.untell(err) }

// close ends the worker.
func (b *sandbox) close() {
	if b.engine != nil {
		b.engine.close()
	}
}
