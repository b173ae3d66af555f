package tflite

import (
	"runtime"

	"github.com/gocoral/coral/internal/capi"
)

// ResetVariables sets the state of the model to what it was before the first Invoke:
// variable tensors, the state of an LSTM for example, to zero, and resource variables
// (VAR_HANDLE, as streaming models have) to the model's own initial values.
//
// Inputs keep their content and handles stay good; what outputs hold is not to be relied
// on. The runtime cannot reset resource variables, so a model that has any gets a new
// interpreter inside this one, which takes as long as [NewInterpreter] and, for that
// time, as much memory again. Views of [Data] end with it.
func (i *Interpreter) ResetVariables() error {
	const op = "reset variables"
	if err := i.acquire(op); err != nil {
		return err
	}
	defer i.release()
	if err := i.allocate(op); err != nil {
		return err
	}
	return i.reset(op)
}

func (i *Interpreter) reset(op string) error {
	if i.res.model.resourceVariables {
		return i.rebuild(op, i.res.layout)
	}
	if s := capi.InterpreterReset(i.res.interpreter); s != capi.OK {
		return failed(op, s, i.res.reporter, nil)
	}
	return nil
}

// rebuild replaces the runtime's interpreter by a new one with the same shapes and
// content, and nothing else of what has happened since.
func (i *Interpreter) rebuild(op string, layout int) error {
	fresh, err := newResources(op, i.res.model, i.options, layout)
	if err != nil {
		return err
	}
	runners, err := i.moveTo(op, fresh)
	if err != nil {
		fresh.free()
		return err
	}
	i.cleanup.Stop()
	old := i.res
	i.res = fresh
	i.backend.Store(&fresh.backend)
	i.cleanup = runtime.AddCleanup(i, (*resources).freeUnclosed, fresh)
	for s, runner := range runners {
		s.runner = runner
	}
	i.refreshDynamic()
	if i.offloading != nil {
		i.replaced = append(i.replaced, old) // its memory has been lent
		return nil
	}
	old.free()
	return nil
}

// moveTo brings graphs of other resources into the state of the present ones, and returns
// their runners.
func (i *Interpreter) moveTo(op string, fresh *resources) (map[*Signature]capi.Runner, error) {
	type move struct {
		from, to  graph
		allocated bool
	}
	moves := []move{{i.primary(), primary{fresh.interpreter}, i.allocated}}
	runners := make(map[*Signature]capi.Runner)
	for _, s := range i.signatures {
		g, err := fresh.signatureGraph(op, s)
		if err != nil {
			return nil, err
		}
		runners[s] = g.runner
		moves = append(moves, move{i.graph(s), g, s.allocated})
	}
	for _, m := range moves {
		if err := copyShapes(op, m.to, m.from, fresh.reporter); err != nil {
			return nil, err
		}
	}
	for _, m := range moves {
		if !m.allocated {
			continue
		}
		if status := m.to.allocate(); status != capi.OK {
			return nil, failed(op, status, fresh.reporter, nil)
		}
	}
	for _, m := range moves { // an allocation may move what is there already
		if !m.allocated {
			continue
		}
		if err := copyContent(m.to, m.from); err != nil {
			return nil, &Error{Op: op, Err: err}
		}
	}
	capi.ReporterTake(fresh.reporter)
	return runners, nil
}

// refreshDynamic makes outputs empty again that the runtime allocates while it runs.
func (i *Interpreter) refreshDynamic() {
	empty := func(ts []*Tensor) {
		for _, t := range ts {
			if t.dynamic {
				t.filled = false
				t.refresh()
			}
		}
	}
	if i.allocated {
		empty(i.outputs)
	}
	for _, s := range i.signatures {
		if s.allocated {
			empty(s.outputs)
		}
	}
}
