package track

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gocoral/coral/vision"
)

// Tracker gives objects identities. It is for one video, and not safe for concurrent use.
type Tracker struct {
	config
	identities int
	paths      []*path       // in the order in which they began
	last       time.Duration // of the last frame, as it was given
	clock      time.Duration // the same, as far as it went forwards
	begun      bool
}

// What boxes must share for one to continue the other. The numbers are ByteTrack's.
const (
	overlapCertain   = 0.2 // of a certain detection, IoU times score
	overlapUncertain = 0.5 // of an uncertain one, IoU
	overlapNewborn   = 0.3 // of a certain one with a track that has just begun, IoU times score
)

const (
	// beginsAbove is how much a score must be above [WithThresholds]'s high for a new track.
	beginsAbove = 0.1
	// maxObjects is how many objects of a frame are looked at, the most certain ones, and
	// how many that are hidden are kept. It bounds the time and the memory that a detector
	// gone wild can cost.
	maxObjects = 300
	// maxStep is the longest time between frames that is believed.
	maxStep = time.Hour
)

// New returns a tracker that has seen nothing yet. Errors are those of the options.
func New(opts ...Option) (*Tracker, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, fmt.Errorf("track: new: %w", err)
	}
	return &Tracker{config: c}, nil
}

// Update takes what was found in the next frame. It returns the objects of the frame that
// have an identity, in the order of their identities, and what has happened. An object gets
// its identity when it is found for the second time, or in the very first frame.
//
// The time of the frame may be counted from any moment. One that is not after that of the
// last frame is taken as a 30th of a second later. Objects whose boxes have no area, or
// coordinates or scores that are no numbers, are passed over, and of more than 300 objects
// the most certain ones are looked at. A nil tracker finds nothing.
func (t *Tracker) Update(objects []vision.Object, at time.Duration) ([]Track, []Event) {
	if t == nil {
		return nil, nil
	}
	isFirst := !t.begun
	t.advance(at)
	certain, uncertain := t.split(objects)

	known := t.where(func(p *path) bool { return p.Identity > 0 })
	newborn := t.where(func(p *path) bool { return p.Identity == 0 })
	certain = t.match(known, certain, overlapCertain, scored)
	justLost := t.where(func(p *path) bool { return p.Identity > 0 && p.missed == 1 })
	t.match(justLost, uncertain, overlapUncertain, plain)
	certain = t.match(newborn, certain, overlapNewborn, scored)

	for _, o := range certain {
		if o.Score >= min(t.high+beginsAbove, 1) {
			t.paths = append(t.paths, t.newPath(o))
		}
	}
	return t.report(isFirst)
}

// End gives up all objects, as at the end of a video: it returns the events of their
// leaving. What comes afterwards is a video of its own; identities go on from where they are.
func (t *Tracker) End() []Event {
	if t == nil {
		return nil
	}
	var events []Event
	for _, p := range t.paths {
		events = t.giveUp(events, p)
	}
	t.paths, t.begun = nil, false
	return events
}

// advance goes on to the frame at that time, and predicts where objects are in it.
func (t *Tracker) advance(at time.Duration) {
	step := at - t.last
	if !t.begun || step <= 0 {
		step = time.Second / nominal
	}
	step = min(step, maxStep)
	t.begun, t.last, t.clock = true, at, t.clock+step
	for _, p := range t.paths {
		if p.missed > 0 {
			p.motion.height.speed = 0 // a guess at that would make the box grow or shrink for long
		}
		p.missed++
		p.motion.predict(step.Seconds() * nominal)
	}
}

// split returns the certain and the uncertain objects, the best ones first.
func (t *Tracker) split(objects []vision.Object) (certain, uncertain []vision.Object) {
	var good []vision.Object
	for _, o := range objects {
		if usable(o) && o.Score >= t.low {
			good = append(good, o)
		}
	}
	slices.SortStableFunc(good, func(a, b vision.Object) int { return cmp.Compare(b.Score, a.Score) })
	good = good[:min(len(good), maxObjects)]
	n := 0
	for n < len(good) && good[n].Score >= t.high {
		n++
	}
	return good[:n], good[n:]
}

// usable reports whether an object has a place, a size and a score.
func usable(o vision.Object) bool {
	for _, x := range []float32{o.Score, o.Box.XMin, o.Box.YMin, o.Box.Width(), o.Box.Height()} {
		if !finite(x) {
			return false
		}
	}
	return o.Box.Width() > 0 && o.Box.Height() > 0
}

func (t *Tracker) where(is func(*path) bool) []*path {
	var all []*path
	for _, p := range t.paths {
		if is(p) {
			all = append(all, p)
		}
	}
	return all
}

// report takes the paths through the frame that has been matched.
func (t *Tracker) report(isFirst bool) ([]Track, []Event) {
	var (
		kept   []*path
		tracks []Track
		events []Event
	)
	tooMany := len(t.where(func(p *path) bool { return p.missed > 0 })) - maxObjects
	for _, p := range t.paths {
		isNew := p.Identity == 0
		if p.missed > 0 {
			tooMany--
		}
		switch {
		case isNew && p.missed > 0:
			continue // seen once, which may have been a mistake
		case p.missed > 0 && (t.clock-p.seen > t.memory || tooMany >= 0):
			events = t.giveUp(events, p)
			continue
		}
		kept = append(kept, p)
		if p.missed > 0 || isNew && p.Frames == 1 && !isFirst {
			continue
		}
		if isNew {
			t.identities++
			p.Identity = t.identities
			events = append(events, Event{Kind: Appear, Time: t.last, Track: p.Track})
		}
		tracks = append(tracks, p.Track)
		events = t.move(events, p)
	}
	t.paths = kept
	return tracks, events
}

// move adds the events of where an object is now.
func (t *Tracker) move(events []Event, p *path) []Event {
	at := t.at(p.Box)
	for k, z := range t.zones {
		if !p.zones[k].move(z.contains(at), t.inertia) {
			continue
		}
		kind := Leave
		if p.zones[k].inside {
			kind = Enter
		}
		events = append(events, Event{Kind: kind, Place: z.Name, Time: t.last, Track: p.Track})
	}
	for k, l := range t.lines {
		if to, crossed := p.lines[k].move(l, at, t.inertia); crossed {
			events = append(events, Event{Kind: Cross, Place: l.Name, Direction: to, Time: t.last, Track: p.Track})
		}
	}
	return events
}

// giveUp adds the last events of an object.
func (t *Tracker) giveUp(events []Event, p *path) []Event {
	if p.Identity == 0 {
		return events
	}
	for k, z := range t.zones {
		if p.zones[k].inside {
			events = append(events, Event{Kind: Leave, Place: z.Name, Time: t.last, Track: p.Track})
		}
	}
	return append(events, Event{Kind: Vanish, Time: t.last, Track: p.Track})
}
