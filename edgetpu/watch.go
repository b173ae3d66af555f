package edgetpu

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/options"
)

// EventKind says what an [Event] is about.
type EventKind string

// The kinds of events.
const (
	// Attached: a device is there that was not. A device that was pulled and plugged in
	// again gives Detached and Attached, even if nobody looked in between.
	Attached EventKind = "attached"
	// Detached: a device is gone; Event.Device is what it was.
	Detached EventKind = "detached"
	// StateChanged: anything but the temperature has changed, such as the state, the
	// permission, the owner, or the node when the firmware was loaded.
	StateChanged EventKind = "state"
	// TemperatureChanged: by 1 °C or more since the last event, or across a trip point.
	TemperatureChanged EventKind = "temperature"
)

// Event is a change of an Edge TPU. The JSON names are stable.
type Event struct {
	Kind EventKind `json:"kind"`
	// Device as it is now, or with Detached as it was last.
	Device Device `json:"device"`
	// Previous is the device as the events before have reported it, nil with Attached and
	// Detached.
	Previous *Device `json:"previous,omitempty"`
}

// WatchOption changes how [Watch] looks for devices. Every [ProbeOption] is one too.
type WatchOption interface{ applyWatch(*watcher) error }

func (o ProbeOption) applyWatch(w *watcher) error { //nolint:unparam // other options can fail
	w.probeOptions = append(w.probeOptions, o)
	return nil
}

type watchOption func(*watcher) error

func (o watchOption) applyWatch(w *watcher) error { return o(w) }

// WithInterval sets how often Watch looks; the default is a second. A d that is not
// positive gives [ErrRange].
func WithInterval(d time.Duration) WatchOption {
	return watchOption(func(w *watcher) error {
		if d <= 0 {
			return fmt.Errorf("an interval of %v, it must be above 0: %w", d, ErrRange)
		}
		w.interval = d
		return nil
	})
}

// Watch reports devices that come, go or change. It begins with an Attached event for
// each one that is there, and goes on until ctx ends, which closes the channel; a nil ctx
// never does. It needs no rights, opens no device and uses no library.
//
// It calls [Probe] again and again, on Linux also as soon as the kernel or udev announces
// a change of any device, where this process can hear that. What it reports is the
// difference between the events received so far and what is there now: a slow
// receiver holds up nothing, and misses only what has been undone in the meantime.
//
// The error is that of an option or of the first Probe.
func Watch(ctx context.Context, opts ...WatchOption) (<-chan Event, error) {
	w := &watcher{interval: time.Second, events: make(chan Event), seen: make(chan []Device), reported: make(map[string]Device)}
	ctx = errs.Context(ctx)
	if err := options.Each(opts, func(o WatchOption) error { return o.applyWatch(w) }); err != nil {
		return nil, fmt.Errorf("watching for Edge TPUs: %w", err)
	}
	devices, err := Probe(ctx, w.probeOptions...)
	if err != nil {
		return nil, err
	}
	if p, err := newProber(w.probeOptions); err == nil && p.root == "/" { // uevents are of no other root
		w.hints = listen(ctx, p.log)
	}
	go w.look(ctx)
	go w.report(ctx, devices)
	return w.events, nil
}

// watcher is a running Watch: look writes to seen, and report from seen to events.
type watcher struct {
	probeOptions []ProbeOption
	interval     time.Duration
	hints        <-chan struct{} // something may have changed; nil if there are none

	seen     chan []Device
	events   chan Event
	reported map[string]Device // as of the last event that was received, by path; only report uses it
}

// pause is the least time between two looks. A device that is plugged in is announced
// dozens of times.
const pause = 20 * time.Millisecond

// look probes again and again. A probe that hangs in a driver holds up only this.
func (w *watcher) look(ctx context.Context) {
	tick := time.NewTicker(w.interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-w.hints:
		}
		devices, err := Probe(ctx, w.probeOptions...)
		if err != nil {
			continue // the root of a test is gone, or ctx is
		}
		select {
		case w.seen <- devices:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(min(pause, w.interval)):
		case <-ctx.Done():
			return
		}
	}
}

// report offers the first difference between what was reported and what is there, which may
// be another one by the time the receiver takes it.
func (w *watcher) report(ctx context.Context, devices []Device) {
	defer close(w.events)
	for ctx.Err() == nil {
		event, ok := difference(w.reported, devices)
		events := w.events
		if !ok {
			events = nil
		}
		select {
		case events <- event:
			w.note(event)
		case devices = <-w.seen:
		case <-ctx.Done():
		}
	}
}

// note keeps what has been reported now.
func (w *watcher) note(e Event) {
	d := e.Device
	switch e.Kind {
	case Detached:
		delete(w.reported, d.Path)
		return
	case StateChanged: // the temperature has an event of its own
		d.Temperature = w.reported[d.Path].Temperature
	}
	w.reported[d.Path] = d
}

// difference returns the event that comes first, in the order of the paths: departures,
// then arrivals and changes.
func difference(reported map[string]Device, devices []Device) (Event, bool) {
	now := make(map[string]Device)
	for _, d := range devices {
		now[d.Path] = d
	}
	for _, path := range slices.Sorted(maps.Keys(reported)) {
		old := reported[path]
		if d, ok := now[path]; !ok || replugged(old, d) {
			return Event{Kind: Detached, Device: old}, true
		}
	}
	for _, d := range devices {
		old, ok := reported[d.Path]
		switch {
		case !ok:
			return Event{Kind: Attached, Device: d}, true
		case !sameButTemperature(old, d):
			return Event{StateChanged, d, &old}, true
		case temperatureMoved(old, d):
			return Event{TemperatureChanged, d, &old}, true
		}
	}
	return Event{}, false
}

// replugged: a device in the same port has another number, and not because its firmware
// was loaded.
func replugged(old, now Device) bool {
	return old.Node != now.Node && (old.State != Uninitialised || now.State != Ready)
}

func sameButTemperature(a, b Device) bool {
	// The sentence about an unusable device has its temperature in it.
	a.Temperature, b.Temperature = nil, nil
	a.Reason, b.Reason = "", ""
	return a == b
}

func temperatureMoved(old, now Device) bool {
	if old.Temperature == nil || now.Temperature == nil {
		return old.Temperature != now.Temperature
	}
	return math.Abs(*old.Temperature-*now.Temperature) >= 1 ||
		tripLevel(*old.Temperature, old.TripPoints) != tripLevel(*now.Temperature, now.TripPoints)
}
