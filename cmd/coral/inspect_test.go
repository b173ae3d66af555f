package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/edgetpu/edgetputest"
	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/vision"
)

func inspected(t *testing.T, path string) description {
	t.Helper()
	var d description
	decode(t, succeeded(t, "inspect", "--json", path), &d)
	return d
}

func TestInspect(t *testing.T) {
	t.Parallel()
	path := testModel("add")
	quoted, err := json.Marshal(path)
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"model": `+string(quoted)+`, "bytes": 548, "converter": "gocoral test model", "min_runtime": "",
		"inputs": [
			{"name": "a", "type": "float32", "shape": [1,8], "scale": 0, "zero_point": 0},
			{"name": "b", "type": "float32", "shape": [1,8], "scale": 0, "zero_point": 0}
		],
		"outputs": [{"name": "sum", "type": "float32", "shape": [1,8], "scale": 0, "zero_point": 0}],
		"operators": [{"name": "ADD", "count": 1}],
		"signatures": [{"name": "serving_default", "subgraph": 0, "inputs": ["a","b"], "outputs": ["sum"]}],
		"stateful": false, "metadata_names": [], "metadata": null, "edgetpu": null, "problems": [], "warnings": []
	}`, succeeded(t, "inspect", "--json", path))
	assert.Equal(t, path+`: 548 bytes, gocoral test model
Inputs
  a  float32  [1,8]
  b  float32  [1,8]
Outputs
  sum  float32  [1,8]
Signature serving_default(a, b) → sum
Operators: 1
  ADD  1
`, succeeded(t, "inspect", path))
}

func TestInspectQuantisation(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []tensorDescription{{
		Name: "serving_default_image:0", Type: "int8", Shape: []int{1, 8, 8, 3},
		quantization:  quantization{Scale: 0.003921456, ZeroPoint: -128}, // as short as a float32 can be
		Normalization: &vision.Normalization{Mean: []float64{0}, Std: []float64{255}, Source: vision.FromRange},
	}}, inspected(t, testModel("tiny_int8")).Inputs)
	assert.Contains(t, succeeded(t, "inspect", testModel("tiny_int8")), "image:0 become (p - 0) / 255, from the range of the input\n")
	assert.Equal(t, []tensorDescription{{
		Name: "x", Type: "uint8", Shape: []int{2, 3},
		quantization: quantization{Scale: 0.5, ZeroPoint: 100, Scales: []real{0.5, 2}, ZeroPoints: []int{100, 128}},
	}}, inspected(t, testModel("per_channel_zero_points")).Inputs)
	assert.Contains(t, succeeded(t, "inspect", testModel("per_channel")), "3 scales along dimension 1")
	assert.Contains(t, succeeded(t, "inspect", testModel("per_tensor")), "scale 0.5, zero point -3")
}

func TestInspectEverythingElse(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []int{-1, 4}, inspected(t, testModel("add_dynamic")).Inputs[0].Shape)
	assert.Equal(t, []int{}, inspected(t, testModel("scalar")).Inputs[0].Shape)
	assert.Empty(t, inspected(t, testModel("no_inputs")).Inputs)
	assert.True(t, inspected(t, testModel("stateful")).Stateful)
	assert.Len(t, inspected(t, testModel("two_signatures")).Signatures, 2)
	assert.Contains(t, succeeded(t, "inspect", testModel("lstm")), "keeps state between calls")
	assert.Contains(t, succeeded(t, "inspect", testModel("unresolved_op")), "NoSuchOp")
}

// inspect counts what classify would use, in files of any kind.
func TestInspectLabels(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(testModel("tiny_int8"))
	require.NoError(t, err)
	packed := func(content string) string {
		var archive bytes.Buffer
		w := zip.NewWriter(&archive)
		w.SetOffset(int64(len(b)))
		f, err := w.Create("metadata.json")
		require.NoError(t, err)
		_, err = f.Write([]byte(content))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		return write(t, "labelled.tflite", append(bytes.Clone(b), archive.Bytes()...))
	}
	d := inspected(t, packed(`{"names": {"0": "red", "1": "green"}}`))
	require.NotNil(t, d.Metadata)
	assert.Equal(t, 2, d.Metadata.Labels)
	assert.Empty(t, d.Problems)

	d = inspected(t, packed(`{"names": {}}`))
	require.Len(t, d.Problems, 1)
	assert.Equal(t, "labels of the model: metadata.json: not a label file: it is empty", d.Problems[0])
}

func TestInspectEdgeTPU(t *testing.T) {
	t.Parallel()
	cpu, err := os.ReadFile(testModel("tiny_int8"))
	require.NoError(t, err)
	compiled, err := edgetputest.Compile(cpu, edgetputest.MinRuntimeVersion(13), edgetputest.CachingToken(0xc0a1))
	require.NoError(t, err)
	path := write(t, "x_edgetpu.tflite", compiled)

	d := inspected(t, path)
	require.NotNil(t, d.EdgeTPU)
	assert.Equal(t, 13, d.EdgeTPU.MinRuntime)
	assert.Equal(t, 1, d.EdgeTPU.Ops)
	require.NotEmpty(t, d.EdgeTPU.Executables)
	assert.Equal(t, "000000000000c0a1", d.EdgeTPU.Executables[0].Token)
	assert.Contains(t, succeeded(t, "inspect", path), "Edge TPU: needs RuntimeVersion(13)")

	var fields struct {
		EdgeTPU map[string]any `json:"edgetpu"`
	}
	require.NoError(t, json.Unmarshal([]byte(succeeded(t, "inspect", "--json", path)), &fields))
	assert.Equal(t, []string{"cached_bytes", "compiler", "cpu_ops", "executables", "min_runtime", "ops", "streamed_bytes"},
		slices.Sorted(maps.Keys(fields.EdgeTPU)))

	d = inspected(t, testModel("pair_edgetpu")) // has an operator without content
	assert.Nil(t, d.EdgeTPU)
	assert.Contains(t, d.Problems[0], "operator 0 for the Edge TPU")
}

// What TensorFlow Lite would refuse can be looked at nonetheless.
func TestInspectProblems(t *testing.T) {
	t.Parallel()
	d := inspected(t, testModel("readonly_input"))
	require.Len(t, d.Problems, 1)
	assert.Contains(t, d.Problems[0], "constant")
	assert.Contains(t, succeeded(t, "inspect", testModel("readonly_input")), "Problem: ")
}

// TestInspectUnknownShape has a detection model, of whose outputs the file has no shape.
func TestInspectUnknownShape(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "detector.tflite")
	require.NoError(t, os.WriteFile(path, edgetputest.Detector(), 0o600))
	for _, output := range inspected(t, path).Outputs {
		assert.Nil(t, output.Shape, output.Name)
	}
	assert.Contains(t, succeeded(t, "inspect", path), "of unknown shape")
}

// TestInspectUnusableSignature has a signature that names a tensor which is not there.
func TestInspectUnusableSignature(t *testing.T) {
	t.Parallel()
	m, err := model.ReadFile(filepath.Join("..", "..", "tflite", "testdata", "add.tflite"))
	require.NoError(t, err)
	m.Signatures[0].Outputs[0].Tensor = 77
	path := filepath.Join(t.TempDir(), "add.tflite")
	require.NoError(t, os.WriteFile(path, tflitewriter.Model(m, nil), 0o600))
	d := inspected(t, path)
	assert.Empty(t, d.Signatures)
	assert.Equal(t, []string{`signature "serving_default" cannot be used: output "sum" is tensor 77, which is no output of subgraph 0`}, d.Warnings)
}

func TestInspectNumbersThatJSONHasNot(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile(testModel("per_tensor"))
	require.NoError(t, err)
	half := binary.LittleEndian.AppendUint32(nil, math.Float32bits(0.5))
	nan := binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(math.NaN())))
	require.True(t, bytes.Contains(file, half))
	out := succeeded(t, "inspect", "--json", write(t, "nan.tflite", bytes.ReplaceAll(file, half, nan)))
	assert.Contains(t, out, `"scale":null`)
}

func TestInspectSeveral(t *testing.T) {
	t.Parallel()
	text := write(t, "text.tflite", []byte("no model\n"))
	r := coralCommand(t, "inspect", "--json", testModel("add"), text, "missing.tflite", testModel("while"))
	assert.Equal(t, statusFailed, r.status)
	assert.Equal(t, 4, strings.Count(r.stdout, "\n"))
	var failure inspectFailure
	decode(t, strings.SplitAfter(r.stdout, "\n")[2], &failure)
	assert.Equal(t, "missing.tflite", failure.Model)
	assert.Contains(t, failure.Error, "check the path")
	assert.Equal(t, 2, strings.Count(r.stderr, "\n"), r.stderr)
	assert.Contains(t, r.stderr, "text file")
	assert.Contains(t, r.stderr, "missing.tflite")

	assert.Contains(t, failed(t, statusFailed, "inspect", text), "text file")
	assert.Contains(t, failed(t, statusFailed, "inspect", t.TempDir()), "directory")
}

// A tensor's name is anything: it must not reach a terminal as it is.
func TestInspectHostileNames(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile(testModel("add"))
	require.NoError(t, err)
	hostile := bytes.ReplaceAll(file, []byte("serving_default"), []byte("\x1b[2Jserving\ndef"))
	path := write(t, "hostile.tflite", hostile)
	text := succeeded(t, "inspect", path)
	assert.NotContains(t, text, "\x1b")
	assert.Contains(t, text, "[2Jserving def")
	assert.Equal(t, "\x1b[2Jserving\ndef", inspected(t, path).Signatures[0].Name, "JSON escapes it")
}

// sharedTestdata is the folder beside the repository with models of the real world.
func sharedTestdata(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "testdata", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skip("needs the shared test data beside the repository: ", err)
	}
	return path
}

func TestInspectModelsOfTheRealWorld(t *testing.T) {
	t.Parallel()
	models, err := filepath.Glob(filepath.Join(sharedTestdata(t, "models"), "*.tflite"))
	require.NoError(t, err)
	require.NotEmpty(t, models)
	for _, path := range models {
		d := inspected(t, path)
		assert.NotEmpty(t, d.Inputs, path)
		assert.NotEmpty(t, d.Outputs, path)
		assert.Empty(t, d.Problems, path)
		assert.Equal(t, strings.HasSuffix(path, "_edgetpu.tflite"), d.EdgeTPU != nil, path)
		assert.NotEmpty(t, succeeded(t, "inspect", path))
	}
	d := inspected(t, sharedTestdata(t, "models/mobilenet_v1_0.25_128_quant_edgetpu.tflite"))
	require.NotNil(t, d.Metadata)
	assert.Equal(t, 1001, d.Metadata.Labels)
	assert.Equal(t, []string{"imagenet_labels.txt"}, d.Metadata.Files)
}
