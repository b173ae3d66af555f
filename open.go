package coral

import (
	"context"
	"fmt"
	"slices"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// Open loads the model at path and makes a session that runs it on the best device
// there is.
//
// The model may be a CPU model or one compiled for the Edge TPU ("x_edgetpu.tflite").
// The other form is taken from beside it, "x.tflite" for "x_edgetpu.tflite" and the
// reverse, or from [WithTwin]; both must have the same inputs and outputs. Which one
// runs depends on the [Policy] and on what [edgetpu.Probe] finds. [Session.Device]
// and [Session.Reason] tell the outcome.
//
// Errors wrap fs.ErrNotExist and [ErrBadModel] for files, [ErrNoTwin] and
// [ErrTwinMismatch] for the pair; with [RequireTPU] also [ErrNoDevice],
// [ErrPermission], [ErrDeviceBusy] and [ErrLibraryNotFound].
//
// While the session lives, a device that fails is replaced by the next one or by the CPU,
// and the inference in flight is repeated there; the session returns to a device that
// has come back and run an inference.
func Open(path string, opts ...Option) (*Session, error) {
	return OpenContext(context.Background(), path, opts...)
}

// OpenContext is [Open] with a context that bounds the search for devices.
func OpenContext(ctx context.Context, path string, opts ...Option) (*Session, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, fmt.Errorf("coral: %w", err)
	}
	s, err := open(ctx, path, c)
	if err != nil {
		return nil, fmt.Errorf("coral: %w", err)
	}
	c.logger.Info("session opened", "model", s.Path(), "device", s.Device().String(), "reason", s.Reason(), "backend", s.Backend())
	return s, nil
}

func open(ctx context.Context, path string, c *config) (*Session, error) {
	if err := errs.Ended(ctx); err != nil {
		return nil, err
	}
	p, err := loadPair(path, c)
	if err != nil {
		return nil, err
	}
	pl, err := decide(ctx, p, c)
	if err != nil {
		return nil, err
	}
	s, err := pl.session(ctx, p, c)
	if err != nil && pl.router != nil {
		pl.router.close()
	}
	return s, err
}

// session makes the interpreters that the plan asks for.
func (pl plan) session(ctx context.Context, p *pair, c *config) (*Session, error) {
	n := c.interpreters
	if n == 0 {
		n = 1
		if pl.router != nil {
			n = len(pl.router.slots)
		}
	}
	if pl.file.parsed.HasVariables() && n > 1 {
		if c.interpreters > 1 {
			return nil, fmt.Errorf("%s keeps state between calls, which %d interpreters cannot share: use one: %w", pl.file.path, n, ErrUnsupported)
		}
		n = 1
	}
	if c.policy == CPUOnly && c.isolation == isolateAll {
		return sandboxed(ctx, pl, p, c, n)
	}
	interpreters, err := pl.interpreters(n, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pl.file.path, err)
	}
	return newSession(pl, p, interpreters)
}

// sandboxed makes a session whose interpreters have the model run in worker processes.
func sandboxed(ctx context.Context, pl plan, p *pair, c *config, n int) (*Session, error) {
	if len(c.shapes) > 0 {
		return nil, fmt.Errorf("%s: WithInputShape does not reach a worker process: %w", pl.file.path, ErrUnsupported)
	}
	var made []*tflite.Interpreter
	var boxes []*sandbox
	end := func() {
		for _, b := range boxes {
			b.close()
		}
	}
	for range n {
		b, i, err := newSandbox(ctx, pl.file, c)
		if err != nil {
			for _, i := range made {
				i.Close()
			}
			end()
			return nil, fmt.Errorf("%s: %w", pl.file.path, err)
		}
		boxes, made = append(boxes, b), append(made, i)
	}
	backend, how := boxes[0].engine.describe()
	pl.reason += ", and it runs " + how
	s, err := newSession(pl, p, made)
	if err != nil {
		end()
		return nil, err
	}
	s.sandboxBackend, s.owned.pool.after = backend, end
	if boxes[0].stateful { // and so the only one
		s.keepState(boxes[0])
	}
	return s, nil
}

// interpreters makes n interpreters over one copy of the model.
func (pl plan) interpreters(n int, c *config) (made []*tflite.Interpreter, err error) {
	m, err := tflite.NewModel(pl.file.bytes)
	if err != nil {
		return nil, err
	}
	defer m.Close() // the interpreters keep what they need
	defer func() {
		if err != nil {
			for _, i := range made {
				i.Close()
			}
		}
	}()
	opts := c.tflite
	if pl.router != nil {
		opts = append(slices.Clip(opts), tflite.WithOffload(pl.router.route))
	}
	if pl.file.compiled() {
		opts = append(slices.Clip(opts), tflite.WithPlaceholderOp(model.EdgeTPUOperator))
	}
	for range n {
		i, err := tflite.NewInterpreter(m, opts...)
		if err != nil {
			return made, err
		}
		made = append(made, i)
		for index, shape := range c.shapes {
			if err := i.Resize(index, shape...); err != nil {
				return made, err
			}
		}
		if err := i.AllocateTensors(); err != nil {
			return made, err
		}
	}
	return made, nil
}

// portNames returns the names by which a caller knows the inputs or outputs: those
// of the signature over the primary graph, if there is exactly one, else those of
// the tensors.
func portNames(m *model.Model, output bool) []string {
	tensors, of := m.Inputs(), func(s model.Signature) []model.SignatureTensor { return s.Inputs }
	if output {
		tensors, of = m.Outputs(), func(s model.Signature) []model.SignatureTensor { return s.Outputs }
	}
	byIndex := make(map[int]string)
	for _, s := range primarySignatures(m) {
		for _, t := range of(s) {
			byIndex[t.Tensor] = t.Name
		}
	}
	names := make([]string, len(tensors))
	for k, t := range tensors {
		names[k] = t.Name
		if name, ok := byIndex[t.Index]; ok {
			names[k] = name
		}
	}
	return names
}

// primarySignatures is empty when names would be ambiguous.
func primarySignatures(m *model.Model) []model.Signature {
	var found []model.Signature
	for _, s := range m.Signatures {
		if s.Subgraph == 0 {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found
}
