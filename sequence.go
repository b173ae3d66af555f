package coral

import "fmt"

// sequence says where the state of a stateful model is: the inferences of a sequence run
// there and nowhere else. The zero value is a sequence that has not begun, which any device
// may begin. A model without state never leaves it.
type sequence struct {
	placed bool
	place  engine // nil for the CPU
	// advanced: an inference has succeeded there, so the state is worth something.
	advanced bool
	gone     error // why the place and the state are no more
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
	case e == nil || !q.placed || q.place != e:
	case q.advanced:
		q.gone = why
	default:
		*q = sequence{}
	}
}

// begin makes e, nil for the CPU, the place of the sequence if it has none yet. Whatever
// state is there from another sequence is reset first.
func (r *router) begin(e engine, reset func() error) error {
	if !r.stateful {
		return nil
	}
	r.mu.Lock()
	placed := r.state.placed
	r.mu.Unlock()
	if placed {
		return nil
	}
	if err := reset(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = sequence{placed: true, place: e}
	return nil
}

// stateLost tells the caller, once, that the device with the state is gone, unless the
// sequence may start again unasked.
func (r *router) stateLost() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	gone := r.state.gone
	if gone == nil {
		return nil
	}
	r.state = sequence{}
	if r.startAgain {
		return nil
	}
	return fmt.Errorf("%w: %w: start the sequence again, it begins with a zero state", ErrStateLost, gone)
}

// resetState ends the sequence; the next one begins with a zero state on any device.
func (r *router) resetState() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = sequence{}
}

// mayReturn is false while the CPU has the state, and a device would be opened for nothing.
func (r *router) mayReturn() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.state.onCPU()
}
