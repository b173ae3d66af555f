package coral_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/tflite"
)

// compiled puts a CPU model and its look-alike for the Edge TPU into a folder, and
// returns the path of the CPU model.
func compiled(t testing.TB, name string, opts ...edgetputest.CompileOption) string {
	t.Helper()
	cpu, err := os.ReadFile(model(name))
	require.NoError(t, err)
	tpu, err := edgetputest.Compile(cpu, opts...)
	require.NoError(t, err)
	dir := t.TempDir()
	path := filepath.Join(dir, name+".tflite")
	require.NoError(t, os.WriteFile(path, cpu, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+"_edgetpu.tflite"), tpu, 0o600))
	return path
}

// openTPU opens a session with the built-in kernels, whose results the simulation's
// equal bit for bit.
func openTPU(t testing.TB, path string, opts ...coral.Option) *coral.Session {
	t.Helper()
	s, err := coral.Open(path, append([]coral.Option{coral.WithXNNPACK(tflite.XNNPACKOff)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// image is one of many inputs of the tiny models.
func image(seed int) []int8 {
	b := make([]int8, 192)
	for k := range b {
		b[k] = int8(k*seed + seed*seed)
	}
	return b
}

// expected is what the CPU makes of image(0) to image(n-1).
func expected(t testing.TB, path string, n int) []tflite.Value {
	t.Helper()
	s, err := coral.Open(path, coral.WithPolicy(coral.CPUOnly), coral.WithXNNPACK(tflite.XNNPACKOff))
	require.NoError(t, err)
	defer s.Close()
	want := make([]tflite.Value, n)
	for k := range want {
		outputs, err := s.Run(t.Context(), image(k))
		require.NoError(t, err)
		want[k] = outputs[0]
	}
	return want
}

// modes are the two ways of driving a device.
var modes = map[string]struct {
	option   coral.Option
	reaction edgetputest.Reaction
	how      string
}{
	"in process": {coral.WithIsolation(coral.InProcess), edgetputest.Fail, "in this process"},
	"isolated":   {coral.WithIsolation(coral.Isolated), edgetputest.Abort, "in a worker process"},
}

func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 10*time.Second, 10*time.Millisecond, what)
}

func onTPU(s *coral.Session) bool { return s.Device().IsTPU() }

func TestSessionOnTheTPU(t *testing.T) {
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			sim := edgetputest.New(t, edgetputest.USB("2-1"))
			path := compiled(t, "tiny_int8", edgetputest.First(3))
			s := openTPU(t, path, mode.option)
			require.True(t, s.Device().IsTPU(), s.Reason())
			assert.Equal(t, "/sys/bus/usb/devices/2-1", s.Device().Path)
			assert.Contains(t, s.Reason(), mode.how)
			assert.Contains(t, s.Backend(), "Edge TPU (1 of")
			assert.Equal(t, []string{"image"}, s.InputNames(), "the twin's signature")
			assert.Contains(t, s.Path(), "_edgetpu.tflite")
			for k, want := range expected(t, path, 20) {
				outputs, err := s.Run(t.Context(), image(k))
				require.NoError(t, err)
				assert.Equal(t, want.Data, outputs[0].Data)
			}
			stats := s.Stats()
			require.Len(t, stats, 2)
			assert.Equal(t, 20, stats[0].Inferences)
			assert.Positive(t, stats[0].P50)
			assert.Zero(t, stats[1].Inferences, "nothing for the CPU")
			assert.Equal(t, 21, sim.Stats("2-1").Inferences, "one more, on trial")
		})
	}
}

// No call is lost and no answer wrong while a device comes and goes.
func TestUnplugAndReplug(t *testing.T) {
	const calls, callers, pulls = 2000, 8, 5
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			sim := edgetputest.New(t, edgetputest.USB("2-1").OnLoss(mode.reaction).Latency(500*time.Microsecond))
			path := compiled(t, "tiny_int8")
			want := expected(t, path, 50)
			var changes atomic.Int32
			s := openTPU(t, path, mode.option, coral.WithInterpreters(2), coral.WithOnChange(func(coral.Device, error) { changes.Add(1) }))
			require.True(t, onTPU(s), s.Reason())

			var done atomic.Int32
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					for {
						k := int(done.Add(1)) - 1
						if k >= calls && sim.Stats("2-1").Opens > pulls {
							return
						}
						outputs, err := s.Run(context.Background(), image(k%len(want)))
						if !assert.NoError(t, err) {
							return
						}
						assert.Equal(t, want[k%len(want)].Data, outputs[0].Data, "answer %d", k)
					}
				})
			}
			for range pulls {
				time.Sleep(30 * time.Millisecond)
				sim.Unplug("2-1")
				eventually(t, "the CPU takes over", func() bool { return !onTPU(s) })
				time.Sleep(30 * time.Millisecond)
				sim.Plug("2-1")
				start := time.Now()
				eventually(t, "the device is used again: "+s.Reason(), func() bool { return onTPU(s) })
				t.Logf("back after %v", time.Since(start).Round(time.Millisecond))
			}
			wg.Wait()
			stats := s.Stats()
			assert.GreaterOrEqual(t, stats[0].Inferences+stats[1].Inferences, calls)
			assert.GreaterOrEqual(t, int(changes.Load()), 2*pulls)
		})
	}
}

func TestHang(t *testing.T) {
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			sim := edgetputest.New(t, edgetputest.USB("2-1"))
			path := compiled(t, "tiny_int8")
			want := expected(t, path, 1)[0]
			s := openTPU(t, path, mode.option, coral.WithTPUTimeout(400*time.Millisecond))
			require.True(t, onTPU(s), s.Reason())
			sim.SetFault("2-1", edgetputest.InvokeHangs.Times(1))

			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err := s.Run(ctx, image(0))
			require.ErrorIs(t, err, context.DeadlineExceeded)

			outputs, err := s.Run(t.Context(), image(0))
			require.NoError(t, err, "the next call succeeds elsewhere")
			assert.Equal(t, want.Data, outputs[0].Data)
			if name == "isolated" {
				eventually(t, "a killed worker gives the device back", func() bool { return onTPU(s) })
				return
			}
			assert.False(t, onTPU(s))
			eventually(t, "it counts as hanging", func() bool { return strings.Contains(s.Reason(), "cannot use it again") })
			require.NoError(t, s.Close(), "which does not wait for it")
		})
	}
}

// A hang that nobody's deadline ends costs the watchdog's time, and not the call.
func TestWatchdogRepeatsTheCall(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	path := compiled(t, "tiny_int8")
	s := openTPU(t, path, coral.WithIsolation(coral.Isolated), coral.WithTPUTimeout(200*time.Millisecond))
	require.True(t, onTPU(s), s.Reason())
	sim.SetFault("2-1", edgetputest.InvokeHangs.Times(1))
	outputs, err := s.Run(t.Context(), image(3))
	require.NoError(t, err)
	assert.Equal(t, expected(t, path, 4)[3].Data, outputs[0].Data)
}

func TestAbortWhileIdle(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1").OnLoss(edgetputest.Abort))
	s := openTPU(t, compiled(t, "tiny_int8"), coral.WithIsolation(coral.Isolated))
	require.True(t, onTPU(s), s.Reason())
	sim.Unplug("2-1")
	eventually(t, "the loss is noticed without a call", func() bool { return !onTPU(s) })
	assert.Contains(t, s.Reason(), "worker process died")
}

// Two devices work at the same time: while one hangs in an inference, which nobody's deadline
// ends, the other goes on.
func TestTwoDevices(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"), edgetputest.PCIe(0))
	path := compiled(t, "tiny_int8")
	s := openTPU(t, path, coral.WithIsolation(coral.InProcess), coral.WithDevices())
	require.True(t, onTPU(s), s.Reason())
	want := expected(t, path, 2)[1]
	sim.SetFault("apex_0", edgetputest.InvokeHangs.Times(1))
	hangs := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, err := s.Run(ctx, image(1))
		hangs <- err
	}()
	eventually(t, "it hangs", func() bool { return sim.Stats("apex_0").Executing > 0 })
	for range 15 {
		outputs, err := s.Run(t.Context(), image(1))
		require.NoError(t, err)
		require.Equal(t, want.Data, outputs[0].Data)
	}
	assert.Equal(t, 15, s.Stats()[1].Inferences, "on the second device")
	cancel()
	require.ErrorIs(t, <-hangs, context.Canceled)
}

func TestTheNextDeviceTakesOver(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"), edgetputest.USB("2-2"))
	s := openTPU(t, compiled(t, "tiny_int8"), coral.WithIsolation(coral.InProcess), coral.WithPolicy(coral.RequireTPU))
	require.Equal(t, "/sys/bus/usb/devices/2-1", s.Device().Path)
	sim.Unplug("2-1")
	eventually(t, "the second device is used", func() bool {
		_, err := s.Run(t.Context(), image(1)) // under RequireTPU nothing stands in meanwhile
		return err == nil && onTPU(s) && s.Device().Path == "/sys/bus/usb/devices/2-2"
	})
	sim.Unplug("2-2")
	_, err := s.Run(t.Context(), image(1))
	require.ErrorIs(t, err, coral.ErrNoDevice)
}

func TestDevicePluggedInLater(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1").Absent())
	s := openTPU(t, compiled(t, "tiny_int8"), coral.WithIsolation(coral.InProcess))
	require.False(t, onTPU(s))
	assert.Equal(t, "no Edge TPU is attached", s.Reason())
	_, err := s.Run(t.Context(), image(1))
	require.NoError(t, err)
	sim.Plug("2-1")
	eventually(t, "a new device is used", func() bool { return onTPU(s) })
}

func TestWithoutCPUModel(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	path := compiled(t, "tiny_int8")
	want := expected(t, path, 2)[1]
	require.NoError(t, os.Remove(path))
	compiledPath := path[:len(path)-len(".tflite")] + "_edgetpu.tflite"
	s := openTPU(t, compiledPath, coral.WithIsolation(coral.InProcess))
	outputs, err := s.Run(t.Context(), image(1))
	require.NoError(t, err)
	assert.Equal(t, want.Data, outputs[0].Data)
	sim.Unplug("2-1")
	_, err = s.Run(t.Context(), image(1))
	require.ErrorIs(t, err, coral.ErrNoDevice, "nothing can stand in")
	sim.Plug("2-1")
	eventually(t, "the device is used again", func() bool { return onTPU(s) })
	_, err = s.Run(t.Context(), image(1))
	require.NoError(t, err)
}

func TestWhyTheTPUIsNotUsed(t *testing.T) {
	path := compiled(t, "tiny_int8", edgetputest.MinRuntimeVersion(15))
	good := compiled(t, "tiny_int8")
	for name, c := range map[string]struct {
		device edgetputest.Device
		path   string
		opts   []coral.Option
		is     error
		says   string
	}{
		"library missing":  {edgetputest.USB("2-1"), good, []coral.Option{coral.WithTPULibrary("/nonexistent/libedgetpu.so")}, coral.ErrLibraryNotFound, "/nonexistent/libedgetpu.so"},
		"library too old":  {edgetputest.USB("2-1"), path, nil, coral.ErrUnsupported, "needs Edge TPU runtime 15"},
		"creation fails":   {edgetputest.USB("2-1").With(edgetputest.CreateFails), good, nil, coral.ErrDelegateDeclined, "declined"},
		"inference fails":  {edgetputest.USB("2-1").With(edgetputest.InvokeFails), good, nil, nil, "the first inference failed"},
		"creation blocks":  {edgetputest.USB("2-1").With(edgetputest.CreateBlocks.For(20*time.Second)), good, nil, edgetpu.ErrRuntimeStuck, "in time"},
		"held by a worker": {edgetputest.USB("2-1").With(edgetputest.Busy), good, nil, coral.ErrDelegateDeclined, ""},
	} {
		t.Run(name, func(t *testing.T) {
			edgetputest.New(t, c.device)
			opts := append(slices.Clone(c.opts), coral.WithIsolation(coral.InProcess), coral.WithXNNPACK(tflite.XNNPACKOff))
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			s, err := coral.OpenContext(ctx, c.path, opts...)
			require.NoError(t, err, "the CPU model runs")
			assert.False(t, onTPU(s))
			assert.Contains(t, s.Reason(), c.says)
			require.NoError(t, s.Close())

			ctx, cancel = context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			_, err = coral.OpenContext(ctx, c.path, append(opts, coral.WithPolicy(coral.RequireTPU))...)
			require.Error(t, err)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
		})
	}
}

func TestADeviceIsLocked(t *testing.T) {
	edgetputest.New(t, edgetputest.USB("2-1"))
	path := compiled(t, "tiny_int8")
	s := openTPU(t, path, coral.WithIsolation(coral.Isolated))
	require.True(t, onTPU(s), s.Reason())
	_, err := coral.Open(path, coral.WithIsolation(coral.InProcess), coral.WithPolicy(coral.RequireTPU))
	require.ErrorIs(t, err, coral.ErrDeviceBusy)
	assert.ErrorContains(t, err, "process ", "who holds it")
	require.NoError(t, s.Close())
	eventually(t, "the lock goes with its holder", func() bool {
		s, err := coral.Open(path, coral.WithIsolation(coral.InProcess), coral.WithPolicy(coral.RequireTPU))
		if err != nil {
			return false
		}
		return assert.NoError(t, s.Close())
	})
}
