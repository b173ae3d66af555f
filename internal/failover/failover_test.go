package failover_test

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/internal/engine"
	"github.com/gocoral/coral/internal/failover"
)

// counter is an engine of a stateful model: it returns the sum of its inputs since the last
// reset.
type counter struct {
	bytes int // of its one input and output

	mu    sync.Mutex
	input float32
	sum   float32
	fails error         // of every inference from now on
	hold  chan struct{} // an inference waits for its end, if there is one
	// holdReset is the same for a reset.
	holdReset chan struct{}
	ended     chan struct{}
	abandoned bool
	closed    bool
	stubborn  bool // cannot be abandoned and opened again
	described func()
}

func newCounter() *counter { return &counter{bytes: 4, ended: make(chan struct{})} }

func (e *counter) Sizes() engine.Sizes {
	return engine.Sizes{Inputs: []engine.Tensor{{Bytes: e.bytes}}, Outputs: []engine.Tensor{{Bytes: e.bytes}}}
}

func (e *counter) Load(inputs [][]byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.input = float(inputs[0])
	return nil
}

func (e *counter) Unload(outputs [][]byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	put(outputs[0], e.sum)
	return nil
}

func (e *counter) Invoke() error {
	wait(e, &e.hold)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fails == nil {
		e.sum += e.input
	}
	return e.fails
}

func (e *counter) Reset() error {
	wait(e, &e.holdReset)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sum = 0
	return nil
}

func wait(e *counter, hold *chan struct{}) {
	e.mu.Lock()
	c := *hold
	e.mu.Unlock()
	if c != nil {
		<-c
	}
}

// Abandon lets a held call go, as the death of a process would.
func (e *counter) Abandon() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.abandoned = true
	return !e.stubborn
}

func (e *counter) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
}

func (e *counter) Gone() <-chan struct{} { return e.ended }

// Describe is what an engine is asked last before it is put to use.
func (e *counter) Describe() (string, string) {
	if e.described != nil {
		e.described()
	}
	return "counter", "by a test"
}

func (e *counter) set(change func(*counter)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(e)
}

func (e *counter) get(what func(*counter) bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return what(e)
}

func (e *counter) breaks(err error)      { e.set(func(e *counter) { e.fails = err }) }
func (e *counter) holds(c chan struct{}) { e.set(func(e *counter) { e.hold = c }) }

func float(b []byte) float32  { return math.Float32frombits(binary.NativeEndian.Uint32(b)) }
func put(b []byte, f float32) { binary.NativeEndian.PutUint32(b, math.Float32bits(f)) }

// cpu is the calling interpreter: a counter too.
type cpu struct {
	in, out [4]byte
	sum     float32
	calls   int
}

func (c *cpu) Inputs() [][]byte  { return [][]byte{c.in[:]} }
func (c *cpu) Outputs() [][]byte { return [][]byte{c.out[:]} }
func (c *cpu) Local(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.calls++
	c.sum += float(c.in[:])
	put(c.out[:], c.sum)
	return nil
}

func (c *cpu) ResetVariables() error {
	c.sum = 0
	return nil
}

// bench is a router with counters for accelerators.
type bench struct {
	*failover.Router
	cpu cpu

	mu       sync.Mutex
	attached []edgetpu.Device
	engines  map[string]*counter
	opened   map[string]int
	probes   int
	// refuse is what opening a device gives, if not nil.
	refuse  func(path string) error
	prepare func(*counter)
	news    []failover.Status
}

var errPulled = errors.New("the cable was pulled")

func device(path string) edgetpu.Device {
	return edgetpu.Device{Type: edgetpu.PCIe, Path: path, Node: path, State: edgetpu.Ready, Accessible: true}
}

func path(k int) string { return "/dev/apex_" + string(rune('0'+k)) }

// newBench makes a router in the test's bubble, with devices attached.
func newBench(t *testing.T, devices int, changes ...func(*failover.Config, *bench)) *bench {
	t.Helper()
	b := &bench{engines: map[string]*counter{}, opened: map[string]int{}}
	for k := range devices {
		b.attached = append(b.attached, device(path(k)))
	}
	c := failover.Config{
		Open: b.open, Probe: b.probe,
		Wants:   make([]edgetpu.Selector, max(1, devices)),
		Timeout: 10 * time.Second, CPU: true, Stateful: true,
		Sizes: newCounter().Sizes(), Notify: b.notify, Logger: slog.New(slog.DiscardHandler),
	}
	for _, change := range changes {
		change(&c, b)
	}
	b.Router = failover.NewRouter(c)
	t.Cleanup(b.Close)
	b.Connect(t.Context(), b.attached)
	return b
}

func stateless(c *failover.Config, _ *bench)  { c.Stateful = false }
func requireTPU(c *failover.Config, _ *bench) { c.CPU = false }

func (b *bench) open(_ context.Context, d edgetpu.Device) (engine.Engine, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened[d.Path]++
	if b.refuse != nil {
		if err := b.refuse(d.Path); err != nil {
			return nil, err
		}
	}
	e := newCounter()
	if b.prepare != nil {
		b.prepare(e)
	}
	b.engines[d.Path] = e
	return e, nil
}

func (b *bench) probe(context.Context) ([]edgetpu.Device, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probes++
	return b.attached, nil
}

func (b *bench) notify(s failover.Status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.news = append(b.news, s)
}

func (b *bench) engine(k int) *counter {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.engines[path(k)]
}

func (b *bench) opens(k int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.opened[path(k)]
}

// attach has exactly these devices found from now on.
func (b *bench) attach(devices ...edgetpu.Device) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.attached = devices
}

// pull takes the devices away and ends the engines.
func (b *bench) pull() {
	b.attach()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.engines {
		e.breaks(errPulled)
		close(e.ended)
	}
	clear(b.engines)
}

// add1 runs one inference on 1 and returns the sum.
func (b *bench) add1(ctx context.Context) (float32, error) {
	put(b.cpu.in[:], 1)
	err := b.Route(ctx, &b.cpu)
	return float(b.cpu.out[:]), err
}

func (b *bench) adds(t *testing.T, want ...float32) {
	t.Helper()
	for _, w := range want {
		got, err := b.add1(t.Context())
		require.NoError(t, err)
		require.Equal(t, w, got)
	}
}

func (b *bench) onTPU() bool { return b.Status().Kind == failover.TPU }

// short is a context that ends while an inference is held.
func short(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// bubble runs a test on a clock of its own. Held inferences are let go in the end.
func bubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// hold lets the engine's inferences wait until the test ends or release is called.
func hold(t *testing.T, e *counter) (release func()) {
	t.Helper()
	c := make(chan struct{})
	release = sync.OnceFunc(func() { close(c) })
	t.Cleanup(release)
	e.holds(c)
	return release
}
