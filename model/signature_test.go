package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

func TestSignature(t *testing.T) {
	m := parse(t, classifier())
	sig, err := m.Signature("serving_default")
	require.NoError(t, err)
	assert.Equal(t, classifier().Signatures[0], sig)
	assert.Empty(t, m.Warnings)

	_, err = m.Signature("train")
	require.ErrorIs(t, err, model.ErrNotFound)
	assert.ErrorContains(t, err, `no signature is called "train", there is serving_default`)
}

// TestUnusableSignature has signatures that do not fit the graph, which is sound without
// them: the model can be used, the signature cannot.
func TestUnusableSignature(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(s *model.Signature)
		want  string
	}{
		"subgraph":         {func(s *model.Signature) { s.Subgraph = 1 }, "it runs subgraph 1 of 1"},
		"far subgraph":     {func(s *model.Signature) { s.Subgraph = -1 }, "it runs subgraph 2147483647 of 1"},
		"inner tensor":     {func(s *model.Signature) { s.Inputs[0].Tensor = 3 }, `input "image" is tensor 3, which is no input of subgraph 0`},
		"removed tensor":   {func(s *model.Signature) { s.Outputs[0].Tensor = 7 }, `output "probabilities" is tensor 7, which is no output of subgraph 0`},
		"negative tensor":  {func(s *model.Signature) { s.Outputs[0].Tensor = -1 }, `output "probabilities" is tensor 2147483647, which is no output`},
		"no input":         {func(s *model.Signature) { s.Inputs = []model.SignatureTensor{} }, "it names 0 of the 1 inputs of subgraph 0"},
		"no list of names": {func(s *model.Signature) { s.Outputs = nil }, "it names 0 of the 1 outputs of subgraph 0"},
	} {
		t.Run(name, func(t *testing.T) {
			m := classifier()
			good := model.Signature{Key: "good", Inputs: []model.SignatureTensor{{Name: "x"}}, Outputs: []model.SignatureTensor{{Name: "y", Tensor: 4}}}
			c.spoil(&m.Signatures[0])
			m.Signatures = append(m.Signatures, good)
			parsed := parse(t, m)
			require.NoError(t, parsed.Verify())
			assert.Equal(t, []model.Signature{good}, parsed.Signatures)
			require.Len(t, parsed.Warnings, 1)
			assert.Contains(t, parsed.Warnings[0], `signature "serving_default" cannot be used: `+c.want)

			_, err := parsed.Signature("serving_default")
			require.ErrorIs(t, err, model.ErrNotFound)
			assert.ErrorContains(t, err, c.want)
			_, err = parsed.Signature("good")
			assert.NoError(t, err)
		})
	}
}

// TestSignatureWithOneNameTwice has two inputs, and one name for both.
func TestSignatureWithOneNameTwice(t *testing.T) {
	m := classifier()
	m.Subgraphs[0].Tensors = append(m.Subgraphs[0].Tensors, model.Tensor{Shape: []int{1}})
	m.Subgraphs[0].Inputs = []int{0, 5}
	m.Signatures[0].Inputs = append(m.Signatures[0].Inputs, model.SignatureTensor{Name: "image", Tensor: 5})
	assert.Contains(t, parse(t, m).Warnings[0], "it names 1 of the 2 inputs")
}
