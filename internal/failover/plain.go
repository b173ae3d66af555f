package failover

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Plain keeps account of a session whose interpreters run the model themselves, on the CPU:
// no call of it goes anywhere else, but it counts, and the state of a model can be lost.
type Plain struct {
	stateful, startAgain bool

	mu    sync.Mutex
	use   usage
	state sequence
}

// NewPlain makes one; see [Config].
func NewPlain(stateful, startAgain bool) *Plain {
	return &Plain{stateful: stateful, startAgain: startAgain}
}

// Observe notes an inference and how it has ended.
func (p *Plain) Observe(took time.Duration, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.use.count(took, err)
	if p.stateful && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		p.state.invalidate(err)
	}
}

// Invalidate notes that a call was given up, and that nobody has heard how it ended.
func (p *Plain) Invalidate(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stateful {
		p.state.invalidate(why)
	}
}

// Claim comes before each use of the interpreter that has the state. If that is lost, it has
// reset set it to its initial values, and returns once that it is.
func (p *Plain) Claim(reset func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state.lost == nil {
		return nil
	}
	if err := reset(); err != nil {
		return err
	}
	_, err := p.state.claim(p.startAgain)
	return err
}

// ResetState begins a new sequence.
func (p *Plain) ResetState() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.restart()
}

// Stats are those of the CPU.
func (p *Plain) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	stats := p.use.stats()
	stats.Kind, stats.Up = CPU, true
	return stats
}
