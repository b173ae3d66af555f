package tflitewriter_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
)

func TestStandIn(t *testing.T) {
	for _, name := range []string{"tiny_int8", "two_signatures", "scalar", "per_tensor"} {
		m, err := model.ReadFile("../../tflite/testdata/" + name + ".tflite")
		require.NoError(t, err)
		b, err := tflitewriter.StandIn("Elsewhere", m.Inputs(), m.Outputs())
		if name == "per_tensor" { // its input is its output
			require.ErrorIs(t, err, model.ErrBadModel)
			continue
		}
		require.NoError(t, err, name)
		ports, err := model.Parse(b)
		require.NoError(t, err, name)
		require.NoError(t, ports.Verify())
		require.NoError(t, model.SameInterface(m, ports))
		assert.Equal(t, []model.OperatorCount{{Name: "Elsewhere", Count: 1}}, ports.Operators())
	}
	m, err := model.ReadFile("../../tflite/testdata/string_gather.tflite")
	require.NoError(t, err)
	_, err = tflitewriter.StandIn("Elsewhere", m.Inputs(), m.Outputs())
	require.ErrorIs(t, err, model.ErrBadModel)
}
