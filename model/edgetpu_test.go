package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

func TestEdgeTPU(t *testing.T) {
	m := parse(t, compiled())
	assert.True(t, m.IsEdgeTPU())
	got, err := m.EdgeTPU()
	require.NoError(t, err)

	want := edgeTPU()
	want.Ops = 1
	want.CPUOps = []model.OperatorCount{{"SOFTMAX", 1}}
	assert.Equal(t, &want, got)
	assert.Equal(t, 96, got.CachedBytes())
	assert.Equal(t, 64, got.StreamedBytes())
}

func TestEdgeTPUOfCPUModel(t *testing.T) {
	m := parse(t, classifier())
	assert.False(t, m.IsEdgeTPU())
	got, err := m.EdgeTPU()
	require.NoError(t, err)
	assert.Nil(t, got)

	// The name alone makes no operator of the Edge TPU: builtin ones ignore it.
	named := classifier()
	named.Subgraphs[0].Operators[0].CustomCode = "edgetpu-custom-op"
	assert.False(t, parse(t, named).IsEdgeTPU())
}

// TestEdgeTPUSeveralOps has a model that goes back to the CPU in between.
func TestEdgeTPUSeveralOps(t *testing.T) {
	m := compiled()
	older, executables := edgeTPU(), edgeTPU().Executables
	older.MinRuntimeVersion, older.CompilerVersion, older.ModelIdentifier = 10, "", "other"
	second := m.Subgraphs[0].Operators[0]
	second.CustomOptions = buildEdgeTPU(older)
	s := &m.Subgraphs[0]
	s.Operators = append([]model.Operator{second}, s.Operators...)

	got, err := parse(t, m).EdgeTPU()
	require.NoError(t, err)
	assert.Equal(t, 2, got.Ops)
	assert.Equal(t, 13, got.MinRuntimeVersion, "what all parts need")
	assert.Equal(t, "cl/343520747", got.CompilerVersion)
	assert.Equal(t, "other", got.ModelIdentifier)
	assert.Equal(t, append(executables, executables...), got.Executables)
}

func TestEdgeTPUFaults(t *testing.T) {
	good := compiled().Subgraphs[0].Operators[0].CustomOptions
	for name, c := range map[string]struct {
		options []byte
		want    string
	}{
		"none":            {nil, "flexbuffer of 0 bytes is too short"},
		"no map":          {[]byte{7, 1 << 2, 1}, "type 1 at its root in place of a map"},
		"other key":       {flexMap(4, "5", []byte("blob")), "no executable"},
		"other content":   {flexMap(4, "4", []byte("\x10\x00\x00\x00TFL3")), "no executable"},
		"too short":       {flexMap(4, "4", []byte("\x10\x00\x00\x00DWN")), "no executable"},
		"damaged package": {flexMap(4, "4", []byte("\xff\xff\x00\x00DWN1")), "points outside"},
		"cut":             {good[:len(good)-1], "flexbuffer"},
	} {
		t.Run(name, func(t *testing.T) {
			m := compiled()
			m.Subgraphs[0].Operators[0].CustomOptions = c.options
			parsed := parse(t, m)
			assert.True(t, parsed.IsEdgeTPU())
			got, err := parsed.EdgeTPU()
			require.ErrorIs(t, err, model.ErrBadModel)
			assert.ErrorContains(t, err, c.want)
			assert.Nil(t, got)
		})
	}
}

// TestEdgeTPUDamage damages each byte of the options. Not all damage shows, but
// all of it gives a result or an error.
func TestEdgeTPUDamage(t *testing.T) {
	m := compiled()
	options := m.Subgraphs[0].Operators[0].CustomOptions
	m.Subgraphs[0].Operators = m.Subgraphs[0].Operators[:1]
	failed := 0
	for i := range options {
		for _, v := range []byte{0, 1, 3, 0x7f, 0xff, ^options[i]} {
			damaged := append([]byte(nil), options...)
			damaged[i] = v
			m.Subgraphs[0].Operators[0].CustomOptions = damaged
			got, err := m.EdgeTPU()
			if err != nil {
				failed++
				require.ErrorIs(t, err, model.ErrBadModel)
			} else {
				require.NotNil(t, got)
			}
		}
	}
	assert.Greater(t, failed, len(options)/10)
}

// TestFlexBufferWidths reads the map in each width that its numbers may have; the
// compiler uses the smallest that will do.
func TestFlexBufferWidths(t *testing.T) {
	small := newBuilder()
	content := small.Finish(small.Table(small.Int32(0, 12)), "DWN1")
	for _, width := range []int{1, 2, 4, 8} {
		m := compiled()
		m.Subgraphs[0].Operators[0].CustomOptions = flexMap(width, "4", content)
		got, err := parse(t, m).EdgeTPU()
		require.NoError(t, err, "width %d", width)
		assert.Equal(t, 12, got.MinRuntimeVersion)
		assert.Empty(t, got.Executables)
	}
}

func TestExecutableType(t *testing.T) {
	assert.Equal(t, "STAND_ALONE", model.StandAlone.String())
	assert.Equal(t, "PARAMETER_CACHING", model.ParameterCaching.String())
	assert.Equal(t, "EXECUTION_ONLY", model.ExecutionOnly.String())
	assert.Equal(t, "executable type 7", model.ExecutableType(7).String())
}
