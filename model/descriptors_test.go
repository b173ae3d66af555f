package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

// One executable whose transfers are not all known is enough.
func TestNeedsDescriptors(t *testing.T) {
	known, open := model.Executable{DeterministicDMA: true}, model.Executable{}
	for _, test := range []struct {
		executables []model.Executable
		want        bool
	}{
		{nil, false},
		{[]model.Executable{known, known}, false},
		{[]model.Executable{known, open}, true},
		{[]model.Executable{open}, true},
	} {
		assert.Equal(t, test.want, (&model.EdgeTPU{Executables: test.executables}).NeedsDescriptors())
	}
	assert.False(t, (*model.EdgeTPU)(nil).NeedsDescriptors())

	m, err := model.ReadFile("testdata/pets_edgetpu.tflite") // one known, one open
	require.NoError(t, err)
	e, err := m.EdgeTPU()
	require.NoError(t, err)
	assert.True(t, e.NeedsDescriptors())
}
