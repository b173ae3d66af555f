package failover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/engine"
	"github.com/gocoral/coral/internal/errs"
)

// Config is what a [Router] needs to know.
type Config struct {
	// Open makes an engine that runs the compiled model on the device.
	Open  func(context.Context, edgetpu.Device) (engine.Engine, error)
	Probe func(context.Context) ([]edgetpu.Device, error)
	// Watch tells that Probe may have something new; nil for looking now and then only.
	Watch func(context.Context) (<-chan edgetpu.Event, error)
	// Wants has a selector for each accelerator that the session is to use.
	Wants   []edgetpu.Selector
	Timeout time.Duration // bounds one inference on an accelerator
	CPU     bool          // may the calling interpreter's own graph stand in?
	// Stateful: see sequence. StartAgain allows such a model to go on elsewhere from the
	// initial state.
	Stateful, StartAgain bool
	Sizes                engine.Sizes // of the session's tensors
	Notify               func(Status) // may be nil
	Logger               *slog.Logger
}

// Router sends inferences to accelerators, and to the CPU when none is up.
type Router struct {
	c    Config
	life context.Context // ends with the session
	end  context.CancelFunc
	wait sync.WaitGroup // for the reviver
	kick chan struct{}  // wakes the reviver
	news notifier

	mu    sync.Mutex
	slots []*slot
	// connected: all slots have been filled once, or not. Until then the reviver must not
	// fill any, or two could get one device.
	connected, reviving bool
	changed             chan struct{} // closed and renewed whenever a slot changes
	cpuUse              usage
	state               sequence
	resets              bool // somebody has reset the state, and will again
}

var _ Executor = (*Router)(nil)

// NewRouter makes a router whose slots are down.
func NewRouter(c Config) *Router {
	life, end := context.WithCancel(context.Background())
	r := &Router{c: c, life: life, end: end, kick: make(chan struct{}, 1), changed: make(chan struct{})}
	r.news.deliver = c.Notify
	for _, wants := range c.Wants {
		r.slots = append(r.slots, &slot{wants: wants})
	}
	return r
}

// Connect fills the slots with devices. Those that stay empty are filled later, when a
// device comes; the errors tell why they are.
func (r *Router) Connect(ctx context.Context, devices []edgetpu.Device) []error {
	var failures []error
	for _, s := range r.slots {
		if err := r.fill(ctx, s, devices); err != nil {
			failures = append(failures, err)
			r.setDown(s, nil, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.connected = true
	r.startReviver()
	return failures
}

// fill starts the slot on the first of devices that works, if possible on the one it
// had. The error is about the one that should have.
func (r *Router) fill(ctx context.Context, s *slot, devices []edgetpu.Device) error {
	if len(devices) == 0 && s.wants == (edgetpu.Selector{}) {
		return ErrNone
	}
	candidates, err := s.wants.All(devices)
	if err != nil {
		return err
	}
	r.mu.Lock()
	last := s.device.Path
	r.mu.Unlock()
	if own := slices.IndexFunc(candidates, func(d edgetpu.Device) bool { return d.Path == last }); own > 0 {
		candidates[0], candidates[own] = candidates[own], candidates[0]
	}
	var failures []error
	for _, d := range candidates {
		if r.taken(d) {
			continue
		}
		err := d.Usable()
		if err == nil {
			err = r.try(ctx, s, d)
		}
		if err == nil {
			return nil
		}
		failures = append(failures, err)
		if ctx.Err() != nil || errors.Is(err, edgetpu.ErrRuntimeStuck) || errors.Is(err, errRetired) {
			break
		}
	}
	if len(failures) == 0 {
		return fmt.Errorf("every matching Edge TPU is in use by this session already: %w", errs.ErrDeviceBusy)
	}
	return failures[0]
}

// ErrNone says less than a selector's error, since nothing particular was asked for.
var ErrNone error = noneError{}

type noneError struct{}

func (noneError) Error() string { return "no Edge TPU is attached" }
func (noneError) Unwrap() error { return errs.ErrNoDevice }

// taken reports whether another slot has the device.
func (r *Router) taken(d edgetpu.Device) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.slots, func(s *slot) bool { return s.usable() && s.device.Path == d.Path })
}

// errBackoff: the device was opened in vain some times and is left alone for a while.
var errBackoff = errors.New("it was opened in vain and is left alone for a while")

// try opens the device, unless that has failed too often of late. Only what the device is
// to blame for counts as a failure.
func (r *Router) try(ctx context.Context, s *slot, d edgetpu.Device) error {
	r.mu.Lock()
	now := s.mayTry(d, time.Now())
	r.mu.Unlock()
	if !now {
		return errBackoff
	}
	err := r.start(ctx, s, d)
	blameless := errs.Ended(ctx) != nil || errors.Is(err, errRetired) || errors.Is(err, errs.ErrDeviceBusy) || errors.Is(err, errs.ErrClosed)
	if err != nil && !blameless {
		r.mu.Lock()
		s.failed(d, time.Now())
		r.mu.Unlock()
	}
	return err
}

// start opens the device for the slot and has it prove itself with one inference.
func (r *Router) start(ctx context.Context, s *slot, d edgetpu.Device) error {
	begun := time.Now()
	e, err := r.c.Open(ctx, d)
	if err != nil {
		return err
	}
	if err := r.c.Sizes.Same(e.Sizes()); err != nil {
		go e.Close()
		return fmt.Errorf("the compiled model has other sizes than the session (%w): %w", err, errRetired)
	}
	if err := r.prove(ctx, e, d); err != nil {
		return err
	}
	backend, how := e.Describe()
	d = r.opened(ctx, d)
	r.mu.Lock()
	if r.life.Err() != nil {
		r.mu.Unlock()
		e.Close()
		return errs.ErrClosed
	}
	s.device, s.engine, s.state, s.orphaned, s.why = d, e, up, false, nil
	s.backend, s.how = backend, how
	r.wake()
	r.mu.Unlock()
	if gone := e.Gone(); gone != nil {
		go r.watch(s, e, gone)
	}
	r.c.Logger.Info("accelerator in use", "device", d.Path, "how", how, "backend", backend, "took", time.Since(begun))
	r.tell()
	return nil
}

// opened is the device as it is now: opening has loaded its firmware, which gives it
// another node. What it was before is of no interest any more.
func (r *Router) opened(ctx context.Context, d edgetpu.Device) edgetpu.Device {
	if now, err := r.find(ctx, d.Path); err == nil {
		return now
	}
	d.State, d.Node = edgetpu.Ready, ""
	return d
}

// find looks for the device with the path. The error is errUnplugged if it is not there, and
// another if nothing is known.
func (r *Router) find(ctx context.Context, path string) (edgetpu.Device, error) {
	devices, err := r.c.Probe(ctx)
	if err != nil {
		return edgetpu.Device{}, err
	}
	k := slices.IndexFunc(devices, func(d edgetpu.Device) bool { return d.Path == path })
	if k < 0 {
		return edgetpu.Device{}, errUnplugged
	}
	return devices[k], nil
}

// lookInterval is how often a device is looked for while its inference has not ended.
const lookInterval = 100 * time.Millisecond

// errUnplugged: libedgetpu does not always notice that its device is gone, and then an
// inference never ends.
var errUnplugged = errors.New("it was unplugged during an inference")

// look returns an error if the device is gone, or another one has taken its place.
func (r *Router) look(d edgetpu.Device) error {
	now, err := r.find(r.life, d.Path)
	replaced := err == nil && d.Node != "" && now.Node != "" && d.Node != now.Node
	if replaced || errors.Is(err, errUnplugged) {
		return fmt.Errorf("%s: %w", d.Path, errUnplugged)
	}
	return nil
}

func (r *Router) await(d edgetpu.Device) engine.Await {
	return engine.Await{Timeout: r.c.Timeout, Interval: lookInterval, Look: func() error { return r.look(d) }}
}

// watch notices an engine that ends while it is idle, at the pull of a cable for example.
func (r *Router) watch(s *slot, e engine.Engine, gone <-chan struct{}) {
	select {
	case <-gone:
	case <-r.life.Done():
		return
	}
	r.mu.Lock()
	idle := s.engine == e && s.state == up
	if idle {
		s.state = busy // with ending
	}
	r.mu.Unlock()
	if idle {
		r.fail(s, e, exitError(e))
	}
}

// exitError is why an engine has ended.
func exitError(e engine.Engine) error {
	return cmp.Or(e.Invoke(), errors.New("it has ended by itself"))
}

// prove runs one inference on zeros. An engine that fails it is closed.
func (r *Router) prove(ctx context.Context, e engine.Engine, d edgetpu.Device) error {
	d.Node = "" // opening it may have given it another
	end := func(err error) {
		if errors.Is(err, engine.ErrHang) || errors.Is(err, errUnplugged) {
			e.Abandon()
		} else {
			e.Close() // the library may take its time
		}
	}
	pending, err := r.await(d).Call(ctx, func() error { return r.trial(e) })
	switch {
	case pending != nil:
		go func() { end(pending()) }()
		return err
	case err == nil:
		return nil
	}
	go end(err)
	switch {
	case errors.Is(err, engine.ErrHang):
		return fmt.Errorf("%s hangs: %w", d.Path, err)
	case errors.Is(err, errUnplugged):
		return err
	}
	return fmt.Errorf("the first inference failed: %w", err)
}

func (r *Router) trial(e engine.Engine) error {
	if err := e.Load(engine.Buffers(r.c.Sizes.Inputs)); err != nil {
		return err
	}
	if err := e.Invoke(); err != nil {
		return err
	}
	return e.Unload(engine.Buffers(r.c.Sizes.Outputs))
}

// Route implements [Executor].
func (r *Router) Route(ctx context.Context, c Call) error {
	if err := errs.Ended(ctx); err != nil {
		return err // nothing has begun
	}
	var last error
	// A device that comes back and fails again and again must not hold up the call.
	for range 2*len(r.slots) + 1 {
		n, err := r.claim()
		if err != nil {
			return err
		}
		s, e, err := r.acquire(ctx)
		if err != nil {
			return err
		}
		if s == nil {
			break
		}
		last = r.infer(ctx, s, e, n, c)
		if last == nil || errs.Ended(ctx) != nil {
			return last
		}
		if errors.Is(last, errs.ErrSize) { // the device is not to blame
			break
		}
	}
	if !r.c.CPU {
		return r.nowhere(last)
	}
	return r.local(ctx, c)
}

// nowhere is the error of a call that no device can run. last is what became of it on the
// last one that tried.
func (r *Router) nowhere(last error) error {
	if r.life.Err() != nil {
		return errs.ErrClosed
	}
	if errors.Is(last, errs.ErrSize) {
		return last
	}
	return noDeviceError{cmp.Or(r.Status().Cause, last, ErrNone)}
}

// noDeviceError is an [errs.ErrNoDevice] for a reason that may be another sentinel.
type noDeviceError struct{ why error }

func (n noDeviceError) Error() string {
	return "no Edge TPU is usable and the CPU may not stand in: " + n.why.Error()
}
func (n noDeviceError) Unwrap() []error { return []error{errs.ErrNoDevice, n.why} }

// claim returns the number of the sequence that a call belongs to, or that its state is
// lost.
func (r *Router) claim() (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.claim(r.c.StartAgain)
}

// local runs an inference on the calling interpreter's own graph.
func (r *Router) local(ctx context.Context, c Call) error {
	n, err := r.claim()
	if err != nil {
		return err
	}
	if err := r.begin(n, nil, c.ResetVariables); err != nil {
		return err
	}
	start := time.Now()
	err = c.Local(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cpuUse.count(time.Since(start), err)
	switch ended := errs.Ended(ctx); {
	case err == nil:
		r.state.advance(n, nil)
	case ended != nil:
		r.state.cancel(n, ended)
	}
	return err
}

// begin makes e, nil for the CPU, the place of sequence number n if it has none yet.
// Whatever state is there from another sequence is reset first.
func (r *Router) begin(n int, e engine.Engine, reset func() error) error {
	if !r.c.Stateful {
		return nil
	}
	r.mu.Lock()
	first, err := r.state.enter(n, e)
	r.mu.Unlock()
	if err != nil || !first {
		return err
	}
	if err := reset(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.begin(n, e)
}

// acquire waits for an accelerator that may run the next inference and is idle; nil when
// there is none, or none that is worth waiting for.
func (r *Router) acquire(ctx context.Context) (*slot, engine.Engine, error) {
	for {
		r.mu.Lock()
		wait := false
		for _, s := range r.slots {
			if !r.eligible(s) {
				continue
			}
			if s.state == up {
				s.state = busy
				e := s.engine
				r.mu.Unlock()
				return s, e, nil
			}
			wait = wait || !s.orphaned || !r.c.CPU
		}
		wait = wait && r.life.Err() == nil
		changed := r.changed
		r.mu.Unlock()
		if !wait {
			return nil, nil, nil
		}
		select {
		case <-changed:
		case <-r.life.Done():
		case <-ctx.Done():
			return nil, nil, errs.Ended(ctx)
		}
	}
}

// eligible reports whether the slot's accelerator may run the next inference. The router
// is locked.
func (r *Router) eligible(s *slot) bool { return s.usable() && r.state.allows(s.engine) }

// infer runs one inference on an acquired slot, and sees to what becomes of the slot.
func (r *Router) infer(ctx context.Context, s *slot, e engine.Engine, n int, c Call) error {
	start := time.Now()
	settle := func(err error) { r.settle(s, e, n, time.Since(start), err) }
	if err := e.Load(c.Inputs()); err != nil {
		settle(err)
		return err
	}
	pending, err := r.await(s.device).Call(ctx, func() error {
		if err := r.begin(n, e, e.Reset); err != nil {
			return err
		}
		return e.Invoke()
	})
	if pending != nil {
		r.orphan(s, n, err)
		go func() { settle(pending()) }()
		return err
	}
	if err == nil {
		err = e.Unload(c.Outputs())
	}
	settle(err)
	return err
}

// orphan notes that the caller of a slot's inference has gone. Whether the device hangs
// shows later.
func (r *Router) orphan(s *slot, n int, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.orphaned = true
	if r.c.Stateful {
		r.state.cancel(n, why)
	}
	r.wake()
}

// settle is what becomes of a slot after an inference.
func (r *Router) settle(s *slot, e engine.Engine, n int, took time.Duration, err error) {
	switch {
	case err == nil:
		r.release(s, e, n, took)
	case errors.Is(err, errs.ErrSize), errors.Is(err, errOvertaken):
		r.giveBack(s, e)
	case errors.Is(err, engine.ErrHang), errors.Is(err, errUnplugged):
		r.hang(s, e, err)
	default:
		r.fail(s, e, err)
	}
}

// release gives a slot back after a good inference.
func (r *Router) release(s *slot, e engine.Engine, n int, took time.Duration) {
	r.mu.Lock()
	s.use.count(took, nil)
	s.worked()
	r.state.advance(n, e)
	r.mu.Unlock()
	r.giveBack(s, e)
}

func (r *Router) giveBack(s *slot, e engine.Engine) {
	r.mu.Lock()
	if r.life.Err() != nil {
		r.state.lose(e, errs.ErrClosed)
		s.state, s.engine = retired, nil
		r.mu.Unlock()
		e.Close()
		return
	}
	select {
	case <-e.Gone(): // it has answered and died
		r.mu.Unlock()
		r.fail(s, e, exitError(e))
		return
	default:
	}
	s.state, s.orphaned = up, false
	r.wake()
	r.mu.Unlock()
}

// fail takes a slot out of use and has its device brought back.
func (r *Router) fail(s *slot, e engine.Engine, err error) {
	r.mu.Lock()
	s.use.count(0, err)
	s.failed(s.device, time.Now())
	r.mu.Unlock()
	go e.Close() // the library may take its time
	r.setDown(s, e, err)
}

// hang takes a slot out of use whose engine does not return.
func (r *Router) hang(s *slot, e engine.Engine, err error) {
	r.mu.Lock()
	s.use.count(0, err)
	s.failed(s.device, time.Now())
	r.mu.Unlock()
	if e.Abandon() {
		r.setDown(s, e, err)
		return
	}
	r.retire(s, e, fmt.Errorf("%w and libedgetpu may hold a lock: this process cannot use it again", err))
}

// setDown notes that e, nil if there was none, is out of use, and has the reviver look for
// another device, unless that is useless.
func (r *Router) setDown(s *slot, e engine.Engine, err error) {
	if errors.Is(err, errRetired) {
		r.retire(s, e, err)
		return
	}
	r.mu.Lock()
	r.state.lose(e, err)
	s.state, s.engine, s.orphaned, s.why = down, nil, false, err
	r.startReviver()
	r.wake()
	r.mu.Unlock()
	r.report(s)
}

func (r *Router) retire(s *slot, e engine.Engine, err error) {
	r.mu.Lock()
	r.state.lose(e, err)
	s.state, s.engine, s.orphaned, s.why = retired, nil, false, err
	r.wake()
	r.mu.Unlock()
	r.report(s)
}

func (r *Router) report(s *slot) {
	r.mu.Lock()
	device, why := s.device.Path, s.why
	r.mu.Unlock()
	r.c.Logger.Warn("accelerator out of use", "device", device, "reason", why)
	r.tell()
}

// wake tells everyone who waits that a slot has changed. The router is locked.
func (r *Router) wake() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// tell has the session's callback called.
func (r *Router) tell() {
	r.mu.Lock()
	defer r.mu.Unlock() // until it is queued, so that the last one in the queue is the latest
	if r.life.Err() == nil {
		r.news.add(r.status())
	}
}

// ResetState implements [Executor].
func (r *Router) ResetState() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.restart()
	r.resets = true
}

// Invalidate implements [Executor].
func (r *Router) Invalidate(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.c.Stateful {
		r.state.invalidate(why)
	}
}

// Close implements [Executor].
func (r *Router) Close() {
	r.end()
	r.news.close()
	r.mu.Lock()
	var idle []engine.Engine
	for _, s := range r.slots {
		if s.state == up {
			r.state.lose(s.engine, errs.ErrClosed)
			idle = append(idle, s.engine)
			s.state, s.engine = retired, nil
		}
	}
	r.wake()
	r.mu.Unlock()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for _, e := range idle {
			e.Close()
		}
		r.wait.Wait()
	}()
	select {
	case <-closed:
	case <-time.After(closeTimeout):
	}
}

// closeTimeout is how long a close waits for devices to be given back in good order.
const closeTimeout = 2 * time.Second
