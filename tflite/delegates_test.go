package tflite_test

import (
	"log/slog"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/delegate"
	"github.com/gocoral/coral/delegate/xnnpack"
	"github.com/gocoral/coral/tflite"
)

// foreign is a delegate as other libraries make them: it knows nothing of borrowers, and
// frees itself when nobody refers to it any more.
type foreign struct{ d *xnnpack.Delegate }

func (f *foreign) Ptr() unsafe.Pointer { return f.d.Ptr() }
func (f *foreign) Delete()             { f.d.Delete() }

var _ delegate.Delegate = (*foreign)(nil)

// newForeign also returns what is closed once the delegate is collected.
func newForeign(t *testing.T) (*foreign, <-chan struct{}) {
	t.Helper()
	d, err := xnnpack.New()
	require.NoError(t, err)
	f, collected := &foreign{d}, make(chan struct{})
	runtime.AddCleanup(f, func(d *xnnpack.Delegate) {
		d.Delete()
		close(collected)
	}, d)
	return f, collected
}

// The interpreter keeps a delegate from the garbage collector as long as it lives itself.
func TestForeignDelegateLivesAsLongAsItsInterpreter(t *testing.T) {
	f, collected := newForeign(t)
	i, err := tflite.NewInterpreter(load(t, "tiny_float"), tflite.WithXNNPACK(tflite.XNNPACKOff), tflite.WithDelegates(f))
	require.NoError(t, err)
	f = nil
	for range 10 {
		runtime.GC()
		runtime.Gosched()
	}
	select {
	case <-collected:
		require.Fail(t, "collected under a live interpreter")
	default:
	}
	set(t, input(t, i, 0), make([]float32, 8*8*3)...)
	invoke(t, i)
	require.NoError(t, i.Close())
	i = nil
	for gone := false; !gone; {
		runtime.GC()
		select {
		case <-collected:
			gone = true
		case <-time.After(time.Millisecond):
		}
	}
	_, _ = f, i
}

// Of options that set the same thing the last one counts.
func TestLastOptionCounts(t *testing.T) {
	i := interpreter(t, "tiny_float", tflite.WithXNNPACK(tflite.XNNPACKOn), tflite.WithThreads(2),
		tflite.WithXNNPACK(tflite.XNNPACKOff), tflite.WithThreads(1))
	assert.Equal(t, "built-in kernels", i.Backend().String())
	i = interpreter(t, "huge_resize", tflite.WithMaxTensorBytes(4), tflite.WithMaxTensorBytes(64),
		tflite.WithLogger(slog.New(make(logger))), tflite.WithLogger(nil))
	require.NoError(t, i.Resize(0, 16))
	invoke(t, i)
}
