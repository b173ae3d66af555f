package tflite

import (
	"context"
	"time"

	"github.com/gocoral/coral/internal/capi"
	"github.com/gocoral/coral/internal/errs"
)

// Invoke runs the primary graph once, on the inputs as they are.
//
// When ctx ends before the call, nothing runs. When it ends during the call, the
// runtime is asked to stop: it does so between two operators, and a graph that
// XNNPACK took as a whole is one operator, so Invoke can still take as long as it
// would have. It always waits for the runtime, and then returns an error that
// wraps ctx.Err(), also when the runtime had finished. The outputs are then not to
// be relied on; the interpreter is.
//
// With a ctx that cannot end, such as context.Background(), Invoke allocates
// nothing.
func (i *Interpreter) Invoke(ctx context.Context) error {
	const op = "invoke"
	if err := i.acquire(op); err != nil {
		return err
	}
	defer i.release()
	if err := errs.Ended(ctx); err != nil {
		return &Error{Op: op, Err: err}
	}
	if err := i.allocate(op); err != nil {
		return err
	}
	if i.options.observe == nil {
		return i.invoke(ctx, op)
	}
	start := time.Now()
	err := i.invoke(ctx, op)
	i.options.observe(time.Since(start), err)
	return err
}

func (i *Interpreter) invoke(ctx context.Context, op string) error {
	if i.options.offload != nil {
		return i.invokeElsewhere(ctx, op)
	}
	return i.finish(ctx, op, i.run(ctx, i.primary()), i.outputs)
}

func (i *Interpreter) run(ctx context.Context, g graph) capi.Status {
	if ctx == nil || ctx.Done() == nil {
		return g.invoke()
	}
	finished, cancelled := make(chan struct{}), make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(cancelled)
		cancelUntil(finished, g)
	})
	status := g.invoke()
	close(finished)
	if !stop() {
		<-cancelled // a late cancel must not meet the next Invoke
	}
	return status
}

// cancelUntil repeats the request: the runtime forgets one that comes before it
// has entered Invoke.
func cancelUntil(finished <-chan struct{}, g graph) {
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-finished:
			return
		default:
			g.cancel()
		}
		select {
		case <-finished:
			return
		case <-again.C:
		}
	}
}

// finish turns a status into an error and follows outputs whose size has changed.
func (i *Interpreter) finish(ctx context.Context, op string, status capi.Status, outputs []*Tensor) error {
	if err := errs.Ended(ctx); err != nil {
		capi.ReporterTake(i.res.reporter)
		return &Error{Op: op, Status: Status(status), Err: err}
	}
	if status != capi.OK {
		return failed(op, status, i.res.reporter, nil)
	}
	for _, t := range outputs {
		if t.dynamic {
			t.refresh()
			t.filled = true
		}
	}
	return nil
}
