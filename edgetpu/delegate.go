package edgetpu

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"time"
	"unsafe"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/internal/borrow"
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
		return nil, fmt.Errorf("performance %q, there are Low, Medium, High and Max", o.Performance)
	}
	if o.USB.AlwaysDFU {
		list = append(list, libedgetpu.Option{Name: "Usb.AlwaysDfu", Value: "True"})
	}
	switch n := o.USB.MaxBulkInQueueLength; {
	case n < 0 || n > 256:
		return nil, fmt.Errorf("bulk-in queue of %d, it goes from 1 to 256", n)
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
// one libedgetpu was built for: an adapter stands between the two.
type Delegate struct {
	refs    borrow.Count
	device  Device
	adapter *oldabi.Adapter
	runtime *Runtime
	cleanup runtime.Cleanup
}

var (
	_ delegate.Delegate = (*Delegate)(nil)
	_ delegate.Borrower = (*Delegate)(nil)
	_ delegate.Namer    = (*Delegate)(nil)
)

// NewDelegate opens the device, or shares it if this process has it open already.
//
// What would make the library block for half a minute is checked first: a device that
// is dead, forbidden or held by another process gives [ErrNoDevice], [ErrPermission] or
// [ErrDeviceBusy] at once. The opening itself takes two to three seconds for the first
// delegate of a device, and is bounded by ctx, or by ten seconds if ctx has no
// deadline. A library that does not return in time is not called again until it does:
// calls wait for that as long as they may, and then get [ErrRuntimeStuck]. When it declines, the error wraps ErrDelegateDeclined with
// what can be found out about the reason.
//
// The options are those of the first delegate of a device; other ones for a device that
// is open are refused.
func (r *Runtime) NewDelegate(ctx context.Context, d Device, o Options) (*Delegate, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, openTimeout)
		defer cancel()
	}
	options, err := o.list()
	if err == nil {
		err = r.await(ctx)
	}
	if err == nil {
		err = d.Usable()
	}
	if err == nil {
		err = r.share(d, o)
	}
	if err != nil {
		return nil, fmt.Errorf("edgetpu: opening %s: %w", d.Path, err)
	}
	ptr, err := r.create(ctx, d, options)
	if err != nil {
		return nil, fmt.Errorf("edgetpu: opening %s: %w", d.Path, err)
	}
	adapter, err := oldabi.Wrap(ptr)
	if err != nil {
		r.free(d.Path, ptr)
		return nil, fmt.Errorf("edgetpu: opening %s: %w", d.Path, err)
	}
	return newDelegate(r, d, ptr, adapter), nil
}

func newDelegate(r *Runtime, d Device, ptr unsafe.Pointer, adapter *oldabi.Adapter) *Delegate {
	e := &Delegate{device: d, adapter: adapter, runtime: r}
	free := func() {
		r.free(d.Path, ptr)
		adapter.Free()
	}
	e.refs.OnFree(free)
	// Interpreters keep a borrowed delegate reachable, so this runs without any.
	e.cleanup = runtime.AddCleanup(e, func(free func()) { free() }, free)
	return e
}

// share registers one more delegate for the device, and locks it for the first.
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

// create calls the library, and does not wait for it beyond the deadline.
func (r *Runtime) create(ctx context.Context, d Device, options []libedgetpu.Option) (unsafe.Pointer, error) {
	entry := libedgetpu.Entry{Type: libedgetpu.PCIe, Path: d.Path}
	if d.Type == USB {
		entry.Type = libedgetpu.USB
	}
	done := make(chan unsafe.Pointer, 1)
	go func() { done <- r.lib.Create(entry, options) }()
	select {
	case ptr := <-done:
		if ptr == nil {
			r.unshare(d.Path)
			return nil, declined(d)
		}
		return ptr, nil
	case <-ctx.Done():
		r.mu.Lock()
		r.stuck, r.returned = "opening "+d.Path, make(chan struct{})
		r.mu.Unlock()
		go r.recover(d.Path, done)
		return nil, fmt.Errorf("libedgetpu did not answer in time: %w: %w", ErrRuntimeStuck, ctx.Err())
	}
}

// recover waits for a library that was late, and makes it usable again.
func (r *Runtime) recover(path string, done <-chan unsafe.Pointer) {
	if ptr := <-done; ptr != nil {
		r.lib.Free(ptr)
	}
	r.unshare(path)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stuck = ""
	close(r.returned)
}

// free gives a delegate back to the library, unless that is stuck: it may hold its
// lock for ever.
func (r *Runtime) free(path string, ptr unsafe.Pointer) {
	if r.usable() == nil {
		r.lib.Free(ptr)
	}
	r.unshare(path)
}

// declined finds out why the library gave no delegate, which it does not say itself.
func declined(d Device) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return whyDeclined(ctx, d.Path)
}

// Device is what the delegate runs on, as it was when it was opened.
func (e *Delegate) Device() Device { return e.device }

// Runtime is the library behind the delegate.
func (e *Delegate) Runtime() *Runtime { return e.runtime }

// Name is "Edge TPU".
func (e *Delegate) Name() string { return "Edge TPU" }

// Ptr returns the TfLiteDelegate*, nil for a nil Delegate or one that is freed.
func (e *Delegate) Ptr() unsafe.Pointer {
	if e == nil || !e.refs.Usable() {
		return nil
	}
	return e.adapter.Ptr()
}

// Borrow keeps the delegate from being freed until [Delegate.Return]. Interpreters do
// this.
func (e *Delegate) Borrow() error { return e.refs.Borrow() }

// Return undoes one Borrow.
func (e *Delegate) Return() { e.refs.Return() }

// Delete gives the delegate back, once the interpreters that use it are closed.
// Deleting twice, or a nil Delegate, does nothing.
func (e *Delegate) Delete() {
	if e != nil {
		e.cleanup.Stop()
		e.refs.Delete()
	}
}
