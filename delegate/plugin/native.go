package plugin

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/oldabi"
)

// native is the part of a delegate that lives outside Go's heap. It is freed as a
// whole and in order.
type native struct {
	destroy  unsafe.Pointer
	original unsafe.Pointer
	adapter  *oldabi.Adapter // nil without WithOldABI
	shown    unsafe.Pointer  // what interpreters get: the original or the adapter
	freed    atomic.Bool
}

// newNative has the plugin make a delegate. The report is what the plugin said while
// it succeeded.
func newNative(create, destroy unsafe.Pointer, o *options) (n *native, report string, err error) {
	original, report := dl.CreateDelegate(create, o.keys, o.values)
	if original == nil {
		if report == "" {
			report = "the plugin gave no reason; check its options, and whether the device is attached and free"
		}
		return nil, "", fmt.Errorf("%w: %s", ErrDelegateDeclined, report)
	}
	n = &native{destroy: destroy, original: original, shown: original}
	if o.oldABI {
		n.adapter, err = oldabi.Wrap(original)
		if err != nil {
			n.free()
			return nil, "", err
		}
		n.shown = n.adapter.Ptr()
	}
	return n, report, nil
}

// ptr is nil once freed.
func (n *native) ptr() unsafe.Pointer {
	if n.freed.Load() {
		return nil
	}
	return n.shown
}

// free is called by the last borrower after a Delete and by the cleanup, in any
// order. Only the first call does something.
func (n *native) free() {
	if n.freed.CompareAndSwap(false, true) {
		dl.DestroyDelegate(n.destroy, n.original)
		n.adapter.Free()
	}
}
