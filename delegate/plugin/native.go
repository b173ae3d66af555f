package plugin

import (
	"fmt"
	"unsafe"

	"github.com/gocoral/coral/internal/borrow"
	"github.com/gocoral/coral/internal/dl"
	"github.com/gocoral/coral/internal/oldabi"
)

// newNative has the plugin make a delegate. The report is what the plugin said while
// it succeeded.
func newNative(create, destroy unsafe.Pointer, o *config) (d *Delegate, report string, err error) {
	original, report := dl.CreateDelegate(create, o.keys, o.values)
	if original == nil {
		if report == "" {
			report = "the plugin gave no reason; check its options, and whether the device is attached and free"
		}
		return nil, "", fmt.Errorf("%w: %s", ErrDelegateDeclined, report)
	}
	if !o.oldABI {
		return &Delegate{owned: borrow.Own(original, func() { dl.DestroyDelegate(destroy, original) })}, report, nil
	}
	adapter, err := oldabi.Wrap(original)
	if err != nil {
		dl.DestroyDelegate(destroy, original)
		return nil, "", err
	}
	owned := borrow.Own(adapter.Ptr(), func() {
		dl.DestroyDelegate(destroy, original)
		adapter.Free()
	})
	return &Delegate{owned: owned, adapter: adapter}, report, nil
}
