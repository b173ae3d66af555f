package failover

import (
	"errors"
	"time"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/engine"
)

// slot is the place of one accelerator in a session. Which one it is may change: a stick
// that was moved to another port is as good as before. Router.mu guards it.
type slot struct {
	wants  edgetpu.Selector
	device edgetpu.Device // the one in use, or used last
	state  state
	engine engine.Engine // nil while down and retired
	// orphaned: busy with an inference whose caller has gone.
	orphaned bool
	// While up: what runs the operators, and how the device is driven.
	backend, how string
	why          error // why it is not up
	use          usage
	// attempts are the failures since the last result, by the device's path.
	attempts map[string]attempt
}

type state int

const (
	down    state = iota // being brought back
	up                   // idle
	busy                 // with an inference
	retired              // not to be used again in this session
)

func (s *slot) usable() bool { return s.state == up || s.state == busy }

// attempt tells how often a device has failed since it last gave a result. Each opening
// resets a stick, so one that goes on failing, when it is opened or later, is tried less and
// less often.
type attempt struct {
	node  string // another node: it was plugged in again, and deserves a new start
	times int
	next  time.Time
}

// How long a device is left alone after failures.
const (
	firstPause = 2 * time.Second
	maxPause   = 5 * time.Minute
)

// mayTry reports whether it is time to open the device.
func (s *slot) mayTry(d edgetpu.Device, now time.Time) bool {
	a, ok := s.attempts[d.Path]
	return !ok || a.node != d.Node || !now.Before(a.next)
}

// failed notes a failure of the device.
func (s *slot) failed(d edgetpu.Device, now time.Time) {
	if s.attempts == nil {
		s.attempts = make(map[string]attempt)
	}
	a := s.attempts[d.Path]
	if a.node != d.Node {
		a = attempt{node: d.Node}
	}
	a.times++
	// The second try comes as soon as it can: a device that has just been plugged in may
	// need it, and so does one that was only unlucky.
	if a.times > 1 {
		a.next = now.Add(min(firstPause<<min(a.times-2, 16), maxPause))
	}
	s.attempts[d.Path] = a
}

// worked notes a result of the slot's device.
func (s *slot) worked() {
	if len(s.attempts) > 0 {
		delete(s.attempts, s.device.Path)
	}
}

// errRetired is wrapped by what makes trying again useless.
var errRetired = errors.New("it is not used again by this session")
