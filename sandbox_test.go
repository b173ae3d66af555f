package coral_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/tflite"
)

func openSandboxed(t *testing.T, name string, opts ...coral.Option) *coral.Session {
	t.Helper()
	return openTPU(t, model(name), append([]coral.Option{coral.WithPolicy(coral.CPUOnly), coral.WithIsolation(coral.Isolated)}, opts...)...)
}

// workers lists this process's child processes.
func workers(t *testing.T) []string {
	t.Helper()
	return children()
}

func TestSandbox(t *testing.T) {
	want := expected(t, model("tiny_int8"), 5)
	s := openSandboxed(t, "tiny_int8", coral.WithInterpreters(2))
	assert.Contains(t, s.Reason(), "in a worker process")
	assert.Equal(t, "built-in kernels", s.Backend())
	assert.Equal(t, []string{"image"}, s.InputNames())
	for k := range want {
		outputs, err := s.Run(t.Context(), image(k))
		require.NoError(t, err)
		assert.Equal(t, want[k].Data, outputs[0].Data)
		assert.Equal(t, want[k].Quantization, outputs[0].Quantization)
	}
	require.Len(t, workers(t), 2)
	require.NoError(t, s.Close())
	eventually(t, "the workers end with the session", func() bool { return len(workers(t)) == 0 })
}

func TestSandboxTimeLimit(t *testing.T) {
	s := openSandboxed(t, "slow", coral.WithTPUTimeout(50*time.Millisecond))
	_, err := s.Run(t.Context(), []float32{1})
	require.ErrorContains(t, err, "did not end in time")

	s = openSandboxed(t, "slow")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = s.Run(ctx, []float32{1})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestSandboxMemoryLimit(t *testing.T) {
	_, err := coral.Open(model("slow_conv"), coral.WithPolicy(coral.CPUOnly), coral.WithIsolation(coral.Isolated), coral.WithWorkerMemory(8<<20))
	require.Error(t, err)
	if !errors.Is(err, coral.ErrMemory) { // the runtime or Go itself ran into the limit
		assert.ErrorContains(t, err, "the worker process died")
	}
}

// A worker that somebody kills is started again, and the inference repeated.
func TestSandboxWorkerKilled(t *testing.T) {
	s := openSandboxed(t, "tiny_int8")
	want := expected(t, model("tiny_int8"), 4)[3]
	for range 3 {
		for _, pid := range workers(t) {
			kill(t, pid)
		}
		outputs, err := s.Run(t.Context(), image(3))
		require.NoError(t, err)
		assert.Equal(t, want.Data, outputs[0].Data)
	}
}

func TestSandboxRefuses(t *testing.T) {
	for _, name := range []string{"string_gather", "types/float32"} {
		_, err := coral.Open(model(name), coral.WithPolicy(coral.CPUOnly), coral.WithIsolation(coral.Isolated))
		require.Error(t, err, name)
	}
	_, err := coral.Open(model("unresolved_op"), coral.WithPolicy(coral.CPUOnly), coral.WithIsolation(coral.Isolated))
	require.ErrorIs(t, err, tflite.ErrUnresolvedOp, "the worker's error keeps its kind")
}

func kill(t *testing.T, pid string) { // SIGKILL
	t.Helper()
	n := 0
	for _, digit := range pid {
		n = 10*n + int(digit-'0')
	}
	p, err := os.FindProcess(n)
	require.NoError(t, err)
	require.NoError(t, p.Kill())
}

// The state of a model in a worker process is reset there, and its loss is told.
func TestSandboxState(t *testing.T) {
	step := func(s *coral.Session) (float32, error) {
		outputs, err := s.Run(t.Context(), []float32{1})
		if err != nil {
			return 0, err
		}
		return outputs[0].Data.([]float32)[0], nil
	}
	steps := func(s *coral.Session, want ...float32) {
		t.Helper()
		for _, w := range want {
			got, err := step(s)
			require.NoError(t, err)
			require.Equal(t, w, got)
		}
	}
	killWorkers := func() {
		for _, pid := range workers(t) {
			kill(t, pid)
		}
	}
	s := openSandboxed(t, "stateful")
	steps(s, 1, 2, 3)
	require.NoError(t, s.ResetState(t.Context()))
	steps(s, 1, 2)
	killWorkers()
	_, err := step(s)
	require.ErrorIs(t, err, coral.ErrStateLost)
	steps(s, 1, 2)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.ResetState(ctx), context.Canceled)
	steps(s, 3) // a reset that failed has done nothing

	require.NoError(t, s.ResetState(t.Context()))
	killWorkers() // an initial state is no loss
	steps(s, 1)
	require.NoError(t, s.Close())
	eventually(t, "the worker ends", func() bool { return len(workers(t)) == 0 })

	s = openSandboxed(t, "stateful", coral.WithStateReset())
	steps(s, 1, 2)
	killWorkers()
	steps(s, 1, 2)
}
