package coral

import (
	"context"
	"sync"

	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/tflite"
)

// pool hands out interpreters, one to a caller.
type pool struct {
	first *tflite.Interpreter // for questions that need no lease
	idle  chan *tflite.Interpreter

	mu     sync.Mutex
	closed chan struct{}
}

func newPool(interpreters []*tflite.Interpreter) *pool {
	p := &pool{first: interpreters[0], idle: make(chan *tflite.Interpreter, len(interpreters)), closed: make(chan struct{})}
	for _, i := range interpreters {
		p.idle <- i
	}
	return p
}

// lease waits for an idle interpreter.
func (p *pool) lease(ctx context.Context) (*tflite.Interpreter, error) {
	if p == nil {
		return nil, ErrClosed
	}
	if err := errs.Ended(ctx); err != nil {
		return nil, err
	}
	select {
	case <-p.closed:
		return nil, ErrClosed
	default:
	}
	select {
	case i := <-p.idle:
		return i, nil
	case <-p.closed:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, errs.Ended(ctx)
	}
}

// giveBack ends a lease. The interpreter of a closed pool is closed with it.
func (p *pool) giveBack(i *tflite.Interpreter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isClosed() {
		i.Close()
		return
	}
	p.idle <- i
}

// close is idempotent.
func (p *pool) close() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isClosed() {
		return
	}
	close(p.closed)
	for {
		select {
		case i := <-p.idle:
			i.Close()
		default:
			return
		}
	}
}

func (p *pool) isClosed() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}
