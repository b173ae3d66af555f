package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/cmd/coral/internal/npy"
	"github.com/gocoral/coral/tflite"
)

// arrayFile writes a .npy file.
func arrayFile(t *testing.T, data any, shape ...int) string {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, npy.Write(&file, npy.Array{Shape: shape, Data: data}))
	return write(t, "array.npy", file.Bytes())
}

func readNPY(t *testing.T, path string) npy.Array {
	t.Helper()
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	a, err := npy.Parse(file)
	require.NoError(t, err)
	return a
}

// runModel runs coral run and returns its JSON and the folder of its outputs.
func runModel(t *testing.T, model string, args ...string) (runOutput, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a", "b") // made on the way
	var out runOutput
	decode(t, succeeded(t, append([]string{"run", "--json", "--output", dir, "-m", testModel(model)}, args...)...), &out)
	return out, dir
}

func index(t *testing.T, dir string) map[string]outputTensor {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "index.json"))
	require.NoError(t, err)
	var files map[string]outputTensor
	require.NoError(t, json.Unmarshal(text, &files))
	return files
}

func ones(n int) []float32 {
	s := make([]float32, n)
	for k := range s {
		s[k] = 1
	}
	return s
}

func TestRun(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	a, b := arrayFile(t, []float32{0, 1, 2, 3, 4, 5, 6, 7}, 1, 8), arrayFile(t, ones(8), 1, 8)
	sum := npy.Array{Shape: []int{1, 8}, Data: []float32{1, 2, 3, 4, 5, 6, 7, 8}}
	for _, names := range [][2]string{{"a", "b"}, {"0", "1"}} { // signature and tensor names are the same here
		out, dir := runModel(t, "add", "--input", names[0]+"="+a, "--input", names[1]+"="+b)
		assert.Equal(t, sum, readNPY(t, filepath.Join(dir, "sum.npy")))
		assert.Equal(t, "CPU", out.DeviceText)
		assert.Equal(t, coral.Device{Type: coral.DeviceCPU}, out.Device)
		assert.Equal(t, []runInput{{Name: "a", File: a}, {Name: "b", File: b}}, out.Inputs)
		want := outputTensor{Index: 0, Name: "sum", DType: "float32", Shape: []int{1, 8}}
		assert.Equal(t, map[string]outputTensor{"sum.npy": want}, index(t, dir))
		want.File = "sum.npy"
		assert.Equal(t, []outputTensor{want}, out.Outputs)
	}
	// Without names there are those of the tensors, and text has the paths.
	dir := t.TempDir()
	text := succeeded(t, "run", "-m", testModel("no_signature"), "--input", "b="+b, "--zero-inputs", "--output", dir)
	assert.Contains(t, text, filepath.Join(dir, "sum.npy"))
	assert.Equal(t, ones(8), readNPY(t, filepath.Join(dir, "sum.npy")).Data)
}

// The first names of an input are those of the signature, then its tensor's.
func TestRunNames(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := arrayFile(t, make([]float32, 8*8*3), 1, 8, 8, 3)
	for _, name := range []string{"image", "serving_default_image:0", "0"} {
		out, _ := runModel(t, "tiny_float", "--input", name+"="+picture)
		assert.Equal(t, "image", out.Inputs[0].Name)
	}
	x := arrayFile(t, []float32{1, -2}, 2)
	out, dir := runModel(t, "duplicate_names", "--input", "0="+x, "--input", "1="+x)
	assert.Equal(t, []string{"y_0.npy", "y_0_1.npy"}, []string{out.Outputs[0].File, out.Outputs[1].File})
	assert.Equal(t, []float32{-1, 2}, readNPY(t, filepath.Join(dir, "y_0.npy")).Data)
	assert.Equal(t, "y/0", index(t, dir)["y_0_1.npy"].Name)
}

// Every element type goes in and comes out. TensorFlow Lite 2.9 does not know them all.
func TestRunTypes(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	tests := map[string]any{
		"float32": []float32{0, 1.5, -2, 3, 4, 5}, "float64": []float64{0, 1.5, -2, 3, 4, 5},
		"float16": []tflite.Float16{0, tflite.NewFloat16(1.5), 2, 3, 4, 5},
		"int8":    []int8{0, -1, 2, 3, 4, 127}, "int16": []int16{0, -1, 2, 3, 4, 5},
		"int32": []int32{0, -1, 2, 3, 4, 5}, "int64": []int64{0, -1, 2, 3, 4, 5},
		"uint8": []uint8{0, 1, 2, 3, 4, 255}, "uint16": []uint16{0, 1, 2, 3, 4, 5},
		"uint32": []uint32{0, 1, 2, 3, 4, 5}, "uint64": []uint64{0, 1, 2, 3, 4, 5},
		"complex64": []complex64{0, 1i, 2, 3, 4, 5}, "complex128": []complex128{0, 1i, 2, 3, 4, 5},
		"bool": []bool{false, true, true, false, true, true}, "string": []string{"", "a", "größe", "d", "e", "f"},
		"int4": []int8{-8, 7, 0, 1, 2, 3}, "bfloat16": []float32{0, 1.5, -2, 3, 4, 5},
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			model, file := "types/"+name, arrayFile(t, data, 2, 3)
			r := coralCommand(t, "run", "-m", testModel(model), "--input", "x="+file, "--output", t.TempDir())
			if r.status != 0 && strings.HasPrefix(tflite.Version(), "2.9.") {
				t.Skip("this TensorFlow Lite: ", r.stderr)
			}
			out, dir := runModel(t, model, "--input", "x="+file)
			assert.Equal(t, npy.Array{Shape: []int{2, 3}, Data: data}, readNPY(t, filepath.Join(dir, "x.npy")))
			assert.Equal(t, name, out.Outputs[0].DType)

			_, dir = runModel(t, model, "--zero-inputs")
			assert.Equal(t, readNPY(t, file).DType(), readNPY(t, filepath.Join(dir, "x.npy")).DType())
		})
	}
}

func TestRunQuantises(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	file := arrayFile(t, []float32{0, 0.5, 1, -0.5, 100, -100}, 2, 3)
	out, dir := runModel(t, "per_tensor", "--input", "x="+file) // scale 0.5, zero point -3
	assert.Equal(t, "quantised by the tensor's scale 0.5, zero point -3", out.Inputs[0].Conversion)
	assert.Equal(t, []int8{-3, -2, -1, -4, 127, -128}, readNPY(t, filepath.Join(dir, "x.npy")).Data)
	assert.Equal(t, quantization{Scale: 0.5, ZeroPoint: -3}, index(t, dir)["x.npy"].quantization)

	text := succeeded(t, "run", "-m", testModel("per_tensor"), "--input", "x="+file, "--output", t.TempDir())
	assert.Contains(t, text, "quantised by")

	half := arrayFile(t, []float32{0, 0.5, 1, -0.5, 2, 65504}, 2, 3)
	out, dir = runModel(t, "types/float16", "--input", "x="+half)
	assert.Equal(t, "rounded to float16", out.Inputs[0].Conversion)
	assert.Equal(t, tflite.NewFloat16(65504), readNPY(t, filepath.Join(dir, "x.npy")).Data.([]tflite.Float16)[5])
}

func TestRunSetsOpenDimensions(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	rows := arrayFile(t, ones(12), 3, 4)
	_, dir := runModel(t, "add_dynamic", "--input", "a="+rows, "--input", "b="+rows)
	assert.Equal(t, []int{3, 4}, readNPY(t, filepath.Join(dir, "sum.npy")).Shape)

	words, numbers := arrayFile(t, []string{"red", "green", "blue"}, 3), arrayFile(t, []int32{2, 0}, 2)
	_, dir = runModel(t, "string_gather", "--input", "words="+words, "--input", "indices="+numbers)
	assert.Equal(t, []string{"blue", "red"}, readNPY(t, filepath.Join(dir, "picked.npy")).Data)

	_, dir = runModel(t, "dynamic_output", "--input", "x="+arrayFile(t, []float32{1, -1, 1, -1, -1, 1}, 6))
	assert.Equal(t, npy.Array{Shape: []int{3, 1}, Data: []int64{0, 2, 5}}, readNPY(t, filepath.Join(dir, "indices.npy")))
}

// A model for the Edge TPU takes names and kernels from its CPU twin.
func TestRunOfATwin(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	out, _ := runModel(t, "pair_edgetpu", "--zero-inputs", "--device", "cpu")
	cpuOut, _ := runModel(t, "pair", "--zero-inputs", "--device", "cpu")
	assert.Equal(t, cpuOut.Outputs, out.Outputs)
	assert.Equal(t, cpuOut.Inputs, out.Inputs)

	file, err := os.ReadFile(testModel("pair_edgetpu"))
	require.NoError(t, err)
	alone := write(t, "alone.tflite", file)
	assert.Contains(t, failed(t, statusFailed, "run", "-m", alone, "--zero-inputs", "--output", t.TempDir(), "--device", "cpu"), "--twin")
	r := coralCommand(t, "run", "-m", alone, "--twin", testModel("pair"), "--zero-inputs", "--output", t.TempDir(), "--device", "cpu")
	assert.Zero(t, r.status, r.stderr)
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	good := arrayFile(t, ones(8), 1, 8)
	tests := map[string]struct {
		model string
		args  []string
		says  string
	}{
		"an unknown input":        {"add", []string{"--input", "c=" + good}, `no input "c": it has a, b`},
		"a number too large":      {"add", []string{"--input", "2=" + good}, `no input "2"`},
		"an input of no model":    {"no_inputs", []string{"--input", "a=" + good}, "it has none"},
		"an ambiguous name":       {"duplicate_names", []string{"--input", "x=" + good}, "2 inputs called"},
		"another shape":           {"add", []string{"--input", "a=" + arrayFile(t, ones(8), 8)}, "has shape [8], input \"a\" takes [1,8]"},
		"another rank":            {"add_dynamic", []string{"--input", "a=" + arrayFile(t, ones(4), 4)}, "takes [-1,4]"},
		"another type":            {"add", []string{"--input", "a=" + arrayFile(t, make([]float64, 8), 1, 8)}, `.astype("float32")`},
		"float64 for quantised":   {"per_tensor", []string{"--input", "x=" + arrayFile(t, make([]float64, 6), 2, 3)}, `.astype("int8")`},
		"floats for plain int8":   {"types/int8", []string{"--input", "x=" + arrayFile(t, make([]float32, 6), 2, 3)}, `.astype("int8")`},
		"int4 out of range":       {"types/int4", []string{"--input", "x=" + arrayFile(t, []int8{0, 0, 0, 0, 0, 8}, 2, 3)}, "from -8 to 7"},
		"no file":                 {"add", []string{"--input", "a=missing.npy"}, "check the path"},
		"a folder":                {"add", []string{"--input", "a=@" + t.TempDir()}, "directory"},
		"no array":                {"add", []string{"--input", "a=" + write(t, "no.npy", []byte("Hello."))}, "numpy.save"},
		"no number":               {"add", []string{"--input", "a=" + testModel("add")}, "is not a float32 number"},
		"an operator of nobody's": {"unresolved_op", []string{"--zero-inputs"}, "NoSuchOp"},
		"no model":                {"missing", []string{"--zero-inputs"}, "check the path"},
		"a missing twin":          {"pair_edgetpu", []string{"--zero-inputs", "--twin", "missing.tflite"}, "check the path"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "int4 out of range" && strings.HasPrefix(tflite.Version(), "2.9.") {
				t.Skip("TensorFlow Lite 2.9 does not know int4")
			}
			args := append([]string{"run", "-m", testModel(test.model), "--output", t.TempDir()}, test.args...)
			assert.Contains(t, failed(t, statusFailed, args...), test.says)
		})
	}
	assert.Contains(t, failed(t, statusUsage, "run", testModel("add"), "--input", "a="+good), "add --input b=VALUE, or --zero-inputs")
	blocked := write(t, "file", nil)
	failed(t, statusFailed, "run", "-m", testModel("add"), "--zero-inputs", "--output", blocked)
}
