package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

// detector ends in an operator that sets the shapes of its outputs, which the file leaves
// empty. It has a scalar input, and a scalar constant, as files of old converters have
// them.
func detector() *model.Model {
	return &model.Model{Version: 3, Subgraphs: []model.Subgraph{{
		Tensors: []model.Tensor{
			{Name: "boxes", Shape: []int{1, 10, 4}},
			{Name: "threshold", Shape: []int{}},
			{Name: "limit", Shape: []int{}, Data: make([]byte, 4)},
			{Name: "TFLite_Detection_PostProcess", Shape: []int{}},
			{Name: "count"}, // without even an empty vector
			{Name: "state", IsVariable: true},
		},
		Inputs: []int{0, 1}, Outputs: []int{3, 4},
		Operators: []model.Operator{{
			BuiltinCode: opCustom, CustomCode: "TFLite_Detection_PostProcess", Inputs: []int{0, 1, 2, 5}, Outputs: []int{3, 4},
		}},
	}}}
}

func unknownRanks(m *model.Model) (names []string) {
	for _, tensor := range m.Subgraphs[0].Tensors {
		if tensor.UnknownRank {
			names = append(names, tensor.Name)
		}
	}
	return names
}

// TestUnknownRank: an empty shape is a scalar's only where the file says so, or the
// runtime takes it from there.
func TestUnknownRank(t *testing.T) {
	old := parse(t, detector())
	assert.Equal(t, []string{"TFLite_Detection_PostProcess", "count"}, unknownRanks(old))
	assert.NoError(t, old.Verify())
	for _, output := range old.Outputs() {
		_, ok := output.ByteSize()
		assert.False(t, ok, output.Name)
	}
	measured := old.Outputs()[0]
	measured.Shape, measured.HasRank = []int{1, 10, 4}, true // by a runtime
	n, ok := measured.ByteSize()
	assert.True(t, ok)
	assert.EqualValues(t, 160, n)
	n, ok = old.Inputs()[1].ByteSize()
	assert.True(t, ok)
	assert.EqualValues(t, 4, n)

	m := detector()
	m.Subgraphs[0].Tensors[4].HasRank = true
	recent := parse(t, m)
	assert.Equal(t, []string{"threshold", "TFLite_Detection_PostProcess", "state"}, unknownRanks(recent))
	n, ok = recent.Outputs()[1].ByteSize()
	require.True(t, ok, "a scalar that the file calls one")
	assert.EqualValues(t, 4, n)
}

// TestUnknownRankOfDetectors reads detection models that Coral publishes.
func TestUnknownRankOfDetectors(t *testing.T) {
	found := 0
	for _, path := range coralModelFiles(t) {
		m, err := model.ReadFile(path)
		require.NoError(t, err)
		for _, op := range m.Subgraphs[0].Operators {
			if op.CustomCode != "TFLite_Detection_PostProcess" {
				continue
			}
			found++
			for _, output := range op.Outputs {
				tensor := m.Subgraphs[0].Tensors[output]
				assert.Equal(t, len(tensor.Shape) == 0, tensor.UnknownRank, "%s: %s", path, tensor.Name)
			}
		}
	}
	t.Logf("%d detectors", found)
}

func TestHasVariablesByHandle(t *testing.T) {
	for name, code := range map[string]int{
		"VAR_HANDLE": 142, "READ_VARIABLE": 143, "ASSIGN_VARIABLE": 144, "CALL_ONCE": 129,
	} {
		m := classifier()
		m.Subgraphs = append(m.Subgraphs, model.Subgraph{
			Operators: []model.Operator{{BuiltinCode: opSoftmax}, {BuiltinCode: code}},
		})
		parsed := parse(t, m)
		assert.Equal(t, name, parsed.Subgraphs[1].Operators[1].Name)
		assert.True(t, parsed.HasVariables(), name)
	}
}
