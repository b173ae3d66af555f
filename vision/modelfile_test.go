package vision_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral"
	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
	"github.com/gocoral/coral/tflite"
)

// This file makes small models.

// port is an input or output of a model.
type port struct {
	typ       tflite.Type
	shape     []int32
	signature []int32 // nil: as shape
	scale     float32 // 0: not quantised
	zero      int64
}

// graph puts a model together.
type graph struct{ model.Subgraph }

// tensor adds one and returns its number.
func (g *graph) tensor(name string, p port) int {
	t := model.Tensor{Name: name, Type: p.typ, Shape: widened(p.shape), ShapeSignature: widened(p.signature)}
	if p.scale != 0 {
		t.Quantization = model.Quantization{Scales: []float32{p.scale}, ZeroPoints: []int{int(p.zero)}}
	}
	g.Tensors = append(g.Tensors, t)
	return len(g.Tensors) - 1
}

func widened(dims []int32) []int {
	if dims == nil {
		return nil
	}
	out := make([]int, len(dims))
	for k, d := range dims {
		out[k] = int(d)
	}
	return out
}

// ints adds a constant of 32-bit integers.
func (g *graph) ints(values ...int32) int {
	at := g.tensor("ints", port{typ: tflite.TypeInt32, shape: []int32{int32(len(values))}})
	for _, v := range values {
		g.Tensors[at].Data = binary.LittleEndian.AppendUint32(g.Tensors[at].Data, uint32(v))
	}
	return at
}

// floats adds a constant, a scalar if it is one number.
func (g *graph) floats(values ...float32) int {
	shape := []int32{int32(len(values))}
	if len(values) == 1 {
		shape = []int32{}
	}
	at := g.tensor("floats", port{typ: tflite.TypeFloat32, shape: shape})
	for _, v := range values {
		g.Tensors[at].Data = binary.LittleEndian.AppendUint32(g.Tensors[at].Data, math.Float32bits(v))
	}
	return at
}

// operators are those used here: their number, version, and the type of their options.
var operators = map[string]struct {
	code, version int
	options       int8
}{
	"ADD": {0, 1, 11}, "MUL": {18, 1, 21}, "RESHAPE": {22, 1, 17}, "MEAN": {40, 2, 27}, "SUB": {41, 1, 28}, "DIV": {42, 1, 29},
	"DEQUANTIZE": {6, 3, 0}, "QUANTIZE": {114, 1, 0},
}

// do adds an operator with one output.
func (g *graph) do(name string, output int, inputs ...int) int {
	op := operators[name]
	g.Operators = append(g.Operators, model.Operator{BuiltinCode: op.code, Version: op.version, Inputs: inputs, Outputs: []int{output}})
	return output
}

// file writes the model, with metadata if there are any.
func (g *graph) file(inputs, outputs []int, metadata ...model.Metadata) []byte {
	g.Inputs, g.Outputs = inputs, outputs
	if len(g.Operators) == 0 { // the runtime wants one
		g.do("RESHAPE", g.tensor("spare", port{shape: []int32{1}}), g.floats(1), g.ints(1))
	}
	m := &model.Model{Version: 3, Subgraphs: []model.Subgraph{g.Subgraph}, Metadata: metadata}
	return tflitewriter.Model(m, func(b tflitewriter.Builder, op model.Operator) (int8, tflitewriter.Offset) {
		for _, known := range operators {
			if known.code == op.BuiltinCode && known.options != 0 {
				return known.options, b.Table()
			}
		}
		return 0, 0
	})
}

// identityModel gives its input back, quantisation and all: what a test writes to the
// input is not computed with.
func identityModel(p port, metadata ...model.Metadata) []byte {
	var g graph
	picture := g.tensor("picture", p)
	return g.file([]int{picture}, []int{picture}, metadata...)
}

// meanModel has one score for each channel, its mean over the picture.
func meanModel(in, out port, metadata ...model.Metadata) []byte {
	var g graph
	picture := g.tensor("picture", in)
	scores := g.do("MEAN", g.tensor("scores", out), picture, g.ints(1, 2))
	return g.file([]int{picture}, []int{scores}, metadata...)
}

// portsModel has any inputs and outputs, all of one shape for each side, and cannot do
// more than be opened: output k is input 0 in another shape.
func portsModel(inputs, outputs []port) []byte {
	var g graph
	var ins, outs []int
	for _, p := range inputs {
		ins = append(ins, g.tensor("in", p))
	}
	for _, p := range outputs {
		outs = append(outs, g.do("RESHAPE", g.tensor("out", p), ins[0], g.ints(p.shape...)))
	}
	return g.file(ins, outs)
}

// normalizationMetadata says mean and standard deviation of input 0, and which of the
// packed files has the labels of output 0, "" for none.
func normalizationMetadata(mean, std []float32, labels string) model.Metadata {
	return tensorMetadata(mean, std, labels, model.AxisLabelsFile)
}

// labelMetadata name a file of the output.
func labelMetadata(labels string, kind model.FileType) model.Metadata {
	return tensorMetadata(nil, nil, labels, kind)
}

func tensorMetadata(mean, std []float32, labels string, kind model.FileType) model.Metadata {
	b := tflitewriter.NewBuilder(nil)
	list := func(o tflitewriter.Offset) tflitewriter.Offset { return b.Tables([]tflitewriter.Offset{o}) }
	var input, output tflitewriter.Offset
	if mean != nil || std != nil {
		means, stds := b.Floats(mean), b.Floats(std)
		options := b.Table(b.Ref(0, means), b.Ref(1, stds))
		unit := b.Table(b.Int8(0, 1), b.Ref(1, options))
		input = list(unit)
	}
	if labels != "" {
		name := b.String(labels)
		output = list(b.Table(b.Ref(0, name), b.Int8(2, int8(kind))))
	}
	inputs := list(b.Table(b.Ref(4, input)))
	outputs := list(b.Table(b.Ref(6, output)))
	subgraphs := list(b.Table(b.Ref(2, inputs), b.Ref(3, outputs)))
	return model.Metadata{Name: "TFLITE_METADATA", Data: b.Finish(b.Table(b.Ref(3, subgraphs)), "M001")}
}

// colours is the model of the examples: how red, green and blue a picture is.
func colours() []byte {
	return meanModel(
		port{typ: tflite.TypeUint8, shape: []int32{1, 8, 8, 3}, scale: 1. / 255},
		port{typ: tflite.TypeUint8, shape: []int32{1, 3}, scale: 1. / 255},
	)
}

// openSize is a model of colours that leaves its picture's size open.
func openSize() []byte {
	in := port{typ: tflite.TypeFloat32, shape: []int32{1, 1, 1, 3}, signature: []int32{1, -1, -1, 3}}
	return meanModel(in, port{typ: tflite.TypeFloat32, shape: []int32{1, 3}})
}

// brightness is a model with three classes for each of 4 by 4 places: how red, green and blue
// it is.
func brightness() []byte {
	var g graph
	picture := port{typ: tflite.TypeUint8, shape: []int32{1, 4, 4, 3}, scale: 1. / 255}
	in := g.tensor("picture", picture)
	out := g.do("RESHAPE", g.tensor("map", picture), in, g.ints(1, 4, 4, 3))
	return g.file([]int{in}, []int{out})
}

var update = flag.Bool("update", false, "write the models in testdata")

// TestModelFiles keeps the files of the examples, and of the tests of cmd/coral, in step
// with their source above.
func TestModelFiles(t *testing.T) {
	for path, content := range map[string][]byte{"testdata/colours.tflite": colours(), "testdata/open.tflite": openSize(), "testdata/brightness.tflite": brightness()} {
		if *update {
			require.NoError(t, os.WriteFile(path, content, 0o600))
		}
		assert.True(t, bytes.Equal(content, readFile(t, path)), "%s is out of date: go test -run TestModelFiles -update", path)
	}
}

// written is a model file.
func written(t testing.TB, model []byte, name string) string {
	t.Helper()
	path := t.TempDir() + "/" + name
	require.NoError(t, os.WriteFile(path, model, 0o600))
	return path
}

// open makes a session of a model in memory.
func open(t testing.TB, model []byte, opts ...coral.Option) *coral.Session {
	t.Helper()
	s, err := coral.Open(written(t, model, "model.tflite"), append(opts, coral.WithPolicy(coral.CPUOnly))...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// parsed is a model in memory, read.
func parsed(t testing.TB, file []byte) *model.Model {
	t.Helper()
	m, err := model.Parse(file)
	require.NoError(t, err)
	return m
}

// inputOf makes an interpreter of a model in memory, and returns its input.
func inputOf(t testing.TB, model []byte) *tflite.Tensor {
	t.Helper()
	m, err := tflite.NewModel(model)
	require.NoError(t, err)
	defer m.Close()
	i, err := tflite.NewInterpreter(m)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, i.Close()) })
	require.NoError(t, i.AllocateTensors())
	tensor, err := i.Input(0)
	require.NoError(t, err)
	return tensor
}
