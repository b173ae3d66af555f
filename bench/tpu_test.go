package bench_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/tflite"
)

// TestMain lets sessions drive accelerators in a worker process.
func TestMain(m *testing.M) {
	coral.WorkerMain()
	os.Exit(m.Run())
}

// simulated opens a session on the simulation, with a look-alike of a tiny model.
func simulated(b *testing.B, opts ...coral.Option) *coral.Session {
	b.Helper()
	cpu, err := os.ReadFile("../tflite/testdata/tiny_int8.tflite")
	require.NoError(b, err)
	tpu, err := edgetputest.Compile(cpu)
	require.NoError(b, err)
	dir := b.TempDir()
	path := filepath.Join(dir, "tiny.tflite")
	require.NoError(b, os.WriteFile(path, cpu, 0o600))
	require.NoError(b, os.WriteFile(filepath.Join(dir, "tiny_edgetpu.tflite"), tpu, 0o600))
	s, err := coral.Open(path, append(opts, coral.WithXNNPACK(tflite.XNNPACKOff))...)
	require.NoError(b, err)
	require.True(b, s.Device().IsTPU(), s.Reason())
	b.Cleanup(func() { s.Close() })
	return s
}

// BenchmarkIsolation prices the worker process: the simulation computes the same in both.
func BenchmarkIsolation(b *testing.B) {
	for name, option := range map[string]coral.Option{"in_process": coral.WithIsolation(coral.InProcess), "isolated": coral.WithIsolation(coral.Isolated)} {
		b.Run(name, func(b *testing.B) {
			edgetputest.New(b, edgetputest.USB("2-1"))
			s := simulated(b, option)
			input := make([]int8, 192)
			for b.Loop() {
				if _, err := s.Run(context.Background(), input); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDevices reports the throughput of one and of two accelerators that take 20 ms for
// an inference.
func BenchmarkDevices(b *testing.B) {
	const latency = 20 * time.Millisecond
	for name, opts := range map[string][]coral.Option{"one": nil, "two": {coral.WithDevices()}} {
		b.Run(name, func(b *testing.B) {
			edgetputest.New(b, edgetputest.PCIe(0).Latency(latency), edgetputest.PCIe(1).Latency(latency))
			s := simulated(b, opts...)
			var callers sync.WaitGroup
			jobs := make(chan struct{})
			for range 4 {
				callers.Go(func() {
					for range jobs {
						if _, err := s.Run(context.Background(), make([]int8, 192)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			start, n := time.Now(), 0
			for b.Loop() {
				jobs <- struct{}{}
				n++
			}
			close(jobs)
			callers.Wait()
			b.ReportMetric(float64(n)/time.Since(start).Seconds(), "inferences/s")
		})
	}
}

// BenchmarkReplug reports how long a session takes to use a device again after its cable is
// plugged in; the simulation itself opens a device at once, Google's library takes two to
// three seconds.
func BenchmarkReplug(b *testing.B) {
	for name, option := range map[string]coral.Option{"in_process": coral.WithIsolation(coral.InProcess), "isolated": coral.WithIsolation(coral.Isolated)} {
		b.Run(name, func(b *testing.B) {
			reaction := edgetputest.Fail
			if name == "isolated" {
				reaction = edgetputest.Abort
			}
			sim := edgetputest.New(b, edgetputest.USB("2-1").OnLoss(reaction))
			s := simulated(b, option)
			var back time.Duration
			n := 0
			for b.Loop() {
				sim.Unplug("2-1")
				_, err := s.Run(context.Background(), make([]int8, 192))
				require.NoError(b, err)
				await(b, func() bool { return !s.Device().IsTPU() })
				time.Sleep(200 * time.Millisecond)
				sim.Plug("2-1")
				start := time.Now()
				await(b, func() bool { return s.Device().IsTPU() })
				back += time.Since(start)
				n++
			}
			b.ReportMetric(back.Seconds()/float64(n), "s/replug")
		})
	}
}

func await(b *testing.B, condition func() bool) {
	b.Helper()
	for start := time.Now(); !condition(); {
		require.Less(b, time.Since(start), 10*time.Second)
		time.Sleep(time.Millisecond)
	}
}
