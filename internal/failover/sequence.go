package failover

import (
	"errors"
	"fmt"

	"github.com/gocoral/coral/internal/engine"
	"github.com/gocoral/coral/internal/errs"
)

// sequence says where the state of a stateful model is: the inferences of a sequence run
// there and nowhere else. The zero value is a sequence that has not begun, which any device
// may begin. A model without state never leaves it.
type sequence struct {
	// number counts the sequences, so that an inference which ends after its sequence has
	// no say in the next one.
	number int
	placed bool
	place  engine.Engine // nil for the CPU
	// advanced: an inference has succeeded there, so the state is worth something.
	advanced bool
	lost     error // why the place and the state are no more
}

// allows reports whether the engine may run the next inference.
func (q *sequence) allows(e engine.Engine) bool { return !q.placed || q.place == e }

func (q *sequence) onCPU() bool { return q.placed && q.place == nil && q.lost == nil }

// restart forgets the sequence; the next inference begins another.
func (q *sequence) restart() { *q = sequence{number: q.number + 1} }

// errOvertaken: an inference belongs to a sequence that has ended, or goes on elsewhere.
var errOvertaken = errors.New("the sequence of this inference has ended")

// enter says whether an inference of sequence number n on e, nil for the CPU, is the first
// one of its sequence, which begins with a reset.
func (q *sequence) enter(n int, e engine.Engine) (first bool, err error) {
	switch {
	case n != q.number || q.lost != nil || q.placed && q.place != e:
		return false, errOvertaken
	default:
		return !q.placed, nil
	}
}

// begin makes e, nil for the CPU, the place of sequence number n.
func (q *sequence) begin(n int, e engine.Engine) error {
	if _, err := q.enter(n, e); err != nil {
		return err
	}
	q.placed, q.place = true, e
	return nil
}

// advance notes a good inference of sequence number n on e.
func (q *sequence) advance(n int, e engine.Engine) {
	if n == q.number && q.placed && q.place == e {
		q.advanced = true
	}
}

// lose notes that e, nil if it never was, is out of use. A state that was still the
// initial one is no loss.
func (q *sequence) lose(e engine.Engine, why error) {
	switch {
	case e == nil || !q.placed || q.place != e || q.lost != nil:
	case q.advanced:
		q.lost = why
	default:
		q.restart()
	}
}

// cancel notes that a call of sequence number n was given up during its reset or inference:
// whether that advances the state is not known, and nobody will hear.
func (q *sequence) cancel(n int, why error) {
	if n == q.number {
		q.invalidate(why)
	}
}

// invalidate has the next call told that the state is lost.
func (q *sequence) invalidate(why error) {
	if q.lost == nil {
		q.lost = fmt.Errorf("a call was given up before its result: %w", why)
	}
}

// claim returns, once, the error that the state is lost, unless a new sequence may begin
// unasked. It returns the number of the sequence that the next inference belongs to.
func (q *sequence) claim(startAgain bool) (int, error) {
	lost := q.lost
	if lost == nil {
		return q.number, nil
	}
	q.restart()
	if startAgain {
		return q.number, nil
	}
	return 0, fmt.Errorf("%w: %w: start the sequence again, it begins with the initial state", errs.ErrStateLost, lost)
}
