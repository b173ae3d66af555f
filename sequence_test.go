package coral

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/tflite"
)

// counter is an accelerator that does what testdata's stateful model does: it returns the
// sum of its inputs since the last reset.
type counter struct {
	mu    sync.Mutex
	input float32
	sum   float32
	fails error         // of every inference from now on
	hold  chan struct{} // an inference waits for its end, if there is one
	// holdReset is the same for a reset.
	holdReset chan struct{}
	ended     chan struct{}
}

func (e *counter) load(inputs [][]byte) error {
	e.input = math.Float32frombits(binary.NativeEndian.Uint32(inputs[0]))
	return nil
}

func (e *counter) unload(outputs [][]byte) error {
	binary.NativeEndian.PutUint32(outputs[0], math.Float32bits(e.sum))
	return nil
}

func (e *counter) invoke() error {
	e.mu.Lock()
	fails, hold := e.fails, e.hold
	e.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if fails == nil {
		e.sum += e.input
	}
	return fails
}

func (e *counter) reset() error {
	e.mu.Lock()
	hold := e.holdReset
	e.mu.Unlock()
	if hold != nil {
		<-hold
	}
	e.sum = 0
	return nil
}

func (e *counter) abandon() bool              { return true }
func (e *counter) close()                     {}
func (e *counter) gone() <-chan struct{}      { return e.ended }
func (e *counter) describe() (string, string) { return "counter", "by a test" }

// breaks fails the engine's inferences from now on.
func (e *counter) breaks(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fails = err
}

func (e *counter) holds(c chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hold = c
}

// bench is a router with counters for accelerators, and the interpreter whose inferences it
// routes.
type bench struct {
	*router
	interpreter *tflite.Interpreter

	mu       sync.Mutex
	attached []edgetpu.Device
	counters map[string]*counter
}

var errPulled = errors.New("the cable was pulled")

func newBench(t *testing.T, devices int) *bench {
	t.Helper()
	b := &bench{router: newRouter(), counters: map[string]*counter{}}
	for k := range devices {
		b.attached = append(b.attached, edgetpu.Device{
			Type: edgetpu.PCIe, Path: "/dev/apex_" + string(rune('0'+k)), State: edgetpu.Ready, Accessible: true,
		})
	}
	b.open = func(_ context.Context, d edgetpu.Device) (engine, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		e := &counter{ended: make(chan struct{})}
		b.counters[d.Path] = e
		return e, nil
	}
	b.probe = func(context.Context) ([]edgetpu.Device, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.attached, nil
	}
	b.watchdog, b.logger = 200*time.Millisecond, slog.New(slog.DiscardHandler)
	b.cpu, b.stateful = true, true
	b.inputs, b.outputs = []int{4}, []int{4}
	t.Cleanup(b.close)
	for range max(1, devices) {
		_ = b.add(t.Context(), edgetpu.Selector{}, b.attached)
	}

	m, err := tflite.LoadModel("tflite/testdata/stateful.tflite")
	require.NoError(t, err)
	defer m.Close()
	b.interpreter, err = tflite.NewInterpreter(m, tflite.WithOffload(b.route))
	require.NoError(t, err)
	t.Cleanup(func() { b.interpreter.Close() })
	return b
}

func (b *bench) counter(k int) *counter {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counters["/dev/apex_"+string(rune('0'+k))]
}

// detach lets no device be found any more.
func (b *bench) detach() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.attached = nil
}

// pull takes the devices away and ends the engines.
func (b *bench) pull() {
	b.detach()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.counters {
		e.breaks(errPulled)
		close(e.ended)
	}
	clear(b.counters)
}

func (b *bench) plug(path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.attached = []edgetpu.Device{{Type: edgetpu.PCIe, Path: path, State: edgetpu.Ready, Accessible: true}}
}

// add1 runs one inference on 1 and returns the sum.
func (b *bench) add1(ctx context.Context) (float32, error) {
	in, _ := b.interpreter.Input(0)
	if err := tflite.Set(in, []float32{1}); err != nil {
		return 0, err
	}
	if err := b.interpreter.Invoke(ctx); err != nil {
		return 0, err
	}
	out, _ := b.interpreter.Output(0)
	sum := make([]float32, 1)
	err := tflite.Read(out, sum)
	return sum[0], err
}

func (b *bench) adds(t *testing.T, want float32) {
	t.Helper()
	got, err := b.add1(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func (b *bench) onTPU() bool {
	d, _ := b.status()
	return d.IsTPU()
}

func TestStateStaysOnOneAccelerator(t *testing.T) {
	b := newBench(t, 2)
	for k := range 6 {
		b.adds(t, float32(k+1))
	}
}

func TestStateLostWhileIdle(t *testing.T) {
	b := newBench(t, 1)
	b.adds(t, 1)
	b.pull()
	require.Eventually(t, func() bool { return !b.onTPU() }, 5*time.Second, time.Millisecond)
	_, err := b.add1(t.Context())
	require.ErrorIs(t, err, ErrStateLost)
	require.ErrorIs(t, err, errPulled, "and why")
	b.adds(t, 1)
	b.adds(t, 2)
}

// The device comes back before anybody calls: its state is zero all the same.
func TestStateLostAndDeviceBack(t *testing.T) {
	b := newBench(t, 1)
	b.adds(t, 1)
	first := b.counter(0)
	b.pull()
	b.plug("/dev/apex_0")
	require.Eventually(t, func() bool { e := b.counter(0); return e != nil && e != first }, 5*time.Second, time.Millisecond)
	_, err := b.add1(t.Context())
	require.ErrorIs(t, err, ErrStateLost)
	b.adds(t, 1)
}

func TestStateLostAfterCancelledCall(t *testing.T) {
	for name, end := range map[string]func(e *counter, hold chan struct{}){
		"it fails": func(e *counter, hold chan struct{}) { close(hold) },
		"it hangs": func(*counter, chan struct{}) {},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 1)
			b.adds(t, 1)
			hold := make(chan struct{})
			e := b.counter(0)
			e.holds(hold)
			e.breaks(errPulled)
			b.detach()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			_, err := b.add1(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			end(e, hold)
			_, err = b.add1(t.Context())
			require.ErrorIs(t, err, ErrStateLost)
			b.adds(t, 1)
		})
	}
}

func TestNoStateNoLoss(t *testing.T) {
	b := newBench(t, 1)
	b.counter(0).breaks(errPulled)
	b.adds(t, 1) // the first of a sequence: the CPU begins it
	b.adds(t, 2)

	b = newBench(t, 1)
	b.adds(t, 1)
	b.resetState()
	b.pull()
	b.adds(t, 1)
}

func TestSequenceStaysOnTheCPU(t *testing.T) {
	b := newBench(t, 0)
	b.adds(t, 1)
	b.plug("/dev/apex_0")
	time.Sleep(3 * reviveSoon)
	require.False(t, b.onTPU())
	require.Nil(t, b.counter(0), "it is not even opened")
	_, why := b.status()
	require.Contains(t, why, "state is on the CPU")
	b.adds(t, 2)
	b.resetState()
	require.Eventually(t, b.onTPU, 5*time.Second, time.Millisecond)
	b.adds(t, 1)
}

func TestStartAgainUnasked(t *testing.T) {
	b := newBench(t, 1)
	b.startAgain = true
	b.adds(t, 1)
	b.pull()
	b.adds(t, 1)
	b.adds(t, 2)
}

// A reset reaches a device that is still busy with a call nobody waits for.
func TestResetWhileBusy(t *testing.T) {
	b := newBench(t, 1)
	b.adds(t, 1)
	hold := make(chan struct{})
	b.counter(0).holds(hold)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := b.add1(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	b.resetState()
	b.counter(0).holds(nil)
	close(hold)
	b.adds(t, 1)
	assert.True(t, b.onTPU())
}

// A reset that hangs is as bad as an inference that does.
func TestResetHangs(t *testing.T) {
	b := newBench(t, 1)
	e := b.counter(0)
	e.mu.Lock()
	e.holdReset = make(chan struct{})
	e.mu.Unlock()
	b.detach()
	b.adds(t, 1)
	assert.False(t, b.onTPU())
}

// The error of a call that nobody waits for any more has told nobody.
func TestUnheardLossIsToldAgain(t *testing.T) {
	b := newBench(t, 1)
	b.adds(t, 1)
	b.detach()
	b.pull()
	require.Eventually(t, func() bool { return !b.onTPU() }, 5*time.Second, time.Millisecond)
	_, err := b.add1(t.Context())
	require.ErrorIs(t, err, ErrStateLost)
	b.untell(err)
	_, err = b.add1(t.Context())
	require.ErrorIs(t, err, ErrStateLost)
	require.ErrorIs(t, err, errPulled)
	b.untell(context.Canceled)
	b.adds(t, 1)
	b.untell(err) // too late: another sequence has begun
	b.adds(t, 2)
}

func TestCloseInASequence(t *testing.T) {
	b := newBench(t, 1)
	b.adds(t, 1)
	b.close()
	_, err := b.add1(t.Context())
	require.ErrorIs(t, err, ErrStateLost)
	require.ErrorIs(t, err, ErrClosed)
}

// An engine that dies during a good inference is not put back among the living.
func TestEngineDiesWhileItAnswers(t *testing.T) {
	b := newBench(t, 1)
	e, hold := b.counter(0), make(chan struct{})
	e.holds(hold)
	go func() {
		time.Sleep(20 * time.Millisecond)
		b.detach()
		e.breaks(errPulled)
		close(e.ended)
		time.Sleep(20 * time.Millisecond)
		e.holds(nil)
		close(hold)
	}()
	b.adds(t, 1)
	require.Eventually(t, func() bool { return !b.onTPU() }, 5*time.Second, time.Millisecond)
	_, err := b.add1(t.Context())
	require.ErrorIs(t, err, ErrStateLost)
}
