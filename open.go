package coral

import (
	"context"
	"fmt"

	"github.com/gocoral/coral/internal/errs"
)

// Open loads the model at path and makes a session that runs it on the best device
// there is.
//
// The model may be a CPU model or one compiled for the Edge TPU ("x_edgetpu.tflite").
// The other form is taken from beside it, "x.tflite" for "x_edgetpu.tflite" and the
// reverse, or from [WithTwin]; both must have the same inputs and outputs. Which one
// runs depends on the [Policy] and on what [edgetpu.Probe] finds. [Session.Status] and
// [Session.Reason] tell the outcome.
//
// Errors wrap fs.ErrNotExist and [ErrBadModel] for files, [ErrNoTwin] and
// [ErrTwinMismatch] for the pair, [ErrOption] for options that contradict each other; with
// [RequireTPU] also [ErrNoDevice], [ErrNotCompiled], [ErrPermission], [ErrDeviceBusy] and
// [ErrLibraryNotFound].
//
// While the session lives, a device that fails is replaced by the next one or by the CPU,
// and the inference in flight is repeated there; the session returns to a device that
// has come back and run an inference.
func Open(path string, opts ...Option) (*Session, error) {
	return OpenContext(context.Background(), path, opts...)
}

// OpenContext is [Open] with a context that bounds the search for devices and their opening.
func OpenContext(ctx context.Context, path string, opts ...Option) (*Session, error) {
	return openWith(ctx, opts, func(c *config) (*pair, error) { return loadPair(path, c) })
}

// OpenBytes is [Open] for a model in memory, a CPU model or a compiled one, of which it
// keeps no reference. Its other form is that of [WithTwinBytes] or [WithTwin].
func OpenBytes(model []byte, opts ...Option) (*Session, error) {
	return openWith(context.Background(), opts, func(c *config) (*pair, error) { return parsePair(model, c) })
}

func openWith(ctx context.Context, opts []Option, load func(*config) (*pair, error)) (*Session, error) {
	ctx = errs.Context(ctx)
	c, err := newConfig(opts)
	if err != nil {
		return nil, fmt.Errorf("coral: %w", err)
	}
	s, err := open(ctx, c, load)
	if err != nil {
		return nil, fmt.Errorf("coral: %w", err)
	}
	c.logger.Info("session opened", "model", s.Path(), "device", s.Device().String(), "reason", s.Reason(), "backend", s.Backend())
	return s, nil
}

func open(ctx context.Context, c *config, load func(*config) (*pair, error)) (*Session, error) {
	if err := errs.Ended(ctx); err != nil {
		return nil, err
	}
	p, err := load(c)
	if err == nil {
		err = c.fitPair(p)
	}
	if err != nil {
		return nil, err
	}
	c.twinBytes = nil // read, and not to be kept
	pl, err := decide(ctx, p, c)
	if err != nil {
		return nil, err
	}
	return pl.session(ctx, p, c)
}
