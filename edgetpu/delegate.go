package edgetpu

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unsafe"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/internal/borrow"
	"github.com/gocoral/coral/internal/errs"
	"github.com/gocoral/coral/internal/libedgetpu"
	"github.com/gocoral/coral/internal/oldabi"
)

// Performance is the clock of the chip. The standard build of libedgetpu caps USB
// devices at High; the "max" build does not.
type Performance string

// The clocks: 63, 125, 250 and 500 MHz. "" leaves the choice to the library, which
// takes Max.
const (
	Low    Performance = "Low"
	Medium Performance = "Medium"
	High   Performance = "High"
	Max    Performance = "Max"
)

// Options configure a device when it is opened. The zero value is the library's own
// choice.
type Options struct {
	Performance Performance
	USB         USBOptions
}

// USBOptions apply to USB devices only.
type USBOptions struct {
	// AlwaysDFU loads the firmware anew at every opening, which brings some wedged
	// devices back.
	AlwaysDFU bool
	// MaxBulkInQueueLength is how many reads are kept waiting, 1 to 256; 0 leaves
	// the choice to the library.
	MaxBulkInQueueLength int
}

func (o Options) list() ([]libedgetpu.Option, error) {
	var list []libedgetpu.Option
	switch o.Performance {
	case "":
	case Low, Medium, High, Max:
		list = append(list, libedgetpu.Option{Name: "Performance", Value: string(o.Performance)})
	default:
		return nil, fmt.Errorf("performance %q, there are Low, Medium, High and Max: %w", o.Performance, ErrRange)
	}
	if o.USB.AlwaysDFU {
		list = append(list, libedgetpu.Option{Name: "Usb.AlwaysDfu", Value: "True"})
	}
	switch n := o.USB.MaxBulkInQueueLength; {
	case n < 0 || n > 256:
		return nil, fmt.Errorf("bulk-in queue of %d, it goes from 1 to 256: %w", n, ErrRange)
	case n > 0:
		list = append(list, libedgetpu.Option{Name: "Usb.MaxBulkInQueueLength", Value: strconv.Itoa(n)})
	}
	return list, nil
}

// openTimeout bounds an opening whose context has no deadline. A good one takes two
// to three seconds; the library itself gives up after 25 to 32.
const openTimeout = 10 * time.Second

// Delegate makes an Edge TPU run the operators that were compiled for it. Several may
// be made for one device; they share it.
//
// Give it to tflite.WithDelegates. It runs on every TensorFlow Lite runtime, whichever
// one libedgetpu was built for: an adapter stands between the two. Interpreters of package
// tflite borrow it. One of another binding, such as go-tflite, keeps nothing but the
// native pointer: call [Delegate.Borrow] before it is made and [Delegate.Return] after it
// is deleted, or the delegate may be freed under it.
type Delegate struct {
	owned   *borrow.Owned
	device  Device
	runtime *Runtime
}

var (
	_ delegate.Delegate = (*Delegate)(nil)
	_ delegate.Borrower = (*Delegate)(nil)
	_ delegate.Namer    = (*Delegate)(nil)
)

// NewDelegate opens the device, or shares it if this process has it open already.
//
// What would make the library block for half a minute, or end another program, is checked
// first: a device that is dead, forbidden or held by another process gives [ErrNoDevice],
// [ErrPermission] or [ErrDeviceBusy] at once. A USB device that a program has claimed is
// held, even without a lock of this package: libedgetpu would reset it, which makes that
// program abort.
//
// The opening itself takes two to three seconds for the first delegate of a device, and is
// bounded by ctx, or by ten seconds if ctx is nil or has no deadline. A ctx that has ended
// opens nothing. A library that does not return in time is not called again until it does:
// calls wait for that as long as they may, and then get [ErrRuntimeStuck]. When it
// declines, the error wraps [ErrDelegateDeclined] with what can be found out about the
// reason.
//
// The options are those of the first delegate of a device; other ones for a device that
// is open give [ErrDeviceBusy], and impossible ones [ErrRange].
func (r *Runtime) NewDelegate(ctx context.Context, d Device, o Options) (*Delegate, error) {
	e, err := r.newDelegate(ctx, d, o)
	if err != nil {
		return nil, fmt.Errorf("edgetpu: opening %s: %w", cmp.Or(d.Path, "a device"), err)
	}
	return e, nil
}

func (r *Runtime) newDelegate(ctx context.Context, d Device, o Options) (*Delegate, error) {
	ctx, cancel := withOpenTimeout(ctx)
	defer cancel()
	options, err := o.list()
	if err != nil {
		return nil, err
	}
	if err := r.await(ctx); err != nil {
		return nil, err
	}
	if err := errs.Ended(ctx); err != nil {
		return nil, err
	}
	if err := d.Usable(); err != nil {
		return nil, err
	}
	if err := oldabi.Usable(); err != nil {
		return nil, err
	}
	if err := r.share(d, o); err != nil {
		return nil, err
	}
	ptr, err := r.create(ctx, d, options)
	if err != nil {
		return nil, err
	}
	adapter, err := oldabi.Wrap(ptr)
	if err != nil {
		r.free(d.Path, ptr, nil)
		return nil, err
	}
	owned := borrow.Own(adapter.Ptr(), func() { r.free(d.Path, ptr, adapter) })
	return &Delegate{owned: owned, device: d, runtime: r}, nil
}

// withOpenTimeout gives a context a deadline that it may lack.
func withOpenTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx = errs.Context(ctx)
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, openTimeout)
}

// share registers one more delegate for the device. For the first one it locks the device,
// and makes sure that no program has claimed it that does not know the lock: none of this
// process's own calls can have, yet.
func (r *Runtime) share(d Device, o Options) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if open := r.open[d.Path]; open != nil {
		if open.options != o {
			return fmt.Errorf("it is open in this process with other options (%+v): %w", open.options, ErrDeviceBusy)
		}
		open.delegates++
		return nil
	}
	lock, err := LockDevice(d)
	if err != nil {
		return err
	}
	if err := unclaimed(d); err != nil {
		_ = lock.Unlock() // closing a file that was only locked
		return err
	}
	r.open[d.Path] = &opened{options: o, delegates: 1, lock: lock}
	return nil
}

// unshare undoes share.
func (r *Runtime) unshare(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	open := r.open[path]
	if open == nil {
		return
	}
	open.delegates--
	if open.delegates == 0 {
		_ = open.lock.Unlock() // closing a file that was only locked
		delete(r.open, path)
	}
}

// create calls the library, and does not wait for it beyond the deadline. A delegate that
// comes after it goes back to the library.
func (r *Runtime) create(ctx context.Context, d Device, options []libedgetpu.Option) (unsafe.Pointer, error) {
	entry := libedgetpu.Entry{Type: libedgetpu.PCIe, Path: d.Path}
	if d.Type == USB {
		entry.Type = libedgetpu.USB
	}
	ptr, err := call(ctx, &r.calls, "opening "+d.Path,
		func() unsafe.Pointer { return r.lib.Create(entry, options) },
		func(ptr unsafe.Pointer) { r.release(d.Path, ptr, nil) })
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("%w (if that happens again, unplug the device and plug it in again)", err)
	case err != nil:
		return nil, err
	case ptr == nil:
		r.unshare(d.Path)
		return nil, declined(d)
	}
	return ptr, nil
}

// free gives a delegate back, and does not wait long for a library that hangs.
func (r *Runtime) free(path string, ptr unsafe.Pointer, adapter *oldabi.Adapter) {
	r.calls.free("closing "+path, func() { r.release(path, ptr, adapter) })
}

// release gives a delegate back, if it is one. The device is locked until the library has
// returned, for until then it may use it.
func (r *Runtime) release(path string, ptr unsafe.Pointer, adapter *oldabi.Adapter) {
	if ptr != nil {
		r.lib.Free(ptr)
	}
	adapter.Free()
	r.unshare(path)
}

// declined finds out why the library gave no delegate, which it does not say itself.
func declined(d Device) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return whyDeclined(ctx, d.Path)
}

// Device is what the delegate runs on, as it was when it was opened.
func (e *Delegate) Device() Device {
	if e == nil {
		return Device{}
	}
	return e.device
}

// Runtime is the library behind the delegate, nil for a Delegate that is nil or zero.
func (e *Delegate) Runtime() *Runtime {
	if e == nil {
		return nil
	}
	return e.runtime
}

// Name is "Edge TPU".
func (e *Delegate) Name() string { return "Edge TPU" }

// own is nil, which has all methods too, for a Delegate that is nil or zero.
func (e *Delegate) own() *borrow.Owned {
	if e == nil {
		return nil
	}
	return e.owned
}

// Ptr returns the TfLiteDelegate*, nil for a Delegate that is nil, zero or freed.
func (e *Delegate) Ptr() unsafe.Pointer { return e.own().Ptr() }

// Borrow keeps the delegate from being freed, by Delete or by the garbage collector, until
// [Delegate.Return]. Interpreters of package tflite call it. It gives [ErrClosed] after
// Delete, and [ErrUnsupported] with a TensorFlow Lite whose structures are not known.
func (e *Delegate) Borrow() error {
	if err := oldabi.Usable(); err != nil {
		return err
	}
	return e.own().Borrow()
}

// Return undoes one Borrow.
func (e *Delegate) Return() { e.own().Return() }

// Delete gives the delegate back, once the interpreters that use it are closed. The last
// one of a device closes that. It waits for the library five seconds at most; if it takes
// longer, the Runtime is stuck and the device stays locked until it returns. Deleting
// twice, or a nil Delegate, does nothing.
func (e *Delegate) Delete() { e.own().Delete() }
