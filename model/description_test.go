package model_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

// A description says what the model is, and keeps none of the bytes that it came from.
func TestDescribe(t *testing.T) {
	b, err := os.ReadFile("testdata/pets.tflite")
	require.NoError(t, err)
	m, err := model.Parse(b)
	require.NoError(t, err)
	want := labelText(t, m)
	require.NotEmpty(t, want)
	info, err := m.Info()
	require.NoError(t, err)

	d := m.Describe()
	clear(b)
	assert.Equal(t, want, labelText(t, d))
	again, err := d.Info()
	require.NoError(t, err)
	assert.Equal(t, info, again)
	assert.Equal(t, m.Inputs()[0].Shape, d.Inputs()[0].Shape)
	assert.Equal(t, m.Operators(), d.Operators())
	assert.Nil(t, d.Bytes())
	_, err = d.Inline()
	require.ErrorIs(t, err, model.ErrBadModel)
	assert.Equal(t, want, labelText(t, d.Describe()), "a description of a description")
	assert.Nil(t, (*model.Model)(nil).Describe())
}

func TestDescribeDropsWeights(t *testing.T) {
	m := &model.Model{Subgraphs: []model.Subgraph{{
		Tensors:   []model.Tensor{{Data: make([]byte, 64<<10)}, {Data: make([]byte, 64<<10+1)}},
		Operators: []model.Operator{{CustomOptions: make([]byte, 1<<20)}, {CustomOptions: []byte{1}}},
	}}}
	d := m.Describe()
	assert.Len(t, d.Subgraphs[0].Tensors[0].Data, 64<<10)
	assert.Nil(t, d.Subgraphs[0].Tensors[1].Data)
	assert.Nil(t, d.Subgraphs[0].Operators[0].CustomOptions)
	assert.Equal(t, []byte{1}, d.Subgraphs[0].Operators[1].CustomOptions)
	assert.Len(t, m.Subgraphs[0].Tensors[1].Data, 64<<10+1, "the model itself is as it was")
}
