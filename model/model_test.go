package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gocoral/coral/model"
)

func TestInputsOutputs(t *testing.T) {
	m := classifier()
	assert.Equal(t, []model.Tensor{m.Subgraphs[0].Tensors[0]}, m.Inputs())
	assert.Equal(t, []model.Tensor{m.Subgraphs[0].Tensors[4]}, m.Outputs())

	m.Subgraphs[0].Inputs = []int{-1, 99}
	inputs := m.Inputs()
	assert.Len(t, inputs, 2)
	assert.Equal(t, model.Tensor{Index: 99, Type: model.NoType}, inputs[1])

	var empty model.Model
	assert.Empty(t, empty.Inputs())
	assert.Empty(t, empty.Outputs())
}

func TestOperators(t *testing.T) {
	m := classifier()
	m.Subgraphs = append(m.Subgraphs, model.Subgraph{Operators: []model.Operator{
		{BuiltinCode: opSoftmax},
		{BuiltinCode: opStablehloCase},
		{BuiltinCode: 1000},
		{BuiltinCode: opCustom, CustomCode: "PosenetDecoderOp"},
		{BuiltinCode: opAdd},
		{BuiltinCode: 127},
		{BuiltinCode: 128},
	}})
	assert.Equal(t, []model.OperatorCount{
		{"ADD", 1},
		{"BUILTIN(1000)", 1},
		{"CUMSUM", 1},
		{"FULLY_CONNECTED", 1},
		{"PLACEHOLDER_FOR_GREATER_OP_CODES", 1},
		{"PosenetDecoderOp", 1},
		{"SOFTMAX", 2},
		{"STABLEHLO_CASE", 1},
	}, parse(t, m).Operators())
}

// TestOperatorCodeOfOldConverters reads a file from before the wider field.
func TestOperatorCodeOfOldConverters(t *testing.T) {
	b := newBuilder()
	codes := b.Tables([]offset{b.Table(b.Int8(0, opSoftmax))})
	operators := b.Tables([]offset{b.Table()})
	subgraphs := b.Tables([]offset{b.Table(b.Ref(3, operators))})
	m, err := model.Parse(b.Finish(b.Table(b.Ref(1, codes), b.Ref(2, subgraphs)), "TFL3"))
	assert.NoError(t, err)
	assert.Equal(t, "SOFTMAX", m.Subgraphs[0].Operators[0].Name)
	assert.Equal(t, 1, m.Subgraphs[0].Operators[0].Version, "absent means 1")
}

func TestHasVariables(t *testing.T) {
	assert.False(t, classifier().HasVariables())

	m := classifier()
	m.Subgraphs[0].Tensors[3].IsVariable = true
	assert.True(t, parse(t, m).HasVariables())

	m = classifier()
	m.Subgraphs[0].Operators[0].BuiltinCode = opVarHandle
	assert.True(t, parse(t, m).HasVariables())
}

func TestByteSize(t *testing.T) {
	for _, c := range []struct {
		kind  model.TensorType
		shape []int
		want  int64
		ok    bool
	}{
		{model.Uint8, []int{1, 224, 224, 3}, 150528, true},
		{model.Float32, []int{1, 17, 3}, 204, true},
		{model.Float32, nil, 4, true},
		{model.Complex128, []int{2}, 32, true},
		{model.Int4, []int{3}, 2, true},
		{model.Int2, []int{5}, 2, true},
		{model.Float32, []int{0, 1 << 30, 1 << 30}, 0, true},
		{model.Uint8, []int{1 << 30, 1 << 29}, 1 << 59, true},
		{model.Uint8, []int{1 << 30, 1 << 30, 8}, 0, false},
		{model.Float64, []int{1 << 30, 1 << 30, 1 << 30}, 0, false},
		{model.Uint8, []int{1, -1}, 0, false},
		{model.String, []int{1}, 0, false},
		{model.Variant, nil, 0, false},
		{model.TensorType(99), []int{1}, 0, false},
	} {
		size, ok := model.Tensor{Type: c.kind, Shape: c.shape}.ByteSize()
		assert.Equal(t, c.ok, ok, "%v%v", c.kind, c.shape)
		assert.Equal(t, c.want, size, "%v%v", c.kind, c.shape)
	}
}

func TestTensorTypes(t *testing.T) {
	assert.Equal(t, "uint8", model.Uint8.String())
	assert.Equal(t, "float8_e5m2", model.Float8E5M2.String())
	assert.Equal(t, "notype", model.NoType.String())
	assert.Equal(t, "type(23)", model.TensorType(23).String())
	for kind := model.Float32; kind <= model.Float8E5M2; kind++ {
		fixed := kind != model.String && kind != model.Resource && kind != model.Variant
		assert.Equal(t, fixed, kind.Bits() > 0, "%v", kind)
	}
}
