package model_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

// decoderModel ends with a custom operator of three inputs and four outputs.
func decoderModel() *model.Model {
	var tensors []model.Tensor
	for _, name := range []string{"picture", "heatmaps", "offsets", "displacements", "keypoints", "scores", "persons", "count"} {
		tensors = append(tensors, model.Tensor{Name: name, Type: model.Float32, Shape: []int{1, 2}, HasRank: true})
	}
	return &model.Model{Version: 3, Subgraphs: []model.Subgraph{{
		Tensors: tensors, Inputs: []int{0}, Outputs: []int{4, 5, 6, 7},
		Operators: []model.Operator{
			{BuiltinCode: opAdd, Inputs: []int{0, 0}, Outputs: []int{1}},
			{BuiltinCode: opAdd, Inputs: []int{1, 1}, Outputs: []int{2}},
			{BuiltinCode: opAdd, Inputs: []int{2, 1}, Outputs: []int{3}},
			{BuiltinCode: opCustom, CustomCode: "PosenetDecoderOp", Inputs: []int{1, 2, 3}, Outputs: []int{4, 5, 6, 7}},
		},
	}}}
}

func TestWithoutLast(t *testing.T) {
	file := build(decoderModel())
	before := bytes.Clone(file)
	m, err := model.Parse(file)
	require.NoError(t, err)
	cut, err := m.WithoutLast("PosenetDecoderOp")
	require.NoError(t, err)
	assert.Equal(t, before, file, "the original is changed")
	got, err := model.Parse(cut)
	require.NoError(t, err)
	require.NoError(t, got.Verify())
	assert.Equal(t, m.Inputs(), got.Inputs())
	var names []string
	for _, o := range got.Outputs() {
		names = append(names, o.Name)
	}
	assert.Equal(t, []string{"heatmaps", "offsets", "displacements"}, names)
	assert.Equal(t, m.Subgraphs[0].Operators[:3], got.Subgraphs[0].Operators)

	_, err = got.WithoutLast("PosenetDecoderOp")
	require.ErrorIs(t, err, model.ErrNotFound, "it is gone")
}

func TestWithoutLastErrors(t *testing.T) {
	many, two, signed, none := decoderModel(), decoderModel(), decoderModel(), decoderModel()
	many.Subgraphs[0].Outputs = []int{4, 5}
	two.Subgraphs = append(two.Subgraphs, two.Subgraphs[0])
	signed.Signatures = []model.Signature{{Key: "serve", Inputs: []model.SignatureTensor{{Name: "picture", Tensor: 0}}}}
	for k, name := range []string{"keypoints", "scores", "persons", "count"} {
		signed.Signatures[0].Outputs = append(signed.Signatures[0].Outputs, model.SignatureTensor{Name: name, Tensor: 4 + k})
	}
	none.Subgraphs[0].Operators = nil
	for name, c := range map[string]struct {
		m    *model.Model
		want error
	}{
		"more inputs than outputs": {parse(t, many), errors.ErrUnsupported},
		"two subgraphs":            {parse(t, two), errors.ErrUnsupported},
		"a signature":              {parse(t, signed), errors.ErrUnsupported},
		"no operators":             {parse(t, none), model.ErrNotFound},
		"another operator":         {parse(t, classifier()), model.ErrNotFound},
		"a description":            {parse(t, decoderModel()).Describe(), model.ErrBadModel},
		"nil":                      {nil, model.ErrBadModel},
		"zero":                     {&model.Model{}, model.ErrBadModel},
	} {
		_, err := c.m.WithoutLast("PosenetDecoderOp")
		require.ErrorIs(t, err, c.want, name)
	}
}
