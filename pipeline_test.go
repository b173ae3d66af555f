package coral_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu/edgetputest"
)

// segments divides a model and opens each part on a device of its own.
func segments(t *testing.T, name string, n int, opts ...coral.Option) []*coral.Session {
	t.Helper()
	cpu, err := os.ReadFile(model(name))
	require.NoError(t, err)
	parts, err := edgetputest.Split(cpu, n)
	require.NoError(t, err)
	dir := t.TempDir()
	sessions := make([]*coral.Session, n)
	for k, part := range parts {
		path := filepath.Join(dir, fmt.Sprintf("part%d.tflite", k))
		require.NoError(t, os.WriteFile(path, part, 0o600))
		if tpu, err := edgetputest.Compile(part); err == nil {
			require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("part%d_edgetpu.tflite", k)), tpu, 0o600))
		}
		sessions[k] = openTPU(t, path, append([]coral.Option{coral.WithIsolation(coral.InProcess), coral.WithDevices(fmt.Sprintf(":%d", k))}, opts...)...)
	}
	return sessions
}

func TestPipeline(t *testing.T) {
	edgetputest.New(t, edgetputest.USB("2-1"), edgetputest.USB("2-2"))
	sessions := segments(t, "tiny_int8", 2)
	want := expected(t, model("tiny_int8"), 40)
	p, err := coral.NewPipeline(sessions, coral.WithInputQueue(4))
	require.NoError(t, err)
	defer p.Close()
	in := p.InputNames()
	require.Len(t, in, 1)

	pushed := make(chan error, 1)
	go func() {
		defer close(pushed)
		for k := range want {
			if err := p.Push(t.Context(), map[string]any{in[0]: image(k)}); err != nil {
				pushed <- err
				return
			}
		}
		p.CloseInput()
	}()
	for k := range want {
		result, err := p.Pop(t.Context())
		require.NoError(t, err)
		require.Len(t, result, 1)
		for _, v := range result {
			assert.Equal(t, want[k].Data, v.Data, "results come in order")
		}
	}
	_, err = p.Pop(t.Context())
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, <-pushed)
	require.ErrorIs(t, p.Push(t.Context(), map[string]any{in[0]: image(0)}), coral.ErrClosed)
	for _, stats := range p.Stats() {
		assert.Equal(t, len(want), stats.Inferences)
		assert.Positive(t, stats.Busy)
	}
}

func TestPipelineMisuse(t *testing.T) {
	_, err := coral.NewPipeline(nil)
	require.ErrorIs(t, err, coral.ErrOption)
	s := open(t, "tiny_float")
	_, err = coral.NewPipeline([]*coral.Session{s, nil})
	require.ErrorIs(t, err, coral.ErrOption)
	_, err = coral.NewPipeline([]*coral.Session{s}, coral.WithOutputQueue(-1))
	require.ErrorIs(t, err, coral.ErrRange)

	p, err := coral.NewPipeline([]*coral.Session{s})
	require.NoError(t, err)
	require.ErrorIs(t, p.Push(t.Context(), nil), coral.ErrNotFound)
	require.ErrorIs(t, p.Push(t.Context(), map[string]any{"image": make([]float32, 192), "x": 1}), coral.ErrNotFound)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err = p.Pop(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	require.NoError(t, p.Push(t.Context(), map[string]any{"image": []float32{1}}))
	_, err = p.Pop(t.Context())
	require.ErrorIs(t, err, coral.ErrSize, "an error in a segment ends the pipeline")
	require.ErrorIs(t, p.Push(t.Context(), map[string]any{"image": make([]float32, 192)}), coral.ErrSize)
	require.NoError(t, p.Close())
	require.NoError(t, p.Close())
	_, err = p.Pop(t.Context())
	require.Error(t, err)
	assert.NotErrorIs(t, err, io.EOF)
}

// Two models that were compiled together share one device.
func TestTwoModelsOnOneDevice(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.USB("2-1"))
	paths := []string{compiled(t, "tiny_int8", edgetputest.CachingToken(7)), compiled(t, "tiny_int8", edgetputest.CachingToken(7), edgetputest.First(2))}
	want := expected(t, paths[0], 10)
	a, b := openTPU(t, paths[0], coral.WithIsolation(coral.InProcess)), openTPU(t, paths[1], coral.WithIsolation(coral.InProcess))
	require.True(t, onTPU(a), a.Reason())
	require.True(t, onTPU(b), b.Reason())
	for k := range want {
		for _, s := range []*coral.Session{a, b} {
			outputs, err := s.Run(t.Context(), image(k))
			require.NoError(t, err)
			assert.Equal(t, want[k].Data, outputs[0].Data)
		}
	}
	assert.Equal(t, 2*len(want)+2, sim.Stats("2-1").Inferences)
}

// A pipeline that is dropped without Close ends by itself.
func TestDroppedPipeline(t *testing.T) {
	s := open(t, "tiny_float")
	before := runtime.NumGoroutine()
	for range 20 {
		p, err := coral.NewPipeline([]*coral.Session{s, s})
		require.NoError(t, err)
		require.NotNil(t, p)
	}
	eventually(t, "its goroutines end", func() bool {
		runtime.GC()
		return runtime.NumGoroutine() <= before+2 // Eventually's own
	})
}
