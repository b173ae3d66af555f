package failover

import (
	"errors"
	"fmt"
	"slices"
)

var (
	errStateOnCPU = errors.New("the model's state is on the CPU; ResetState lets it leave")
	errOrphaned   = errors.New("an inference on it has not ended yet, and nobody waits for that")
)

// Status implements [Executor].
func (r *Router) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status()
}

// status is Status of a locked router.
func (r *Router) status() Status {
	if s := r.current(); s != nil {
		return Status{Kind: TPU, Device: s.device, How: s.how}
	}
	kind := None
	if r.c.CPU {
		kind = CPU
	}
	return Status{Kind: kind, Cause: r.obstacle()}
}

// current is the slot that the next inference would wait for, nil when there is none. The
// router is locked.
func (r *Router) current() *slot {
	// After the next call has been told that the state is lost, any may begin a sequence.
	next := func(s *slot) bool { return r.eligible(s) || s.usable() && r.state.lost != nil }
	k := slices.IndexFunc(r.slots, func(s *slot) bool { return next(s) && !s.orphaned })
	if k < 0 && !r.c.CPU {
		k = slices.IndexFunc(r.slots, next)
	}
	if k < 0 {
		return nil
	}
	return r.slots[k]
}

// obstacle is why the next inference runs on no accelerator. The router is locked.
func (r *Router) obstacle() error {
	if r.state.onCPU() {
		return errStateOnCPU
	}
	for _, s := range r.slots {
		why := s.why
		if s.orphaned {
			why = errOrphaned
		}
		switch {
		case why == nil:
		case errors.Is(why, ErrNone), errors.Is(why, errRetired):
			return why
		case s.device.Path == "":
			return fmt.Errorf("no attached Edge TPU can be used: %w", why)
		default:
			return fmt.Errorf("the Edge TPU at %s is out of use: %w", s.device.Path, why)
		}
	}
	return ErrNone
}

// Backend implements [Executor].
func (r *Router) Backend() (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.current(); s != nil {
		return s.backend, true
	}
	return "", false
}

// Stats implements [Executor].
func (r *Router) Stats() []Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Stats
	for _, s := range r.slots {
		stats := s.use.stats()
		stats.Kind, stats.Device, stats.Up, stats.Reason = TPU, s.device, s.usable(), s.why
		all = append(all, stats)
	}
	cpu := r.cpuUse.stats()
	cpu.Kind, cpu.Up = CPU, r.c.CPU
	return append(all, cpu)
}
