//go:build cgo && !windows

package edgetpu_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/internal/dl/dltest"
)

// gates is a libedgetpu whose calls wait at gates, one for each function and device, and
// which writes down what it is asked for. No call depends on the time that it takes.
type gates struct {
	t   *testing.T
	dir string
	*edgetpu.Runtime
}

// newGates makes such a library, with all gates open, and a machine with devices for it.
func newGates(t *testing.T, devices int) gates {
	t.Helper()
	m := newMachine(t)
	for n := range devices {
		m.apex(t, fmt.Sprintf("apex_%d", n), apexAttrs(nil))
	}
	t.Setenv("UMOCKDEV_DIR", string(m))
	dir := t.TempDir()
	code := fmt.Sprintf(`
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void pass(const char* call, const char* device) {
	char gate[512], line[64];
	int n = snprintf(line, sizeof line, "%%s %%s\n", call, device);
	int log = open(%[1]q "/log", O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (log < 0) return; // the test is over, and its folder gone
	if (write(log, line, n) != n) abort();
	close(log);
	snprintf(gate, sizeof gate, %[1]q "/%%s %%s", call, device);
	while (access(gate, F_OK) == 0) usleep(500);
}
struct delegate { void* data; void* prepare; char rest[240]; char device[16]; };
void* edgetpu_create_delegate(int t, const char* path, void* o, unsigned long n) {
	const char* device = strrchr(path, '/') + 1;
	(void)t; (void)o; (void)n;
	pass("create", device);
	struct delegate* d = calloc(1, sizeof *d);
	d->prepare = pass;
	strncpy(d->device, device, sizeof d->device - 1);
	return d;
}
void edgetpu_free_delegate(void* d) { pass("free", ((struct delegate*)d)->device); free(d); }
void* edgetpu_list_devices(unsigned long* n) { *n = 0; return 0; }
void edgetpu_free_devices(void* p) { (void)p; }
void edgetpu_verbosity(int v) { (void)v; }
const char* edgetpu_version(void) { return ""; }`, dir)
	r := load(t, dltest.Shared(t, "libedgetpu_gates.so", dltest.Source(t, code)))
	g := gates{t, dir, r}
	t.Cleanup(func() { // no call outlives the test, but for what is lost for good
		for _, gate := range g.entries() {
			g.open(gate)
		}
		for try := 0; try < 200 && g.calls("create ") > g.calls("free "); try++ {
			time.Sleep(10 * time.Millisecond)
		}
	})
	return g
}

func (g gates) entries() (gates []string) {
	entries, err := os.ReadDir(g.dir)
	require.NoError(g.t, err)
	for _, e := range entries {
		if e.Name() != "log" {
			gates = append(gates, e.Name())
		}
	}
	return gates
}

// close has the next such call wait, such as "create apex_0", until it is opened.
func (g gates) close(call string) {
	require.NoError(g.t, os.WriteFile(filepath.Join(g.dir, call), nil, 0o600))
}

func (g gates) open(call string) { require.NoError(g.t, os.Remove(filepath.Join(g.dir, call))) }

// called counts the calls that have begun.
func (g gates) called(call string) int { return g.calls(call + "\n") }

// calls counts those that begin with what is given, or all of it.
func (g gates) calls(begin string) int {
	log, err := os.ReadFile(filepath.Join(g.dir, "log"))
	if err != nil {
		return 0
	}
	return strings.Count(string(log), begin)
}

func (g gates) await(condition func() bool, what string) {
	g.t.Helper()
	require.Eventually(g.t, condition, time.Minute, time.Millisecond, what)
}

// device is the one with that number.
func (g gates) device(n int) edgetpu.Device { return probe(g.t)[n] }

// untilCalled is a context with a deadline that passes when the test says so.
type untilCalled struct {
	context.Context
	over chan struct{}
}

func (c untilCalled) Deadline() (time.Time, bool) { return time.Now().Add(time.Hour), true }
func (c untilCalled) Done() <-chan struct{}       { return c.over }

func (c untilCalled) Err() error {
	select {
	case <-c.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// hang opens a device at a closed gate, and gives up once the library has been called.
func (g gates) hang(n int) {
	g.t.Helper()
	call := fmt.Sprintf("create apex_%d", n)
	before := g.called(call)
	g.close(call)
	ctx := untilCalled{g.t.Context(), make(chan struct{})}
	failed := make(chan error, 1)
	d := g.device(n)
	go func() {
		_, err := g.NewDelegate(ctx, d, edgetpu.Options{})
		failed <- err
	}()
	g.await(func() bool { return g.called(call) > before }, call)
	close(ctx.over)
	err := <-failed
	require.ErrorIs(g.t, err, edgetpu.ErrRuntimeStuck)
	require.ErrorIs(g.t, err, context.DeadlineExceeded)
	require.ErrorContains(g.t, err, "plug it in again")
}

func (g gates) stuckIn(what string) bool {
	_, err := g.Devices()
	require.ErrorIs(g.t, err, edgetpu.ErrRuntimeStuck)
	return strings.Contains(err.Error(), what)
}

// A library that has not returned is not called again before it has.
func TestOpeningHangs(t *testing.T) {
	g := newGates(t, 1)
	g.hang(0)
	assert.True(t, g.stuckIn("opening /dev/apex_0"))
	require.ErrorIs(t, g.SetVerbosity(1), edgetpu.ErrRuntimeStuck)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := g.NewDelegate(ctx, g.device(0), edgetpu.Options{})
	require.ErrorIs(t, err, edgetpu.ErrRuntimeStuck)
	assert.Equal(t, 1, g.called("create apex_0"))

	g.open("create apex_0")
	d, err := g.NewDelegate(t.Context(), g.device(0), edgetpu.Options{})
	require.NoError(t, err, "with time, it waits for the library to return")
	assert.Equal(t, 1, g.called("free apex_0"), "what came late has gone back")
	d.Delete()
}

// Two openings that hang are two: the end of one says nothing of the other.
func TestTwoOpeningsHang(t *testing.T) {
	g := newGates(t, 2)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed, devices := make(chan error, 2), probe(t)
	for n, d := range devices { // neither waits for the other: both are under way when time is up
		g.close(fmt.Sprintf("create apex_%d", n))
		go func() {
			_, err := g.NewDelegate(ctx, d, edgetpu.Options{})
			failed <- err
		}()
	}
	g.await(func() bool { return g.called("create apex_0")+g.called("create apex_1") == 2 }, "both are opened")
	cancel()
	for range devices {
		require.ErrorIs(t, <-failed, edgetpu.ErrRuntimeStuck)
	}

	g.open("create apex_0")
	g.await(func() bool { return !isLocked(devices[0]) }, "what came late has gone back, and the lock")
	assert.Equal(t, 1, g.called("free apex_0"))
	g.await(func() bool { return g.stuckIn("opening /dev/apex_1") }, "the other still hangs")
	assert.True(t, isLocked(devices[1]))

	g.open("create apex_1")
	d, err := g.NewDelegate(t.Context(), devices[1], edgetpu.Options{})
	require.NoError(t, err, "with time, it waits for both")
	assert.Equal(t, 1, g.called("free apex_1"))
	d.Delete()
}

// Each in any order, again and again.
func TestManyOpeningsHang(t *testing.T) {
	g := newGates(t, 4)
	for round := range 3 {
		hanging := make(chan error, 4)
		ctx, cancel := context.WithCancel(t.Context())
		devices := probe(t)
		for n, d := range devices {
			g.close(fmt.Sprintf("create apex_%d", n))
			go func() {
				_, err := g.NewDelegate(ctx, d, edgetpu.Options{})
				hanging <- err
			}()
		}
		g.await(func() bool {
			sum := 0
			for n := range devices {
				sum += g.called(fmt.Sprintf("create apex_%d", n))
			}
			return sum == (round+1)*len(devices)
		}, "all are opened")
		cancel()
		for range devices {
			require.ErrorIs(t, <-hanging, edgetpu.ErrRuntimeStuck)
		}
		for n := range devices {
			g.stuckIn("")
			g.open(fmt.Sprintf("create apex_%d", (n+round)%len(devices)))
		}
		g.await(func() bool { _, err := g.Devices(); return err == nil }, "all have returned")
		for n, d := range devices {
			assert.Equal(t, round+1, g.called(fmt.Sprintf("free apex_%d", n)))
			assert.False(t, isLocked(d))
		}
	}
}

// Giving a delegate back is a call that may hang, too.
func TestDeleteHangs(t *testing.T) {
	g := newGates(t, 1)
	edgetpu.SetFreeTimeout(t, time.Millisecond)
	device := g.device(0)
	d, err := g.NewDelegate(t.Context(), device, edgetpu.Options{})
	require.NoError(t, err)
	g.close("free apex_0")
	d.Delete()
	assert.Nil(t, d.Ptr())
	assert.True(t, g.stuckIn("closing /dev/apex_0"))
	assert.True(t, isLocked(device), "the library still has it")

	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err = g.NewDelegate(ctx, device, edgetpu.Options{})
	require.Error(t, err)
	assert.Equal(t, 1, g.called("create apex_0"))

	g.open("free apex_0")
	d, err = g.NewDelegate(t.Context(), device, edgetpu.Options{})
	require.NoError(t, err)
	d.Delete()
	assert.False(t, isLocked(device))
	assert.Equal(t, 2, g.called("free apex_0"))
}

// A Delete while something hangs does not wait for it, and is made good afterwards.
func TestDeleteWhileAnotherHangs(t *testing.T) {
	g := newGates(t, 2)
	device := g.device(1)
	d, err := g.NewDelegate(t.Context(), device, edgetpu.Options{})
	require.NoError(t, err)
	g.hang(0)
	g.close("free apex_1")
	d.Delete() // would never return if it waited
	assert.True(t, isLocked(device))
	g.open("free apex_1")
	g.await(func() bool { return !isLocked(device) }, "given back")
	assert.True(t, g.stuckIn("opening /dev/apex_0"))
}

// What an ended context asks for is not done, and leaves nothing behind.
func TestEndedContextOpensNothing(t *testing.T) {
	g := newGates(t, 1)
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(fmt.Errorf("the user has gone home"))
	past, cancelPast := context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
	defer cancelPast()
	for _, ctx := range []context.Context{ended, past} {
		d, err := g.NewDelegate(ctx, g.device(0), edgetpu.Options{})
		require.Nil(t, d)
		require.ErrorIs(t, err, ctx.Err())
		require.NotErrorIs(t, err, edgetpu.ErrRuntimeStuck)
	}
	assert.Zero(t, g.called("create apex_0"))
	assert.False(t, isLocked(g.device(0)))
	_, err := g.Devices()
	require.NoError(t, err)
}

// What hangs for ever keeps its device: nobody else may open that.
func TestQuarantineKeepsTheDevice(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	r := load(t, sim.Library())
	d, err := r.NewDelegate(t.Context(), only(t, probe(t)), edgetpu.Options{})
	require.NoError(t, err)
	r.Quarantine("an inference")
	d.Delete()
	assert.True(t, isLocked(d.Device()))
	_, err = r.NewDelegate(t.Context(), d.Device(), edgetpu.Options{})
	require.ErrorIs(t, err, edgetpu.ErrRuntimeStuck)
}
