package coral_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/internal/niltest"
)

// Nothing of this package panics on nil and zero values.
func TestNilAndZero(t *testing.T) {
	niltest.Walk(t, map[string]any{
		"Open": coral.Open, "OpenContext": coral.OpenContext, "OpenBytes": coral.OpenBytes,
		"NewPipeline": coral.NewPipeline, "WithInputQueue": coral.WithInputQueue, "WithOutputQueue": coral.WithOutputQueue,
		"IsWorker": coral.IsWorker, "WorkerMain": coral.WorkerMain,
		"WithPolicy": coral.WithPolicy, "WithDevice": coral.WithDevice, "WithDevices": coral.WithDevices,
		"WithTPUOptions": coral.WithTPUOptions, "WithTPULibrary": coral.WithTPULibrary, "WithTPUTimeout": coral.WithTPUTimeout,
		"WithStateReset": coral.WithStateReset, "WithOnChange": coral.WithOnChange, "WithTwin": coral.WithTwin, "WithModelLimits": coral.WithModelLimits,
		"WithTwinBytes": coral.WithTwinBytes, "WithFS": coral.WithFS, "WithInterpreters": coral.WithInterpreters,
		"WithInputShape": coral.WithInputShape, "WithThreads": coral.WithThreads, "WithXNNPACK": coral.WithXNNPACK,
		"WithTFLite": coral.WithTFLite, "WithLogger": coral.WithLogger, "WithIsolation": coral.WithIsolation,
		"WithWorkerMemory": coral.WithWorkerMemory,
	},
		coral.Device{}, coral.Policy(0), coral.Isolation(0),
		(*coral.Session)(nil), new(coral.Session), (*coral.Pipeline)(nil), new(coral.Pipeline))
}

// A zero session is like a nil one, and a nil context like one without an end.
func TestZeroSession(t *testing.T) {
	for _, s := range []*coral.Session{nil, {}} {
		_, err := s.Run(t.Context())
		require.ErrorIs(t, err, coral.ErrClosed)
		device, err := s.Status()
		require.ErrorIs(t, err, coral.ErrClosed)
		assert.Equal(t, coral.DeviceNone, device.Type)
		assert.NotEmpty(t, s.Reason())
	}
	var none context.Context
	s, err := coral.OpenContext(none, model("tiny_int8"), nil)
	require.NoError(t, err)
	_, err = s.Run(none, image(1))
	require.NoError(t, err)
	require.NoError(t, s.ResetState(none))
	p, err := coral.NewPipeline([]*coral.Session{s}, nil)
	require.NoError(t, err)
	require.NoError(t, p.Push(none, map[string]any{"image": image(1)}))
	_, err = p.Pop(none)
	require.NoError(t, err)
	require.NoError(t, p.Close())
	require.NoError(t, s.Close())
	_, err = coral.NewPipeline([]*coral.Session{{}})
	require.ErrorIs(t, err, coral.ErrOption)
}

// A call that was given up has lost the state, wherever the model runs.
func TestCancelledCallOfAStatefulModel(t *testing.T) {
	s := open(t, "stateful")
	_, err := s.Run(t.Context(), []float32{1})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Run(ctx, []float32{1})
	require.ErrorIs(t, err, context.Canceled)
	outputs, err := s.Run(t.Context(), []float32{1})
	require.NoError(t, err, "it had not begun")
	assert.Equal(t, []float32{2}, outputs[0].Data)
}
