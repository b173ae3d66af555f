// Package borrow does for delegates what they all need: native memory that is freed
// once, and never while an interpreter uses it.
package borrow

import (
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/gocoral/coral/internal/errs"
)

// Owned is a native object that belongs to a Go value. It is freed when it has been
// deleted and the last borrower has returned it, or some time after the garbage collector
// has found that nothing leads to it any more. While it is borrowed it cannot be
// collected, whether or not the borrower holds on to its owner.
//
// Its methods may be called at the same time, and on nil, which is an object that is
// freed.
type Owned struct {
	ptr     unsafe.Pointer
	free    func() // does something once
	cleanup runtime.Cleanup

	mu      sync.Mutex
	users   int
	deleted bool
}

// borrowed keeps the objects that somebody uses reachable.
var borrowed sync.Map

// Own returns the owner of ptr. free, which must not lead to the result or to what holds
// it, is called once.
func Own(ptr unsafe.Pointer, free func()) *Owned {
	o := &Owned{ptr: ptr, free: sync.OnceFunc(free)}
	o.cleanup = runtime.AddCleanup(o, func(free func()) { free() }, o.free)
	return o
}

// Ptr is the native object, nil once it is freed.
func (o *Owned) Ptr() unsafe.Pointer {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.unused() {
		return nil
	}
	return o.ptr
}

// Borrow keeps the object from being freed until [Owned.Return]. A deleted one gives
// ErrClosed.
func (o *Owned) Borrow() error {
	if o == nil {
		return fmt.Errorf("delegate: %w", errs.ErrClosed)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.deleted {
		return fmt.Errorf("delegate: %w", errs.ErrClosed)
	}
	o.users++
	borrowed.Store(o, nil)
	return nil
}

// Return undoes one Borrow, and frees a deleted object with the last one. Without a
// Borrow it does nothing.
func (o *Owned) Return() { o.change(func() { o.users = max(o.users-1, 0) }) }

// Delete frees the object as soon as nobody uses it. Deleting twice does nothing.
func (o *Owned) Delete() { o.change(func() { o.deleted = true }) }

// change frees the object if after f it is to be freed. The lock is not held meanwhile:
// freeing may take its time.
func (o *Owned) change(f func()) {
	if o == nil {
		return
	}
	o.mu.Lock()
	f()
	if o.users == 0 {
		borrowed.Delete(o)
	}
	free := o.unused()
	o.mu.Unlock()
	if free {
		o.cleanup.Stop()
		o.free()
	}
}

// unused reports whether the object is deleted and nobody uses it. It is locked.
func (o *Owned) unused() bool { return o.deleted && o.users == 0 }
