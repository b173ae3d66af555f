package failover

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gocoral/coral/internal/engine"
	"github.com/gocoral/coral/internal/errs"
)

// SandboxConfig is what a [Sandbox] needs to know.
type SandboxConfig struct {
	// Start makes an engine in a process of its own.
	Start                func(context.Context) (engine.Engine, error)
	Timeout              time.Duration // bounds one inference
	Stateful, StartAgain bool          // see Config
}

// Sandbox has engines in other processes run a CPU model. A model that crashes the runtime,
// or takes more memory or time than it may, costs an error.
type Sandbox struct {
	c     SandboxConfig
	sizes engine.Sizes
	// Of the first engine; the others are like it.
	backend, how string

	life context.Context // ends with the session
	end  context.CancelFunc

	mu     sync.Mutex
	idle   []*box
	closed bool
	use    usage
	state  sequence // of a stateful model, for which there is one engine only
}

// box is the place of one engine. Whoever has acquired it may use it.
type box struct {
	engine   engine.Engine // nil after a failure, until the next call
	starting *starting     // while another one starts
}

// starting is an engine that is being started, for whoever waits long enough.
type starting struct {
	done   chan struct{}
	engine engine.Engine
	err    error
}

var _ Executor = (*Sandbox)(nil)

// NewSandbox starts n engines.
func NewSandbox(ctx context.Context, c SandboxConfig, n int) (*Sandbox, error) {
	b := &Sandbox{c: c}
	b.life, b.end = context.WithCancel(context.Background())
	for range n {
		e, err := b.start(ctx)
		if err != nil {
			b.Close()
			return nil, err
		}
		b.idle = append(b.idle, &box{engine: e})
	}
	return b, nil
}

// start starts an engine like the ones before.
func (b *Sandbox) start(ctx context.Context) (engine.Engine, error) {
	e, err := b.c.Start(ctx)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.how == "" {
		b.sizes = e.Sizes()
		b.backend, b.how = e.Describe()
	}
	if err := b.sizes.Same(e.Sizes()); err != nil {
		go e.Close()
		return nil, err
	}
	return e, nil
}

// Sizes are those of the model's tensors, as the runtime there has allocated them.
func (b *Sandbox) Sizes() engine.Sizes { return b.sizes }

// Route implements [Executor]. An engine that dies gets a second chance, in case that
// somebody killed its process; a model that kills it twice is to blame.
func (b *Sandbox) Route(ctx context.Context, c Call) error {
	box, err := b.acquire()
	if err != nil {
		return err
	}
	defer b.release(box)
	err = b.try(ctx, box, c)
	if errors.Is(err, engine.ErrDied) && errs.Ended(ctx) == nil {
		err = b.try(ctx, box, c)
	}
	return err
}

// acquire takes a box. There is one for each interpreter of the session, and so always one
// that is idle.
func (b *Sandbox) acquire() (*box, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, errs.ErrClosed
	}
	if len(b.idle) == 0 {
		return nil, errs.ErrBusy
	}
	box := b.idle[len(b.idle)-1]
	b.idle = b.idle[:len(b.idle)-1]
	return box, nil
}

func (b *Sandbox) release(box *box) {
	b.mu.Lock()
	closed := b.closed
	if !closed {
		b.idle = append(b.idle, box)
	}
	b.mu.Unlock()
	if closed {
		box.close()
	}
}

// ready sees to it that the box has an engine. Starting one may take longer than a caller
// has; the next one finds it started.
func (b *Sandbox) ready(ctx context.Context, box *box) error {
	if box.engine != nil {
		return nil
	}
	if box.starting == nil {
		s := &starting{done: make(chan struct{})}
		box.starting = s
		go func() {
			defer close(s.done)
			s.engine, s.err = b.start(b.life)
		}()
	}
	select {
	case <-box.starting.done:
		s := box.starting
		box.engine, box.starting = s.engine, nil
		return s.err
	case <-ctx.Done():
		return errs.Ended(ctx)
	}
}

func (b *box) close() {
	if b.engine != nil {
		b.engine.Close()
	}
	if s := b.starting; s != nil {
		go func() {
			<-s.done
			if s.engine != nil {
				s.engine.Close()
			}
		}()
	}
}

func (b *Sandbox) try(ctx context.Context, box *box, c Call) error {
	b.mu.Lock()
	n, err := b.state.claim(b.c.StartAgain)
	begins := b.c.Stateful && !b.state.placed
	b.mu.Unlock()
	if err != nil {
		return err
	}
	if err := b.ready(ctx, box); err != nil {
		return err
	}
	start, e := time.Now(), box.engine
	if err := e.Load(c.Inputs()); err != nil {
		return err
	}
	pending, err := engine.Await{Timeout: b.c.Timeout}.Call(ctx, func() error {
		if begins {
			if err := e.Reset(); err != nil {
				return err
			}
		}
		return e.Invoke()
	})
	gone := pending != nil || errors.Is(err, engine.ErrHang) || errors.Is(err, engine.ErrDied)
	b.note(n, e, time.Since(start), err, pending != nil)
	if gone {
		e.Abandon() // the next call starts another
		box.engine = nil
	}
	if err != nil {
		return err
	}
	return e.Unload(c.Outputs())
}

// note keeps account of an inference of sequence n on e.
func (b *Sandbox) note(n int, e engine.Engine, took time.Duration, err error, cancelled bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.use.count(took, err)
	if !b.c.Stateful {
		return
	}
	switch {
	case err == nil:
		if b.state.begin(n, e) == nil {
			b.state.advance(n, e)
		}
	case cancelled:
		b.state.cancel(n, err)
	case errors.Is(err, engine.ErrHang), errors.Is(err, engine.ErrDied):
		b.state.lose(e, err)
	}
}

// Status implements [Executor].
func (b *Sandbox) Status() Status { return Status{Kind: CPU, How: b.how} }

// Backend implements [Executor].
func (b *Sandbox) Backend() (string, bool) { return b.backend, true }

// Stats implements [Executor].
func (b *Sandbox) Stats() []Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	stats := b.use.stats()
	stats.Kind, stats.Up = CPU, true
	return []Stats{stats}
}

// ResetState implements [Executor].
func (b *Sandbox) ResetState() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.restart()
}

// Invalidate implements [Executor].
func (b *Sandbox) Invalidate(why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.c.Stateful {
		b.state.invalidate(why)
	}
}

// Close implements [Executor]. Engines that work end with their inference.
func (b *Sandbox) Close() {
	b.mu.Lock()
	idle := b.idle
	b.idle, b.closed = nil, true
	b.mu.Unlock()
	b.end()
	for _, box := range idle {
		box.close()
	}
}
