package coral

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
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/tflite"
)

// router sends inferences to accelerators, and to the CPU twin when none is up. A
// session's interpreters hand it every Invoke: their tensors hold the inputs until an
// answer is there, so that a failed inference can be repeated anywhere.
type router struct {
	open     func(context.Context, edgetpu.Device) (engine, error)
	probe    func(context.Context) ([]edgetpu.Device, error)
	watchdog time.Duration // bounds one inference on an accelerator
	cpu      bool          // may the CPU twin stand in?
	stateful bool          // see sequence
	// startAgain allows a stateful model to go on elsewhere from a zero state.
	startAgain bool
	inputs     []int // sizes in bytes, for the trial inference
	outputs    []int
	logger     *slog.Logger
	notify     func(Device, string)

	life context.Context // ends with the session
	end  context.CancelFunc
	wait sync.WaitGroup // of goroutines that bring devices back

	mu      sync.Mutex
	slots   []*slot
	idle    []*slot
	changed chan struct{} // closed and renewed whenever a slot changes
	cpuUse  usage
	state   sequence
	// sequences counts the ends of sequences that the user asked for.
	sequences int
}

// slot is the place of one accelerator in a session. Which one it is may change: a stick
// that was moved to another port is as good as before.
type slot struct {
	wants  edgetpu.Selector
	device edgetpu.Device // the one in use, or used last
	state  slotState
	engine engine // nil unless up
	// While up: what runs the operators, and how the device is driven.
	backend, how string
	why          string // why it is not up
	use          usage
}

type slotState int

const (
	down slotState = iota // being brought back
	up
	retired // not to be used again in this process
)

func newRouter() *router {
	life, end := context.WithCancel(context.Background())
	return &router{life: life, end: end, changed: make(chan struct{})}
}

// add makes a slot for an accelerator that wants matches, and fills it with one of
// devices. On failure the slot stays empty for now, and the error tells why.
func (r *router) add(ctx context.Context, wants edgetpu.Selector, devices []edgetpu.Device) error {
	s := &slot{wants: wants}
	r.mu.Lock()
	r.slots = append(r.slots, s)
	r.mu.Unlock()
	err := r.fill(ctx, s, devices)
	if err != nil {
		r.setDown(s, err)
	}
	return err
}

// fill starts the slot on the first of devices that works, if possible on the one it
// had. The error is about the one that should have.
func (r *router) fill(ctx context.Context, s *slot, devices []edgetpu.Device) error {
	if len(devices) == 0 && s.wants == (edgetpu.Selector{}) {
		return errNone
	}
	candidates, err := s.wants.All(devices)
	if err != nil {
		return err
	}
	if own := slices.IndexFunc(candidates, func(d edgetpu.Device) bool { return d.Path == s.device.Path }); own > 0 {
		candidates[0], candidates[own] = candidates[own], candidates[0]
	}
	var failures []error
	for _, d := range candidates {
		if r.taken(d) {
			continue
		}
		err := d.Usable()
		if err == nil {
			err = r.start(ctx, s, d)
		}
		if err == nil {
			return nil
		}
		failures = append(failures, err)
		if ctx.Err() != nil || errors.Is(err, edgetpu.ErrRuntimeStuck) {
			break
		}
	}
	if len(failures) == 0 {
		return fmt.Errorf("every matching Edge TPU is in use by this session already: %w", ErrDeviceBusy)
	}
	return failures[0]
}

// errNone says less than a selector's error, since nothing particular was asked for.
var errNone error = noneError{}

type noneError struct{}

func (noneError) Error() string { return "no Edge TPU is attached" }
func (noneError) Unwrap() error { return ErrNoDevice }

// taken reports whether another slot has the device.
func (r *router) taken(d edgetpu.Device) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.slots, func(s *slot) bool { return s.state == up && s.device.Path == d.Path })
}

// start opens the device for the slot and has it prove itself with one inference.
func (r *router) start(ctx context.Context, s *slot, d edgetpu.Device) error {
	begun := time.Now()
	e, err := r.open(ctx, d)
	if err != nil {
		return err
	}
	if err := r.prove(ctx, e); err != nil {
		return err
	}
	backend, how := e.describe()
	// What it was before it was opened is of no interest any more.
	d.State, d.Owned, d.OwnerPID = edgetpu.Ready, false, 0
	r.mu.Lock()
	if r.life.Err() != nil { // closed meanwhile; nobody else would close the engine
		r.mu.Unlock()
		e.close()
		return ErrClosed
	}
	s.device, s.engine, s.state, s.why = d, e, up, ""
	s.backend, s.how = backend, how
	r.idle = append(r.idle, s)
	r.wake()
	r.mu.Unlock()
	if gone := e.gone(); gone != nil {
		go r.watch(s, e, gone)
	}
	r.logger.Info("accelerator in use", "device", d.Path, "how", how, "backend", backend, "took", time.Since(begun))
	r.tell()
	return nil
}

// watch notices an engine that ends while it is idle, at the pull of a cable for example.
func (r *router) watch(s *slot, e engine, gone <-chan struct{}) {
	select {
	case <-gone:
	case <-r.life.Done():
		return
	}
	r.mu.Lock()
	k := slices.Index(r.idle, s)
	idle := k >= 0 && s.engine == e
	if idle {
		r.idle = slices.Delete(r.idle, k, k+1)
	}
	r.mu.Unlock()
	if idle {
		r.fail(s, lastWords(e))
	}
}

// lastWords is how an engine has ended.
func lastWords(e engine) error { return cmp.Or(e.invoke(), errors.New("it has ended by itself")) }

// prove runs one inference on zeros. An engine that fails it is closed.
func (r *router) prove(ctx context.Context, e engine) error {
	settle := func(err error) {
		if errors.Is(err, errHang) {
			e.abandon()
		} else {
			e.close() // the library may take its time
		}
	}
	inTime, err := await(ctx, r.watchdog, func() error { return r.trial(e) }, settle)
	switch {
	case err == nil || !inTime:
		return err
	case !errors.Is(err, errHang):
		err = fmt.Errorf("the first inference failed: %w", err)
	}
	go settle(err)
	return err
}

func (r *router) trial(e engine) error {
	if err := e.load(buffers(r.inputs)); err != nil {
		return err
	}
	if err := e.invoke(); err != nil {
		return err
	}
	return e.unload(buffers(r.outputs))
}

func buffers(sizes []int) [][]byte {
	b := make([][]byte, len(sizes))
	for k, n := range sizes {
		b[k] = make([]byte, n)
	}
	return b
}

// route is the offload of a session's interpreters.
func (r *router) route(ctx context.Context, o *tflite.Offload) error {
	// A device that comes back and fails again and again must not hold up the call.
	for range 2*len(r.slots) + 1 {
		if err := r.stateLost(); err != nil {
			return err
		}
		s, err := r.acquire(ctx)
		if err != nil {
			return err
		}
		if s == nil {
			break
		}
		err = r.infer(ctx, s, o)
		if err == nil || errs.Ended(ctx) != nil {
			return err
		}
	}
	return r.local(ctx, o)
}

// local runs an inference on the CPU twin.
func (r *router) local(ctx context.Context, o *tflite.Offload) error {
	if !r.cpu {
		if r.life.Err() != nil {
			return ErrClosed
		}
		return fmt.Errorf("no Edge TPU is usable and the CPU may not stand in: %s: %w", r.obstacle(), ErrNoDevice)
	}
	if err := r.stateLost(); err != nil {
		return err
	}
	if err := r.begin(r.sequenceNumber(), nil, o.ResetVariables); err != nil {
		return err
	}
	start := time.Now()
	err := o.Local(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cpuUse.count(time.Since(start), err)
	r.state.advance(nil)
	return err
}

// acquire waits for an accelerator that may run the next inference and is idle; nil when
// there is none.
func (r *router) acquire(ctx context.Context) (*slot, error) {
	for {
		r.mu.Lock()
		if k := slices.IndexFunc(r.idle, r.eligible); k >= 0 {
			s := r.idle[k]
			r.idle = slices.Delete(r.idle, k, k+1)
			r.mu.Unlock()
			return s, nil
		}
		none := r.life.Err() != nil || r.current() == nil
		changed := r.changed
		r.mu.Unlock()
		if none {
			return nil, nil
		}
		select {
		case <-changed:
		case <-r.life.Done():
		case <-ctx.Done():
			return nil, errs.Ended(ctx)
		}
	}
}

// eligible reports whether the slot's accelerator may run the next inference. The router
// is locked.
func (r *router) eligible(s *slot) bool { return s.state == up && r.state.allows(s.engine) }

// current is the first eligible slot, nil when there is none. The router is locked.
func (r *router) current() *slot {
	if k := slices.IndexFunc(r.slots, r.eligible); k >= 0 {
		return r.slots[k]
	}
	return nil
}

// infer runs one inference on an acquired slot, and sees to what becomes of the slot.
func (r *router) infer(ctx context.Context, s *slot, o *tflite.Offload) error {
	start, e, n := time.Now(), s.engine, r.sequenceNumber()
	settle := func(err error) {
		switch {
		case err == nil, errors.Is(err, ErrStateLost):
			r.release(s, time.Since(start))
		case errors.Is(err, errHang):
			r.hang(s)
		default:
			r.fail(s, err)
		}
	}
	if err := e.load(o.Inputs()); err != nil {
		settle(err)
		return err
	}
	// When the caller goes, whether the device hangs shows later.
	inTime, err := await(ctx, r.watchdog, func() error {
		if err := r.begin(n, e, e.reset); err != nil {
			return err
		}
		return e.invoke()
	}, settle)
	if !inTime {
		return err
	}
	if err == nil {
		err = e.unload(o.Outputs())
	}
	settle(err)
	return err
}

// release gives a slot back after a good inference.
func (r *router) release(s *slot, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.use.count(took, nil)
	if s.state != up {
		return
	}
	r.state.advance(s.engine)
	if r.life.Err() != nil {
		r.state.leave(s.engine, ErrClosed)
		s.state = retired
		go s.engine.close()
		return
	}
	select {
	case <-s.engine.gone(): // it has answered and died
		go r.fail(s, lastWords(s.engine))
		return
	default:
	}
	r.idle = append(r.idle, s)
	r.wake()
}

// fail takes a slot out of use and has its device brought back.
func (r *router) fail(s *slot, err error) {
	r.mu.Lock()
	s.use.count(0, err)
	e := s.engine
	r.mu.Unlock()
	if e != nil {
		go e.close() // the library may take its time
	}
	r.setDown(s, err)
}

// hang takes a slot out of use whose engine does not return.
func (r *router) hang(s *slot) {
	r.mu.Lock()
	s.use.count(0, errHang)
	e := s.engine
	r.mu.Unlock()
	if e.abandon() {
		r.setDown(s, errHang)
		return
	}
	r.mu.Lock()
	r.state.leave(e, errHang)
	s.state, s.engine = retired, nil
	s.why = errHang.Error() + " and libedgetpu may hold a lock: this process cannot use it again"
	r.wake()
	r.mu.Unlock()
	r.report(s)
}

func (r *router) setDown(s *slot, err error) {
	r.mu.Lock()
	r.idle = slices.DeleteFunc(r.idle, func(other *slot) bool { return other == s })
	r.state.leave(s.engine, err)
	s.state, s.engine, s.why = down, nil, err.Error()
	revive := r.life.Err() == nil
	if revive {
		r.wait.Add(1)
	}
	r.wake()
	r.mu.Unlock()
	r.report(s)
	if revive {
		go r.revive(s)
	}
}

func (r *router) report(s *slot) {
	r.mu.Lock()
	device, why := s.device.Path, s.why
	r.mu.Unlock()
	r.logger.Warn("accelerator out of use", "device", device, "reason", why)
	r.tell()
}

// wake tells everyone who waits that a slot has changed. The router is locked.
func (r *router) wake() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// How often a lost device is looked for: soon at first, since a replugged one is there
// within a second, and seldom in the end.
const (
	reviveSoon   = 100 * time.Millisecond
	reviveSeldom = 2 * time.Second
)

// revive brings a slot's device back into use, however long that takes.
func (r *router) revive(s *slot) {
	defer r.wait.Done()
	ctx, cancel := context.WithCancel(r.life)
	defer cancel()
	events, err := edgetpu.Watch(ctx)
	if err != nil {
		r.logger.Debug("devices cannot be watched, only looked for", "error", err)
	}
	pause := reviveSoon
	for {
		select {
		case <-r.life.Done():
			return
		case <-time.After(reviveSoon):
		}
		select {
		case <-r.life.Done():
			return
		case _, ok := <-events: // come, gone or changed: look again
			if !ok {
				events = nil
			}
		case <-time.After(pause - reviveSoon):
		}
		pause = min(2*pause, reviveSeldom)
		if !r.mayReturn() {
			continue
		}
		devices, err := r.probe(r.life)
		if err != nil {
			continue
		}
		if len(devices) == 0 {
			pause = min(pause, 4*reviveSoon) // unplugged: look often, it costs little
		}
		err = r.fill(r.life, s, devices)
		if err == nil {
			return
		}
		r.stillDown(s, err)
	}
}

// stillDown notes why a slot could not be filled yet.
func (r *router) stillDown(s *slot, err error) {
	r.logger.Debug("accelerator not back yet", "error", err)
	r.mu.Lock()
	defer r.mu.Unlock()
	// What ended the use of a device is worth more than that it is not there now.
	if s.device.Path == "" || !errors.Is(err, ErrNoDevice) {
		s.why = err.Error()
	}
}

// status is what the next inference runs on, as far as can be known, and why.
func (r *router) status() (Device, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.current(); s != nil {
		d := s.device
		return Device{EdgeTPU: &d}, "an Edge TPU is attached and works, driven " + s.how
	}
	return Device{}, r.obstacleLocked()
}

// backend is that of the accelerator which runs the next inference, if one does.
func (r *router) backend() (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.current(); s != nil {
		return s.backend, true
	}
	return "", false
}

func (r *router) obstacle() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.obstacleLocked()
}

func (r *router) obstacleLocked() string {
	if r.state.onCPU() {
		return "the model's state is on the CPU; ResetState lets it leave"
	}
	for _, s := range r.slots {
		switch {
		case s.why == "":
		case s.why == errNone.Error():
			return s.why
		case s.device.Path == "":
			return "no attached Edge TPU can be used: " + s.why
		default:
			return fmt.Sprintf("the Edge TPU at %s is out of use: %s", s.device.Path, s.why)
		}
	}
	return errNone.Error()
}

// tell calls the session's callback.
func (r *router) tell() {
	if r.notify != nil && r.life.Err() == nil {
		r.notify(r.status())
	}
}

// close ends the router. It does not wait for a device that hangs.
func (r *router) close() {
	r.end()
	r.mu.Lock()
	idle := r.idle
	r.idle = nil
	for _, s := range idle {
		r.state.leave(s.engine, ErrClosed)
	}
	r.wake()
	r.mu.Unlock()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for _, s := range idle {
			s.engine.close()
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
