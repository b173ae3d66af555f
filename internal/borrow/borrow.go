// Package borrow counts who uses an object that others must not see freed.
package borrow

import (
	"fmt"
	"sync"

	"github.com/gocoral/coral/internal/errs"
)

// Count does the work of delegate.Borrower: it puts off the freeing until the last
// borrower has returned the object. The zero Count is ready, but [Count.OnFree] must be
// set before anyone can delete.
type Count struct {
	mu      sync.Mutex
	users   int
	deleted bool
	onFree  func()
}

// OnFree sets what frees the object. It is called once at most.
func (c *Count) OnFree(free func()) { c.onFree = free }

// Borrow takes a reference; a deleted object gives ErrClosed.
func (c *Count) Borrow() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deleted {
		return fmt.Errorf("delegate: %w", errs.ErrClosed)
	}
	c.users++
	return nil
}

// Return gives a reference back, and frees a deleted object with the last one.
func (c *Count) Return() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users--
	c.freeUnused()
}

// Delete frees the object as soon as nobody uses it. Deleting twice does nothing.
func (c *Count) Delete() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.deleted {
		c.deleted = true
		c.freeUnused()
	}
}

// Usable reports whether the object is not freed yet, which after Delete is so while
// somebody has borrowed it.
func (c *Count) Usable() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.deleted || c.users > 0
}

func (c *Count) freeUnused() {
	if c.deleted && c.users == 0 && c.onFree != nil {
		c.onFree()
		c.onFree = nil
	}
}
