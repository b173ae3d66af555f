package failover

import (
	"context"
	"errors"
	"time"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/errs"
)

// How often lost devices are looked for: soon at first, since a replugged one is there
// within a second, and seldom in the end.
const (
	reviveSoon   = 100 * time.Millisecond
	reviveSeldom = 2 * time.Second
)

// startReviver sees to it that one goroutine looks for devices while a slot is down. The
// router is locked.
func (r *Router) startReviver() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
	if !r.connected || r.reviving || r.life.Err() != nil {
		return
	}
	r.reviving = true
	r.wait.Go(r.revive)
}

// revive fills the slots that are down, however long that takes.
func (r *Router) revive() {
	ctx, cancel := context.WithCancel(r.life)
	defer cancel()
	events := r.events(ctx)
	pause := reviveSoon
	for r.pause(&events, &pause) {
		empty := r.empty()
		if len(empty) == 0 {
			return
		}
		if !r.mayReturn() {
			continue
		}
		devices, err := r.c.Probe(ctx)
		if err != nil {
			continue
		}
		if len(devices) == 0 {
			pause = min(pause, 4*reviveSoon) // unplugged: look often, it costs little
		}
		for _, s := range empty {
			if err := r.fill(ctx, s, devices); err != nil {
				r.stillDown(s, err)
			}
		}
	}
}

func (r *Router) events(ctx context.Context) <-chan edgetpu.Event {
	if r.c.Watch == nil {
		return nil
	}
	events, err := r.c.Watch(ctx)
	if err != nil {
		r.c.Logger.Debug("devices cannot be watched, only looked for", "error", err)
	}
	return events
}

// pause waits until it is time to look again: after the pause, which grows, or when a
// device or a slot has changed. It is false at the end of the session.
func (r *Router) pause(events *<-chan edgetpu.Event, pause *time.Duration) bool {
	select {
	case <-r.life.Done():
		return false
	case <-time.After(reviveSoon): // what has just changed may do so again
	}
	timer := time.NewTimer(*pause - reviveSoon)
	defer timer.Stop()
	select {
	case <-r.life.Done():
		return false
	case <-r.kick:
		*pause = reviveSoon
		return true
	case _, ok := <-*events: // come, gone or changed
		if !ok {
			*events = nil // the watch has ended
		}
		return true
	case <-timer.C:
	}
	*pause = min(2*max(*pause, reviveSoon), reviveSeldom)
	return true
}

// empty lists the slots that are down. If there are none, the reviver is done.
func (r *Router) empty() []*slot {
	r.mu.Lock()
	defer r.mu.Unlock()
	var empty []*slot
	for _, s := range r.slots {
		if s.state == down {
			empty = append(empty, s)
		}
	}
	r.reviving = len(empty) > 0
	return empty
}

// mayReturn is false while the CPU has the state and a device would be opened for nothing:
// in a program that never resets the state. In others it waits for the next reset.
func (r *Router) mayReturn() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.resets || !r.state.onCPU()
}

// stillDown notes why a slot could not be filled yet.
func (r *Router) stillDown(s *slot, err error) {
	r.c.Logger.Debug("accelerator not back yet", "error", err)
	if errors.Is(err, errRetired) {
		r.retire(s, nil, err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// What ended the use of a device is worth more than that it is not there now.
	if !errors.Is(err, errBackoff) && (s.device.Path == "" || !errors.Is(err, errs.ErrNoDevice)) {
		s.why = err
	}
}
