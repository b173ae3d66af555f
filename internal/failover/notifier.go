package failover

import (
	"sync"
)

// notifier delivers what it is given to one function, in order and from one goroutine, so
// that nobody who has news waits for who hears it.
type notifier struct {
	deliver func(Status) // may be nil

	mu      sync.Mutex
	waiting []Status
	running bool
	closed  bool
}

func (n *notifier) add(s Status) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.deliver == nil || n.closed {
		return
	}
	n.waiting = append(n.waiting, s)
	if !n.running {
		n.running = true
		go n.run()
	}
}

// run ends when there is nothing to deliver.
func (n *notifier) run() {
	for {
		n.mu.Lock()
		if len(n.waiting) == 0 || n.closed {
			n.running, n.waiting = false, nil
			n.mu.Unlock()
			return
		}
		s := n.waiting[0]
		n.waiting = n.waiting[1:]
		n.mu.Unlock()
		n.deliver(s)
	}
}

// close drops what has not been delivered yet.
func (n *notifier) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
}
