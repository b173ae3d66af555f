package coral_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/tflite"
)

// statefulPair is Coral's own LSTM, whose state the Edge TPU's operator keeps in variable
// tensors.
func statefulPair(t *testing.T, sim *edgetputest.Sim) string {
	t.Helper()
	dir := filepath.Join("..", "shared", "testdata", "models")
	path := filepath.Join(dir, "keras_lstm_mnist_ptq.tflite")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no conformance models here: %v", err)
	}
	require.NoError(t, sim.AddModelFiles(path, filepath.Join(dir, "keras_lstm_mnist_ptq_edgetpu.tflite")))
	return path
}

func TestStateIsNotLostUnnoticed(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.PCIe(0))
	path := statefulPair(t, sim)
	input := make([]uint8, 28*28)
	for k := range input {
		input[k] = uint8(k * 37)
	}
	step := func(s *coral.Session) (any, error) {
		outputs, err := s.Run(t.Context(), input)
		if err != nil {
			return nil, err
		}
		return outputs[0].Data, nil
	}
	cpu, err := coral.Open(path, coral.WithPolicy(coral.CPUOnly), coral.WithXNNPACK(tflite.XNNPACKOff))
	require.NoError(t, err)
	defer cpu.Close()
	var want []any
	for range 3 {
		got, err := step(cpu)
		require.NoError(t, err)
		want = append(want, got)
	}

	s := openTPU(t, path, coral.WithIsolation(coral.InProcess))
	require.True(t, onTPU(s), s.Reason())
	for k := range 3 {
		got, err := step(s)
		require.NoError(t, err)
		assert.Equal(t, want[k], got, "the state is the twin's, step %d", k)
	}
	sim.Unplug("apex_0")
	_, err = step(s)
	require.ErrorIs(t, err, coral.ErrStateLost)
	got, err := step(s)
	require.NoError(t, err)
	assert.Equal(t, want[0], got, "the CPU begins with the initial state")

	sim.Plug("apex_0")
	require.NoError(t, s.ResetState(t.Context()))
	eventually(t, "after a reset the device is used again", func() bool { return onTPU(s) })
	got, err = step(s)
	require.NoError(t, err)
	assert.Equal(t, want[0], got)
}

func TestStateReset(t *testing.T) {
	sim := edgetputest.New(t, edgetputest.PCIe(0))
	path := statefulPair(t, sim)
	s := openTPU(t, path, coral.WithIsolation(coral.InProcess), coral.WithStateReset())
	require.True(t, onTPU(s), s.Reason())
	first, err := s.Run(t.Context(), make([]uint8, 28*28))
	require.NoError(t, err)
	_, err = s.Run(t.Context(), make([]uint8, 28*28))
	require.NoError(t, err)
	sim.Unplug("apex_0")
	again, err := s.Run(t.Context(), make([]uint8, 28*28))
	require.NoError(t, err, "it goes on from the initial state")
	assert.Equal(t, first[0].Data, again[0].Data)
}
