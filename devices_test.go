package coral_test

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/tflite"
)

// pulls of a cable at random moments: no call is lost, none is wrong, and none takes long,
// also when the library does not notice.
func TestRandomPulls(t *testing.T) {
	pulls := 12
	if n, err := strconv.Atoi(os.Getenv("CORAL_TEST_PULLS")); err == nil {
		pulls = n
	}
	sim := edgetputest.New(t, edgetputest.USB("2-1").Latency(2*time.Millisecond))
	path := compiled(t, "tiny_int8")
	want := expected(t, path, 50)
	s := openTPU(t, path)
	require.True(t, onTPU(s), s.Reason())
	stop := make(chan struct{})
	var longest atomic.Int64
	var calls atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for k := 0; ; k++ {
				select {
				case <-stop:
					return
				default:
				}
				start := time.Now()
				outputs, err := s.Run(context.Background(), image(k%len(want)))
				took := int64(time.Since(start))
				calls.Add(1)
				for old := longest.Load(); took > old && !longest.CompareAndSwap(old, took); old = longest.Load() {
				}
				if assert.NoError(t, err) {
					assert.Equal(t, want[k%len(want)].Data, outputs[0].Data, "answer %d", k)
				}
			}
		})
	}
	pull := sim.RandomPulls("2-1", 30*time.Millisecond, 1)
	silent := 0
	for range pulls {
		if pull() == edgetputest.Hang {
			silent++
		}
		eventually(t, "the CPU takes over", func() bool { return !onTPU(s) })
		sim.Plug("2-1")
		eventually(t, "the device is used again", func() bool { return onTPU(s) })
	}
	close(stop)
	wg.Wait()
	t.Logf("%d pulls, %d of them silent; %d calls, the longest took %v", pulls, silent, calls.Load(), time.Duration(longest.Load()).Round(time.Millisecond))
}

// The inference that runs when the library does not notice the pull is repeated as soon as
// the device is missed, and not after the time limit of an inference.
func TestSilentPull(t *testing.T) {
	for name, isolation := range map[string]coral.Isolation{"default": coral.IsolatedUSB, "in process": coral.InProcess} {
		t.Run(name, func(t *testing.T) {
			sim := edgetputest.New(t, edgetputest.USB("2-1").OnLoss(edgetputest.Hang))
			path := compiled(t, "tiny_int8")
			want := expected(t, path, 2)[1]
			s := openTPU(t, path, coral.WithIsolation(isolation), coral.WithTPUTimeout(time.Hour))
			require.True(t, onTPU(s), s.Reason())
			sim.SetFault("2-1", edgetputest.UnplugHangs)
			outputs, err := s.Run(t.Context(), image(1))
			require.NoError(t, err)
			assert.Equal(t, want.Data, outputs[0].Data)
			assert.Contains(t, s.Reason(), "unplugged")
		})
	}
}

// A stick that another program has claimed is left alone: opening it would reset it, and
// that program would end.
func TestForeignClaim(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	path := compiled(t, "tiny_int8")
	pid := sim.Claim("2-1")
	s := openTPU(t, path)
	device, cause := s.Status()
	assert.Equal(t, coral.DeviceCPU, device.Type)
	require.ErrorIs(t, cause, coral.ErrDeviceBusy)
	assert.ErrorContains(t, cause, strconv.Itoa(pid))
	_, err := s.Run(t.Context(), image(1))
	require.NoError(t, err)
	_, err = coral.Open(path, coral.WithPolicy(coral.RequireTPU))
	require.ErrorIs(t, err, coral.ErrDeviceBusy)
	time.Sleep(3 * time.Second) // the reviver looks meanwhile
	stats := sim.Stats("2-1")
	assert.Zero(t, stats.Opens)
	assert.Zero(t, stats.BrokenClaims)
	sim.Release("2-1")
	eventually(t, "the device is used when it is free", func() bool { return onTPU(s) })
	assert.Zero(t, sim.Stats("2-1").BrokenClaims)
}

// Another device serves while the first one is claimed.
func TestTheOtherDeviceWhileOneIsClaimed(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"), edgetputest.USB("2-2"))
	sim.Claim("2-1")
	s := openTPU(t, compiled(t, "tiny_int8"))
	assert.Equal(t, "/sys/bus/usb/devices/2-2", s.Device().Path)
	assert.Zero(t, sim.Stats("2-1").BrokenClaims)
}

// Models of one program share a stick, and its worker.
func TestTwoModelsOnOneStick(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1").OnLoss(edgetputest.Abort))
	paths := []string{compiled(t, "tiny_int8", edgetputest.CachingToken(7)), compiled(t, "tiny_int8", edgetputest.CachingToken(7), edgetputest.First(2))}
	want := expected(t, paths[0], 10)
	a, b := openTPU(t, paths[0]), openTPU(t, paths[1])
	require.True(t, onTPU(a), a.Reason())
	require.True(t, onTPU(b), b.Reason())
	require.Len(t, workers(t), 1)
	check := func() {
		for k := range want {
			for _, s := range []*coral.Session{a, b} {
				outputs, err := s.Run(t.Context(), image(k))
				require.NoError(t, err)
				assert.Equal(t, want[k].Data, outputs[0].Data)
			}
		}
	}
	check()
	sim.Unplug("2-1")
	eventually(t, "both notice", func() bool { return !onTPU(a) && !onTPU(b) })
	check()
	sim.Plug("2-1")
	eventually(t, "both return", func() bool { return onTPU(a) && onTPU(b) })
	check()
	require.NoError(t, a.Close())
	require.True(t, onTPU(b))
	outputs, err := b.Run(t.Context(), image(1))
	require.NoError(t, err)
	assert.Equal(t, want[1].Data, outputs[0].Data)
}

// The calls after one whose deadline has ended on a hanging device succeed at once.
func TestDeadlineOnAHangingDevice(t *testing.T) {
	for name, isolation := range map[string]coral.Isolation{"default": coral.IsolatedUSB, "in process": coral.InProcess} {
		t.Run(name, func(t *testing.T) {
			sim := edgetputest.New(t, edgetputest.USB("2-1"))
			path := compiled(t, "tiny_int8")
			want := expected(t, path, 2)[1]
			s := openTPU(t, path, coral.WithIsolation(isolation), coral.WithTPUTimeout(time.Hour))
			require.True(t, onTPU(s), s.Reason())
			sim.SetFault("2-1", edgetputest.InvokeHangs.Times(1))
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err := s.Run(ctx, image(1))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			for range 28 {
				outputs, err := s.Run(t.Context(), image(1)) // within this test's time, not an hour
				require.NoError(t, err)
				assert.Equal(t, want.Data, outputs[0].Data)
			}
		})
	}
}

// The sizes of a compiled model are fixed, which shows before a device is opened.
func TestInputShapeOfACompiledModel(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	path := compiled(t, "tiny_int8")
	shape := coral.WithInputShape(0, 2, 8, 8, 3)
	if s, err := coral.Open(path, coral.WithPolicy(coral.CPUOnly), shape); err == nil { // if the CPU can
		require.NoError(t, s.Close())
		s = openTPU(t, path, shape)
		device, cause := s.Status()
		assert.Equal(t, coral.DeviceCPU, device.Type)
		require.ErrorIs(t, cause, coral.ErrSize)
		assert.ErrorContains(t, cause, "sizes are fixed")
		_, err = s.Run(t.Context(), make([]int8, 2*192))
		require.NoError(t, err)
	}
	_, err := coral.Open(path, coral.WithPolicy(coral.RequireTPU), shape)
	require.Error(t, err)
	assert.Zero(t, sim.Stats("2-1").Opens)
	s := openTPU(t, path, coral.WithInputShape(0, 1, 8, 8, 3))
	assert.True(t, onTPU(s), s.Reason())

	// As many bytes are not the same shape.
	turned := coral.WithInputShape(0, 1, 4, 16, 3)
	if c, err := coral.Open(path, coral.WithPolicy(coral.CPUOnly), turned); err == nil {
		require.NoError(t, c.Close())
		assert.False(t, onTPU(openTPU(t, path, turned)))
	}
	_, err = coral.Open(path, coral.WithPolicy(coral.RequireTPU), turned)
	require.ErrorIs(t, err, coral.ErrSize)
}

// Under RequireTPU the CPU model is not prepared, and after a loss there is no device.
func TestRequiredAndLost(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	s := openTPU(t, compiled(t, "tiny_int8"), coral.WithIsolation(coral.InProcess), coral.WithPolicy(coral.RequireTPU))
	require.NoError(t, s.Do(t.Context(), func(i *tflite.Interpreter) error {
		assert.NotContains(t, i.Backend().String(), "XNNPACK")
		return nil
	}))
	assert.Equal(t, []string{"image"}, s.InputNames(), "but its names are used")
	sim.Unplug("2-1")
	eventually(t, "the loss shows", func() bool {
		_, err := s.Run(t.Context(), image(1))
		return err != nil
	})
	device, cause := s.Status()
	assert.Equal(t, coral.Device{Type: coral.DeviceNone}, device)
	require.Error(t, cause)
	assert.Empty(t, s.Backend())
	assert.Equal(t, cause.Error(), s.Reason())
	_, err := s.Run(t.Context(), image(1))
	require.ErrorIs(t, err, coral.ErrNoDevice)
}

// Changes are told in order, by a goroutine of their own, with a cause to test for.
func TestOnChange(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	type change struct {
		device coral.Device
		cause  error
	}
	changes := make(chan change, 100)
	s := openTPU(t, compiled(t, "tiny_int8"), coral.WithIsolation(coral.InProcess), coral.WithOnChange(func(d coral.Device, cause error) {
		b := make([]byte, 1<<16)
		assert.NotContains(t, string(b[:runtime.Stack(b, false)]), "TestOnChange(", "not on the caller's goroutine")
		changes <- change{d, cause}
	}))
	first := <-changes
	assert.Equal(t, coral.DeviceUSB, first.device.Type)
	require.NoError(t, first.cause)
	sim.Unplug("2-1")
	_, err := s.Run(t.Context(), image(1))
	require.NoError(t, err)
	lost := <-changes
	assert.Equal(t, coral.DeviceCPU, lost.device.Type)
	require.Error(t, lost.cause)
	sim.Plug("2-1")
	back := <-changes
	assert.Equal(t, first.device.Path, back.device.Path)
}

// A model whose transfers are not all planned runs on USB: its worker asks for that.
func TestUnplannedTransfers(t *testing.T) {
	edgetputest.New(t, edgetputest.USB("2-1"))
	path := compiled(t, "tiny_int8", edgetputest.UnplannedTransfers())
	s := openTPU(t, path)
	require.True(t, onTPU(s), s.Reason())
	outputs, err := s.Run(t.Context(), image(3))
	require.NoError(t, err)
	assert.Equal(t, expected(t, path, 4)[3].Data, outputs[0].Data)
}

// A session that was dropped in the middle of a call is not closed under it.
func TestDroppedDuringACall(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	path := compiled(t, "tiny_int8")
	use := func() error {
		s, err := coral.Open(path, coral.WithIsolation(coral.InProcess), coral.WithPolicy(coral.RequireTPU))
		if err != nil {
			return err
		}
		return s.Do(context.Background(), func(i *tflite.Interpreter) error {
			for range 20 {
				runtime.GC()
				time.Sleep(time.Millisecond)
			}
			return i.Invoke(context.Background())
		})
	}
	require.NoError(t, use())
	assert.Zero(t, sim.Misuses())
}

func TestStatsOnTheCPU(t *testing.T) {
	s := open(t, "tiny_int8")
	_, err := s.Run(t.Context(), image(1))
	require.NoError(t, err)
	require.NoError(t, s.Do(t.Context(), func(i *tflite.Interpreter) error { return i.Invoke(context.Background()) }))
	stats := s.Stats()
	require.Len(t, stats, 1)
	assert.Equal(t, coral.Device{Type: coral.DeviceCPU}, stats[0].Device)
	assert.True(t, stats[0].Up)
	assert.Equal(t, 2, stats[0].Inferences)
	assert.Positive(t, stats[0].P50)

	s = openTPU(t, model("tiny_int8"), coral.WithPolicy(coral.CPUOnly), coral.WithIsolation(coral.Isolated))
	_, err = s.Run(t.Context(), image(1))
	require.NoError(t, err)
	assert.Equal(t, 1, s.Stats()[0].Inferences)
}

// A session keeps no second copy of a CPU model.
func TestTheModelIsNotKeptTwice(t *testing.T) {
	path := t.TempDir() + "/large.tflite"
	large(t, path)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	s, err := coral.Open(path)
	require.NoError(t, err)
	defer s.Close()
	assert.Less(t, heap(), before+16<<20)
	runtime.KeepAlive(s)
}

// large writes a model of 32 MiB: a file may have something behind the FlatBuffer.
func large(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(model("tiny_int8"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(b, make([]byte, 32<<20)...), 0o600))
}

// The library reads its environment once: a model that needs DMA descriptors shares a worker
// only with one that was started for such a model, and is told so.
func TestUnplannedTransfersBesideOthers(t *testing.T) {
	edgetputest.New(t, edgetputest.USB("2-1"))
	plain, special := compiled(t, "tiny_int8"), compiled(t, "tiny_int8", edgetputest.UnplannedTransfers())
	first := openTPU(t, special)
	require.True(t, onTPU(first), first.Reason())
	second := openTPU(t, plain)
	require.True(t, onTPU(second), second.Reason())
	require.Len(t, workers(t), 1)
	require.NoError(t, first.Close())
	require.NoError(t, second.Close())
	eventually(t, "the worker ends", func() bool { return len(workers(t)) == 0 })

	first = openTPU(t, plain)
	require.True(t, onTPU(first), first.Reason())
	_, err := coral.Open(special, coral.WithPolicy(coral.RequireTPU))
	require.ErrorIs(t, err, coral.ErrDeviceBusy)
	require.ErrorContains(t, err, "before them")
}

// Several failures are one line.
func TestFailuresInOneLine(t *testing.T) {
	edgetputest.New(t, edgetputest.USB("2-1").With(edgetputest.CreateFails), edgetputest.USB("2-2").With(edgetputest.CreateFails))
	_, err := coral.Open(compiled(t, "tiny_int8"), coral.WithDevices(), coral.WithPolicy(coral.RequireTPU))
	require.ErrorIs(t, err, coral.ErrDelegateDeclined)
	assert.NotContains(t, err.Error(), "\n")
}
