package coral

import (
	"errors"
	"fmt"
)

// sequence says where the state of a stateful model is: the inferences of a sequence run
// there and nowhere else. The zero value is a sequence that has not begun, which any device
// may begin. A model without state never leaves it.
type sequence struct {
	placed bool
	place  engine // nil for the CPU
	// advanced: an inference has succeeded there, so the state is worth something.
	advanced bool
	gone     error // why the place and the state are no more
	told     error // gone, once an error of a call has said so
}

// allows reports whether the engine may run the next inference.
func (q *sequence) allows(e engine) bool { return !q.placed || q.place == e }

func (q *sequence) onCPU() bool { return q.placed && q.place == nil }

// advance notes a good inference on e.
func (q *sequence) advance(e engine) {
	if q.placed && q.place == e {
		q.advanced = true
	}
}

// leave notes that e, nil if it never was, is out of use. A state that was still zero is no
// loss.
func (q *sequence) leave(e engine, why error) {
	switch {
	case e == nil || !q.placed || q.place != e || q.gone != nil:
	case q.advanced:
		q.gone = why
	default:
		*q = sequence{}
	}
}

// lost tells a caller, once, that the state is gone, unless a new sequence may begin
// unasked.
func (q *sequence) lost(startAgain bool) error {
	gone := q.gone
	if gone == nil {
		return nil
	}
	*q = sequence{told: gone}
	if startAgain {
		return nil
	}
	return fmt.Errorf("%w: %w: start the sequence again, it begins with a zero state", ErrStateLost, gone)
}

// untell takes back what lost has told, if that error has reached nobody.
func (q *sequence) untell(err error) {
	if errors.Is(err, ErrStateLost) && q.told != nil && !q.placed {
		*q = sequence{gone: q.told}
	}
}

// stateKeeper is what knows where the state of a session's model is.
type stateKeeper interface {
	// resetState ends the sequence; the next one begins with a zero state.
	resetState()
	// untell takes back an error of a call that nobody waits for any more.
	untell(err error)
}

// begin makes e, nil for the CPU, the place of sequence number n if it has none yet.
// Whatever state is there from another sequence is reset first.
func (r *router) begin(n int, e engine, reset func() error) error {
	if !r.stateful {
		return nil
	}
	r.mu.Lock()
	state := r.state
	r.mu.Unlock()
	switch {
	case state.placed && state.place == e:
		return nil
	case state.placed:
		return fmt.Errorf("%w: the device that has it is out of use", ErrStateLost)
	}
	if err := reset(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n == r.sequences { // not one that was reset meanwhile
		r.state = sequence{placed: true, place: e}
	}
	return nil
}

func (r *router) sequenceNumber() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sequences
}

func (r *router) stateLost() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.lost(r.startAgain)
}

func (r *router) untell(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.untell(err)
}

func (r *router) resetState() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = sequence{}
	r.sequences++
}

// mayReturn is false while the CPU has the state, and a device would be opened for nothing.
func (r *router) mayReturn() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.state.onCPU()
}
