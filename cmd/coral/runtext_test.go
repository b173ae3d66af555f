package main

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// ran runs coral run without files and returns its JSON.
func ran(t *testing.T, args ...string) runOutput {
	t.Helper()
	var out runOutput
	decode(t, succeeded(t, append([]string{"run", "--json", "--device", "cpu"}, args...)...), &out)
	return out
}

func TestRunOnTypedValues(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	for name, c := range map[string]struct {
		model  string
		inputs []string
		shape  []int
		values string // as JSON
	}{
		"floats":           {"add", []string{"a=1,2,3,4,5,6,7,8.5", "b=1 1 1 1 1 1 1 -1e1"}, []int{1, 8}, `[2,3,4,5,6,7,8,-1.5]`},
		"an open size":     {"add_dynamic", []string{"a=1,2,3,4,5,6,7,8", "b=0,0,0,0,0,0,0,1"}, []int{2, 4}, `[1,2,3,4,5,6,7,9]`},
		"a text":           {"string_gather", []string{"words=hello, world = 1", "indices=0,0"}, []int{2}, `["hello, world = 1","hello, world = 1"]`},
		"real numbers":     {"per_tensor", []string{"x=0,0.5,1,-0.5,100,-100"}, []int{2, 3}, `[0,0.5,1,-0.5,65,-62.5]`},
		"whole numbers":    {"types/int64", []string{"x=-9223372036854775808,9223372036854775807,0,1,2,3"}, []int{2, 3}, `[-9223372036854775808,9223372036854775807,0,1,2,3]`},
		"unsigned numbers": {"types/uint8", []string{"x=0,255,1,2,3,4"}, []int{2, 3}, `[0,255,1,2,3,4]`},
		"truths":           {"types/bool", []string{"x=true,false,1,0,true,false"}, []int{2, 3}, `[true,false,true,false,true,false]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := []string{testModel(c.model)}
			for _, in := range c.inputs {
				args = append(args, "--input", in)
			}
			out := ran(t, args...)
			values, err := json.Marshal(out.Outputs[0].Values)
			require.NoError(t, err)
			if !strings.HasPrefix(name, "whole") { // which float64, the numbers of a decoded any, cannot hold
				assert.Equal(t, c.values, string(values))
			}
			assert.Equal(t, c.shape, out.Outputs[0].Shape)
			assert.Contains(t, succeeded(t, append([]string{"run", "--json"}, args...)...), `"values":`+c.values)
		})
	}
	file := write(t, "numbers.txt", []byte("1\n2\n3\n4\n5,6,7\n8\n"))
	out := ran(t, testModel("add"), "--input", "a=@"+file, "--zero-inputs")
	assert.Equal(t, file, out.Inputs[0].File)
	assert.Equal(t, []any{1., 2., 3., 4., 5., 6., 7., 8.}, out.Outputs[0].Values)

	text := succeeded(t, "run", testModel("per_tensor"), "--input", "x=1,2,3,4,5,6")
	assert.Contains(t, text, "x from the command line, quantised by the tensor's scale 0.5")
	assert.Contains(t, text, "x  int8  [2,3]  scale 0.5, zero point -3\n  1, 2, 3, 4, 5, 6\n")
}

func TestRunPrintsLargeOutputsInPart(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	rows := make([]float32, 4*500)
	file := arrayFile(t, rows, 500, 4)
	args := []string{testModel("add_dynamic"), "--input", "a=" + file, "--input", "b=" + file}
	assert.Nil(t, ran(t, args...).Outputs[0].Values)
	text := succeeded(t, append([]string{"run"}, args...)...)
	assert.Contains(t, text, strings.Repeat("0, ", maxPrinted-1)+"0 … and 1968 more, which --output DIR writes to a file\n")

	none := succeeded(t, "run", testModel("dynamic_output"), "--zero-inputs")
	assert.Contains(t, none, "  no elements\n")
	assert.NotNil(t, ran(t, testModel("dynamic_output"), "--zero-inputs").Outputs[0].Values)
	_, dir := runModel(t, "add", "--zero-inputs")
	assert.FileExists(t, filepath.Join(dir, "sum.npy"))
}

func TestRunRefusesTypedValues(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	for name, c := range map[string]struct{ model, input, says string }{
		"too few":           {"add", "a=1,2,3", `3 elements are given, input "a" takes 8 ([1,8])`},
		"no multiple":       {"add_dynamic", "a=1,2,3,4,5", `5 elements are given, input "a" takes 4 ([-1,4])`},
		"no elements":       {"add_dynamic", "a=,", `0 elements are given`},
		"a word":            {"add", "a=1,two,3", `element 1, "two", is not a float32 number`},
		"a fraction":        {"types/int8", "x=0.5,1,2,3,4,5", "not a whole number from -128 to 127"},
		"too large":         {"types/uint16", "x=65536,1,2,3,4,5", "not a whole number from 0 to 65535"},
		"no truth":          {"types/bool", "x=maybe,1,0,1,0,1", "not true or false"},
		"a complex number":  {"types/complex64", "x=1i", "give a .npy file"},
		"a missing text":    {"add", "a=@missing.txt", "check the path"},
		"a misspelled file": {"add", "a=array.np", "a file is given as FILE.npy or @FILE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := failed(t, statusFailed, "run", testModel(c.model), "--zero-inputs", "--input", c.input)
			assert.Contains(t, line, c.says)
			assert.NotContains(t, line, "strconv")
		})
	}
}

func TestTextShape(t *testing.T) {
	t.Parallel()
	tensor := func(shape ...int) model.Tensor { return model.Tensor{Name: "x", ShapeSignature: shape} }
	for _, c := range []struct {
		n           int
		shape, want []int
	}{
		{6, []int{-1, 3}, []int{2, 3}},
		{3, []int{3, -1}, []int{3, 1}},
		{7, []int{-1}, []int{7}},
		{0, []int{0, 4}, []int{0, 4}},
		{1, []int{}, []int{}},
	} {
		shape, err := textShape(c.n, tensor(c.shape...))
		require.NoError(t, err, c)
		assert.Equal(t, c.want, shape, c)
	}
	for _, c := range []struct {
		n     int
		shape []int
	}{{6, []int{-1, -1}}, {5, []int{2, -1}}, {0, []int{-1, 2}}, {1, []int{-1, 0}}, {2, []int{}}} {
		_, err := textShape(c.n, tensor(c.shape...))
		require.Error(t, err, c)
	}
}

// Every type that a tensor can have is shown, in numbers that JSON can hold.
func TestElements(t *testing.T) {
	t.Parallel()
	value := func(typ tflite.Type, data any) tflite.Value {
		return tflite.Value{TensorInfo: tflite.TensorInfo{Type: typ, Shape: []int{2}}, Data: data}
	}
	nan := float32(math.NaN())
	for _, c := range []struct {
		value      tflite.Value
		json, text string
	}{
		{value(tflite.TypeFloat32, []float32{0.1, nan}), `[0.1,null]`, "0.1 NaN"},
		{value(tflite.TypeFloat64, []float64{0.1, math.Inf(1)}), `[0.1,null]`, "0.1 +Inf"},
		{value(tflite.TypeFloat16, []tflite.Float16{0, tflite.NewFloat16(1.5)}), `[0,1.5]`, "0 1.5"},
		{value(tflite.TypeInt4, []int8{-8, 7}), `[-8,7]`, "-8 7"},
		{value(tflite.TypeUint8, []uint8{0, 255}), `[0,255]`, "0 255"},
		{value(tflite.TypeBool, []uint8{0, 1}), `[false,true]`, "false true"},
		{value(tflite.TypeUint64, []uint64{0, math.MaxUint64}), `[0,18446744073709551615]`, "0 18446744073709551615"},
		{value(tflite.TypeComplex64, []complex64{1i, 2}), `["(0+1i)","(2+0i)"]`, "(0+1i) (2+0i)"},
		{value(tflite.TypeString, []string{"a\"b", "\x1b"}), `["a\"b","\u001b"]`, `"a\"b" "\x1b"`},
	} {
		all, err := elements(c.value, 10)
		require.NoError(t, err)
		encoded, err := json.Marshal(all)
		require.NoError(t, err)
		assert.Equal(t, c.json, string(encoded))
		assert.Equal(t, c.text, elementText(all[0])+" "+elementText(all[1]))
		some, err := elements(c.value, 1)
		require.NoError(t, err)
		assert.Equal(t, all[0], some[0])
		assert.Len(t, some, 1)
	}
	_, err := elements(value(tflite.TypeFloat32, nil), 1)
	require.ErrorIs(t, err, tflite.ErrType)
}

// A size that the model leaves open is the user's, also where no file has one.
func TestInputShapes(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	shapes := []string{"--input-shape", "a=3,4", "--input-shape", "b=3x4"}
	out := ran(t, append([]string{testModel("add_dynamic"), "--zero-inputs"}, shapes...)...)
	assert.Equal(t, []int{3, 4}, out.Outputs[0].Shape)
	out = ran(t, append([]string{testModel("add_dynamic"), "--zero-inputs", "--input", "a=1,2,3,4,5,6,7,8,9,10,11,12"}, shapes...)...)
	assert.Equal(t, []int{3, 4}, out.Outputs[0].Shape)
	succeeded(t, append([]string{"bench", testModel("add_dynamic"), "--runs", "1"}, shapes...)...)

	for says, shape := range map[string]string{
		`input "a" takes [-1,4], not the [3,5] of --input-shape`: "3,5",
		`no input "c"`: "c=1,4",
	} {
		assert.Contains(t, failed(t, statusFailed, "run", testModel("add_dynamic"), "--zero-inputs", "--input-shape", shape), says)
		assert.Contains(t, failed(t, statusFailed, "bench", testModel("add_dynamic"), "--input-shape", shape), says)
	}
	assert.Contains(t, failed(t, statusFailed, append([]string{"run", testModel("add_dynamic"), "--zero-inputs", "--input", "a=1,2,3,4"}, shapes...)...),
		`4 elements are given, input "a" takes 12`)
	for _, text := range []string{"", "a=", "1,0", "1,-1", "1,,2"} {
		assert.Contains(t, failed(t, statusUsage, "bench", "x", "--input-shape", text), "such as 1,224,224,3")
	}
}

// What a small file asks for is not allocated before the file is known to be sound.
func TestZeroInputsOfAbsurdSize(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	for name, shape := range map[string][]int{
		"too large for memory": {1 << 20, 1 << 20, 1 << 20},
		"too large for an int": {math.MaxInt32, math.MaxInt32, math.MaxInt32, math.MaxInt32},
		"negative":             {-1, 8},
		"above the limit":      {1 << 27},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := model.ReadFile(testModel("add"))
			require.NoError(t, err)
			for k := range m.Subgraphs[0].Tensors {
				m.Subgraphs[0].Tensors[k].Shape = shape
			}
			path := write(t, "absurd.tflite", tflitewriter.Model(m, nil))
			for _, args := range [][]string{{"run", path, "--zero-inputs"}, {"bench", path}} {
				line := failed(t, statusFailed, append(args, "--device", "cpu")...)
				assert.NotContains(t, line, "internal error")
			}
		})
	}
}
