package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/model"
)

func TestVerify(t *testing.T) {
	assert.NoError(t, parse(t, classifier()).Verify())
	assert.NoError(t, parse(t, compiled()).Verify())
}

// TestVerifyFaults makes one fault in a good model at a time. Each is of a kind
// that made a runtime crash.
func TestVerifyFaults(t *testing.T) {
	type subgraph = model.Subgraph
	for name, c := range map[string]struct {
		spoil func(m *model.Model, s *subgraph)
		want  string
	}{
		"version":            {func(m *model.Model, s *subgraph) { m.Version = 2 }, "schema version is 2"},
		"no subgraphs":       {func(m *model.Model, s *subgraph) { m.Subgraphs = nil }, "the model has no"},
		"no tensors":         {func(m *model.Model, s *subgraph) { s.Tensors = nil }, "subgraph 0: has no tensors"},
		"no inputs":          {func(m *model.Model, s *subgraph) { s.Inputs = nil }, "no list of inputs"},
		"no outputs":         {func(m *model.Model, s *subgraph) { s.Outputs = nil }, "no list of outputs"},
		"no operators":       {func(m *model.Model, s *subgraph) { s.Operators = nil }, "no operator"},
		"input index":        {func(m *model.Model, s *subgraph) { s.Inputs[0] = 5 }, "input 0 is tensor 5 of 5"},
		"negative input":     {func(m *model.Model, s *subgraph) { s.Inputs[0] = -1 }, "input 0 is tensor -1 of 5"},
		"output index":       {func(m *model.Model, s *subgraph) { s.Outputs[0] = -1 }, "output 0 is tensor -1 of 5"},
		"constant input":     {func(m *model.Model, s *subgraph) { s.Inputs[0] = 1 }, `input 0 is tensor 1 ("weights"), a constant`},
		"unwritten output":   {func(m *model.Model, s *subgraph) { s.Operators = s.Operators[:1] }, `output 0 is tensor 4 ("scores"), which nothing writes`},
		"unwritten operand":  {func(m *model.Model, s *subgraph) { s.Operators[0].Inputs[0] = 4 }, `operator 0 (FULLY_CONNECTED) reads tensor 4 ("scores"), which nothing wrote before`},
		"constant lost":      {func(m *model.Model, s *subgraph) { s.Tensors[1].Data = nil }, `reads tensor 1 ("weights"), which nothing wrote before`},
		"order":              {func(m *model.Model, s *subgraph) { o := s.Operators; o[0], o[1] = o[1], o[0] }, `operator 0 (SOFTMAX) reads tensor 3 ("logits"), which nothing wrote`},
		"operand index":      {func(m *model.Model, s *subgraph) { s.Operators[0].Inputs[2] = 1 << 30 }, "tensor 1073741824 of 5 as input 2"},
		"negative operand":   {func(m *model.Model, s *subgraph) { s.Operators[0].Inputs[2] = -2 }, "tensor -2 of 5 as input 2"},
		"result index":       {func(m *model.Model, s *subgraph) { s.Operators[0].Outputs[0] = -1 }, "tensor -1 of 5 as output 0"},
		"written constant":   {func(m *model.Model, s *subgraph) { s.Operators[0].Outputs[0] = 2 }, `writes tensor 2 ("bias"), a constant`},
		"written input":      {func(m *model.Model, s *subgraph) { s.Operators[0].Outputs[0] = 0 }, `writes tensor 0 ("pixels"), which has its content already`},
		"written twice":      {func(m *model.Model, s *subgraph) { s.Operators[1].Outputs[0] = 3 }, `writes tensor 3 ("logits"), which has its content already`},
		"intermediate":       {func(m *model.Model, s *subgraph) { s.Operators[0].Intermediates = []int{9} }, "tensor 9 of 5 as intermediate 0"},
		"type":               {func(m *model.Model, s *subgraph) { s.Tensors[3].Type = 99 }, `tensor 3 ("logits") has unknown type 99`},
		"negative type":      {func(m *model.Model, s *subgraph) { s.Tensors[3].Type = -1 }, "has unknown type -1"},
		"negative dimension": {func(m *model.Model, s *subgraph) { s.Tensors[3].Shape = []int{1, -1} }, "negative dimension in shape [1 -1]"},
		"negative string":    {func(m *model.Model, s *subgraph) { s.Tensors[3] = model.Tensor{Type: model.String, Shape: []int{-1}} }, "negative dimension"},
		"overflow":           {func(m *model.Model, s *subgraph) { s.Tensors[3].Shape = []int{1 << 30, 1 << 30, 1 << 30} }, "too large to count"},
		"short constant":     {func(m *model.Model, s *subgraph) { s.Tensors[1].Data = s.Tensors[1].Data[:8] }, "needs 12 bytes, its content has 8"},
		"long constant":      {func(m *model.Model, s *subgraph) { s.Tensors[2].Shape = []int{2} }, "needs 8 bytes, its content has 12"},
		"constant elsewhere": {func(m *model.Model, s *subgraph) { s.Tensors[1].Data, s.Tensors[1].External = nil, 1 }, `tensor 1 ("weights") has its content in another file`},
		"constant variable":  {func(m *model.Model, s *subgraph) { s.Tensors[1].IsVariable = true }, "both variable and constant"},
	} {
		t.Run(name, func(t *testing.T) {
			m := classifier()
			var s *model.Subgraph
			if len(m.Subgraphs) > 0 {
				s = &m.Subgraphs[0]
			}
			c.spoil(m, s)
			err := parse(t, m).Verify()
			require.ErrorIs(t, err, model.ErrBadModel)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// TestVerifyAllows has what looks odd but occurs in working models.
func TestVerifyAllows(t *testing.T) {
	for name, change := range map[string]func(s *model.Subgraph){
		"operand left out": func(s *model.Subgraph) { s.Operators[0].Inputs[2] = -1 },
		"nothing to read": func(s *model.Subgraph) {
			s.Tensors[2] = model.Tensor{Type: model.Float32, Shape: []int{0, 1 << 30}}
		},
		"nothing to put out": func(s *model.Subgraph) {
			s.Tensors = append(s.Tensors, model.Tensor{Shape: []int{0, 3}})
			s.Outputs = append(s.Outputs, 5)
		},
		"state": func(s *model.Subgraph) {
			s.Tensors[2] = model.Tensor{Type: model.Float32, Shape: []int{3}, IsVariable: true}
		},
		"input passed on":  func(s *model.Subgraph) { s.Outputs = append(s.Outputs, 0) },
		"constant output":  func(s *model.Subgraph) { s.Outputs = append(s.Outputs, 1) },
		"unused tensor":    func(s *model.Subgraph) { s.Tensors = append(s.Tensors, model.Tensor{Shape: []int{1}}) },
		"sparse constant":  func(s *model.Subgraph) { s.Tensors[1].Sparse, s.Tensors[1].Data = true, []byte{1} },
		"unpacked nibbles": func(s *model.Subgraph) { s.Tensors[1].Type = model.Int4 },
		"constant of strings": func(s *model.Subgraph) {
			s.Tensors[1] = model.Tensor{Type: model.String, Shape: []int{2}, Data: stringsOf("", "ab")}
		},
		"intermediate tensors": func(s *model.Subgraph) { s.Operators[0].Intermediates = []int{3, 4} },
	} {
		t.Run(name, func(t *testing.T) {
			m := classifier()
			change(&m.Subgraphs[0])
			assert.NoError(t, parse(t, m).Verify())
		})
	}
}

func TestVerifyMissingVectors(t *testing.T) {
	b := newBuilder()
	subgraphs, buffers := b.Ints([]int{}), b.Ints([]int{})
	file := b.Finish(b.Table(b.Int32(0, 3), b.Ref(2, subgraphs), b.Ref(4, buffers)), "TFL3")
	m, err := model.Parse(file)
	require.NoError(t, err)
	assert.ErrorContains(t, m.Verify(), "no operator codes")

	b = newBuilder()
	empty := b.Ints([]int{})
	m, err = model.Parse(b.Finish(b.Table(b.Int32(0, 3), b.Ref(1, empty), b.Ref(2, empty)), "TFL3"))
	require.NoError(t, err)
	assert.ErrorContains(t, m.Verify(), "no buffers")

	b = newBuilder()
	empty = b.Ints([]int{})
	m, err = model.Parse(b.Finish(b.Table(b.Int32(0, 3), b.Ref(1, empty), b.Ref(2, empty), b.Ref(4, empty)), "TFL3"))
	require.NoError(t, err)
	assert.ErrorContains(t, m.Verify(), "no subgraphs")
}

// TestVerifyWithin has a chain of tensors of 1000 bytes, of which two at a time
// are in use, and an input that is read only at the end.
func TestVerifyWithin(t *testing.T) {
	s := model.Subgraph{Inputs: []int{0}, Outputs: []int{5}}
	for i := range 6 {
		s.Tensors = append(s.Tensors, model.Tensor{Type: model.Uint8, Shape: []int{1000}})
		if i > 0 {
			s.Operators = append(s.Operators, model.Operator{BuiltinCode: opAdd, Inputs: []int{i - 1}, Outputs: []int{i}})
		}
	}
	m := &model.Model{Version: 3, Subgraphs: []model.Subgraph{s}}
	chain := parse(t, m)
	assert.NoError(t, chain.VerifyWithin(model.Limits{TensorBytes: 1000, TotalBytes: 2000}))
	assert.ErrorContains(t, chain.VerifyWithin(model.Limits{TensorBytes: 1000, TotalBytes: 1999}), "needs 2000 bytes at once, the limit is 1999")
	assert.ErrorContains(t, chain.VerifyWithin(model.Limits{TensorBytes: 999, TotalBytes: 2000}), "needs 1000 bytes, the limit is 999")

	m.Subgraphs[0].Operators[4].Inputs = []int{4, 0}
	late := parse(t, m)
	assert.NoError(t, late.VerifyWithin(model.Limits{TensorBytes: 1000, TotalBytes: 3000}))
	assert.Error(t, late.VerifyWithin(model.Limits{TensorBytes: 1000, TotalBytes: 2999}))
}

// TestVerifyCalls has subgraphs that run each other. Runtimes follow them by
// recursion, so a subgraph that runs itself ends in a stack overflow.
func TestVerifyCalls(t *testing.T) {
	for name, c := range map[string]struct {
		calls [][]int // The subgraphs that each subgraph runs by an IF.
		want  string
	}{
		"branches":   {[][]int{{1, 2}, {2, 2}, nil}, ""},
		"itself":     {[][]int{{1, 0}, nil}, "subgraph 0: operator 0 (IF) runs subgraph 0, of which it is a part"},
		"each other": {[][]int{{1, 2}, {2, 2}, {1, 1}}, "runs subgraph 1, of which it is a part"},
		"apart":      {[][]int{nil, {1, 1}}, "runs subgraph 1, of which it is a part"},
		"too far":    {[][]int{{1, 7}, nil}, "runs subgraph 7 of 2"},
		"negative":   {[][]int{{1, -1}, nil}, "runs subgraph -1 of 2"},
	} {
		t.Run(name, func(t *testing.T) {
			err := callGraph(t, c.calls).Verify()
			if c.want == "" {
				assert.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, model.ErrBadModel)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// TestVerifyDeepCalls has a chain of subgraphs, each of which runs the next one
// twice, so that a naive walk would never end.
func TestVerifyDeepCalls(t *testing.T) {
	chain := func(length int) [][]int {
		calls := make([][]int, length)
		for i := range length - 1 {
			calls[i] = []int{i + 1, i + 1}
		}
		return calls
	}
	assert.NoError(t, callGraph(t, chain(100)).Verify())
	assert.ErrorContains(t, callGraph(t, chain(101)).Verify(), "more than 100 levels deep")

	backwards := chain(101)
	for i := range backwards {
		if backwards[i] != nil {
			backwards[i] = []int{i - 1, i - 1}
		}
	}
	backwards[0], backwards[100] = nil, []int{99, 99}
	assert.ErrorContains(t, callGraph(t, backwards).Verify(), "more than 100 levels deep")
}

// callGraph builds a model whose subgraphs run others by an IF.
func callGraph(t *testing.T, calls [][]int) *model.Model {
	t.Helper()
	m := &model.Model{Version: 3}
	for _, callees := range calls {
		s := model.Subgraph{
			Tensors: []model.Tensor{{Type: model.Bool, Shape: []int{1}}},
			Inputs:  []int{0}, Outputs: []int{0}, Operators: []model.Operator{},
		}
		if callees != nil {
			s.Operators = append(s.Operators, model.Operator{BuiltinCode: opIf, Inputs: []int{0}, Subgraphs: callees})
		}
		m.Subgraphs = append(m.Subgraphs, s)
	}
	parsed := parse(t, m)
	for i, callees := range calls {
		if callees != nil {
			require.Equal(t, callees, parsed.Subgraphs[i].Operators[0].Subgraphs)
		}
	}
	return parsed
}

// TestSubgraphsOfOperators reads the callees of an operator with a vector of them.
func TestSubgraphsOfOperators(t *testing.T) {
	m := classifier()
	m.Subgraphs[0].Operators[1] = model.Operator{BuiltinCode: opStablehloCase, Subgraphs: []int{3, 1, 2}}
	assert.Equal(t, []int{3, 1, 2}, parse(t, m).Subgraphs[0].Operators[1].Subgraphs)
}
