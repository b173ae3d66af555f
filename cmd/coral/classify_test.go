package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/vision"
)

func writeFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

func pngBytes(t *testing.T, w, h int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for k := range m.Pix {
		m.Pix[k] = uint8(k*7) | 1
	}
	m.Set(0, 0, color.White)
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return b.Bytes()
}

// classifyOutput is the JSON of coral classify.
type classifyOutput struct {
	subject
	classesFound
	measured
	writtenTo
}

func classesOf(t *testing.T, line string) classifyOutput {
	t.Helper()
	var c classifyOutput
	decode(t, line, &c)
	return c
}

func TestClassify(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := writeFile(t, "picture.png", pngBytes(t, 20, 10))
	labels := writeFile(t, "labels.txt", []byte("red\ngreen\nblue\nnone of these\n"))
	for _, model := range []string{"tiny_float", "tiny_int8", "tiny_uint8"} {
		out := succeeded(t, "classify", "-m", testModel(model), "-l", labels, "--top", "4", "--json", "--mean", "128", "--std", "128,128,128", picture)
		c := classesOf(t, out)
		require.Len(t, c.Classes, 4, model)
		assert.Equal(t, picture, c.Image)
		assert.Equal(t, "CPU", c.DeviceText)
		assert.NotEmpty(t, c.Reason)
		var sum float64
		for k, class := range c.Classes {
			sum += float64(class.Score)
			assert.Contains(t, []string{"red", "green", "blue", "none of these"}, class.Label)
			if k > 0 {
				assert.LessOrEqual(t, class.Score, c.Classes[k-1].Score)
			}
		}
		assert.InDelta(t, 1, sum, 0.05)
	}
	text := succeeded(t, "classify", "-m", testModel("tiny_uint8"), "-l", labels, "--device", "cpu", picture)
	assert.Contains(t, text, "CPU, because the CPU was asked for")
	assert.Contains(t, text, "none of these")
	text = succeeded(t, "classify", "-m", testModel("tiny_uint8"), "--threshold", "2", picture)
	assert.Contains(t, text, "no class reaches the threshold")
}

func TestClassifyJSONFields(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := writeFile(t, "dot.png", pngBytes(t, 1, 1))
	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(succeeded(t, "classify", "-m", testModel("tiny_uint8"), "--json", "--threads", "2", picture)), &fields))
	for _, name := range []string{"image", "device", "device_text", "backend", "classes", "preprocess_ms", "invoke_ms"} {
		assert.Contains(t, fields, name)
	}
}

func TestClassifyStandardInput(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	r := coralReading(t, bytes.NewReader(pngBytes(t, 8, 8)), "classify", "-m", testModel("tiny_float"), "--json", "-")
	require.Zero(t, r.status, r.stderr)
	assert.Equal(t, "-", classesOf(t, r.stdout).Image)
	r = coralReading(t, strings.NewReader("no picture"), "classify", "-m", testModel("tiny_float"), "-")
	assert.Equal(t, statusFailed, r.status)
	requireLine(t, r.stderr)
}

// A picture that cannot be read costs the others nothing, and has its line.
func TestClassifyGoesOn(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	good := writeFile(t, "good.png", pngBytes(t, 8, 8))
	cut := writeFile(t, "cut.png", pngBytes(t, 8, 8)[:60])
	r := coralCommand(t, "classify", "-m", testModel("tiny_uint8"), "--json", good, cut, "missing.png", good)
	assert.Equal(t, statusFailed, r.status)
	lines := slices.Collect(strings.Lines(r.stdout))
	require.Len(t, lines, 4)
	for k, says := range map[int]string{1: "truncated or damaged", 2: "no such file"} {
		var failure map[string]any
		decode(t, lines[k], &failure)
		require.Len(t, failure, 2)
		assert.Equal(t, []string{good, cut, "missing.png", good}[k], failure["image"])
		assert.Contains(t, failure["error"], says)
	}
	for _, k := range []int{0, 3} {
		assert.NotEmpty(t, classesOf(t, lines[k]).Classes)
		assert.NotContains(t, lines[k], `"error"`)
	}
	assert.Equal(t, 2, strings.Count(r.stderr, "\n"), r.stderr)
	assert.Contains(t, r.stderr, "missing.png")
	assert.Contains(t, r.stderr, "truncated or damaged")

	r = coralCommand(t, "classify", "-m", testModel("tiny_uint8"), "--json", cut)
	assert.Equal(t, statusFailed, r.status)
	assert.Equal(t, 1, strings.Count(r.stdout, "\n"))
	requireLine(t, r.stderr)
}

func TestClassifyWithTooFewLabels(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	good := writeFile(t, "good.png", pngBytes(t, 8, 8))
	labels := writeFile(t, "labels.txt", []byte("only one\n"))
	r := coralCommand(t, "classify", "-m", testModel("tiny_uint8"), "-l", labels, "--json", good, good)
	require.Zero(t, r.status)
	requireLine(t, r.stderr)
	assert.Contains(t, r.stderr, "there are 1 labels for the model's 4 classes: 3 of the classes without a label")
	assert.Contains(t, r.stdout, `"label":"3"`)
}

func TestClassifyMisuse(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	good := writeFile(t, "good.png", pngBytes(t, 8, 8))
	cut, err := os.ReadFile(testModel("tiny_float"))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		status int
		args   []string
		says   string
	}{
		"no picture":         {statusUsage, []string{"-m", testModel("tiny_float")}, "no IMAGE given"},
		"no model":           {statusUsage, []string{good}, "model"},
		"unknown option":     {statusUsage, []string{"-m", testModel("tiny_float"), "--colour", good}, "--colour"},
		"bad device":         {statusUsage, []string{"-m", testModel("tiny_float"), "--device", "gpu", good}, "gpu"},
		"mean alone":         {statusUsage, []string{"-m", testModel("tiny_float"), "--mean", "1", good}, "std"},
		"two means":          {statusUsage, []string{"-m", testModel("tiny_float"), "--mean", "1,2", "--std", "1", good}, "2 numbers given: give one for all channels, or three"},
		"std 0":              {statusUsage, []string{"-m", testModel("tiny_float"), "--mean", "1", "--std", "0", good}, "give numbers above 0"},
		"no shape":           {statusUsage, []string{"-m", testModel("tiny_float"), "--input-shape", "1,-1", good}, "give all dimensions"},
		"another shape":      {statusFailed, []string{"-m", testModel("tiny_float"), "--input-shape", "1,4", good}, "4"},
		"bad top":            {statusUsage, []string{"-m", testModel("tiny_float"), "--top", "-1", good}, "--top"},
		"bad threads":        {statusUsage, []string{"-m", testModel("tiny_float"), "--threads", "0", good}, "--threads"},
		"missing model":      {statusFailed, []string{"-m", "missing.tflite", good}, "missing.tflite"},
		"folder":             {statusFailed, []string{"-m", t.TempDir(), good}, "directory"},
		"text":               {statusFailed, []string{"-m", writeFile(t, "text.tflite", []byte("Hello, this is text.\n")), good}, "text"},
		"truncated model":    {statusFailed, []string{"-m", writeFile(t, "cut.tflite", cut[:len(cut)/2]), good}, "truncated or damaged"},
		"missing labels":     {statusFailed, []string{"-m", testModel("tiny_float"), "-l", "missing.txt", good}, "missing.txt"},
		"no twin":            {statusFailed, []string{"-m", writeFile(t, "x_edgetpu.tflite", compiledModel(t)), good}, "--twin"},
		"no accelerator":     {statusFailed, []string{"-m", testModel("tiny_float"), "--device", "usb", good}, "no such Edge TPU"},
		"picture for labels": {statusFailed, []string{"-m", testModel("tiny_float"), "-l", good, good}, "is a picture (PNG), and not a label file"},
		"no classifier":      {statusFailed, []string{"-m", testModel("add"), good}, "inputs"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Contains(t, failed(t, c.status, append([]string{"classify"}, c.args...)...), c.says)
		})
	}
}

func compiledModel(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(testModel("pair_edgetpu"))
	require.NoError(t, err)
	return b
}

func TestClassifyComparesLabels(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	good := writeFile(t, "good.png", pngBytes(t, 8, 8))
	for labels, says := range map[string]string{
		"a\nb\nc\nd\n":    "",
		"a\nb\nc\nd\ne\n": "there are 5 labels for the model's 4 classes",
		"a\nb\n\nd\n":     "1 of the classes without a label",
		"7 a\n":           "4 of the classes without a label",
	} {
		r := coralCommand(t, "classify", "-m", testModel("tiny_uint8"), "-l", writeFile(t, "labels.txt", []byte(labels)), good)
		require.Zero(t, r.status, r.stderr)
		if says == "" {
			assert.Empty(t, r.stderr)
			continue
		}
		requireLine(t, r.stderr)
		assert.Contains(t, r.stderr, says)
	}
}

// A model that cannot be run is one error, however many pictures there are.
func TestClassifyEndsAtTheModel(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	good := writeFile(t, "good.png", pngBytes(t, 8, 8))
	for _, model := range []string{"add", "unresolved_op", "readonly_input"} {
		r := coralCommand(t, "classify", "-m", testModel(model), good, good, good)
		assert.Equal(t, statusFailed, r.status)
		assert.Empty(t, r.stdout)
		requireLine(t, r.stderr)
	}
}

func TestClassifyThreshold(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	good := writeFile(t, "good.png", pngBytes(t, 8, 8))
	all := classesOf(t, succeeded(t, "classify", "-m", testModel("tiny_uint8"), "--json", good)).Classes
	require.Len(t, all, 4)
	some := classesOf(t, succeeded(t, "classify", "-m", testModel("tiny_uint8"), "--json", "--threshold",
		strconv.FormatFloat(float64(all[1].Score), 'g', -1, 32), good)).Classes
	assert.Equal(t, all[:2], some)
	assert.Contains(t, succeeded(t, "classify", "-m", testModel("tiny_uint8"), "--json", "--threshold", "2", good), `"classes":[]`)
	assert.Contains(t, failed(t, statusUsage, "classify", "-m", "x", "--threshold", "NaN", good), "give a number")
}

// Labels inside a model are used without being asked for.
func TestClassifyWithLabelsOfTheModel(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	out := succeeded(t, "classify", "--json", "--device", "cpu", "--top", "3",
		"-m", sharedTestdata(t, "models/mobilenet_v1_0.25_128_quant.tflite"), sharedTestdata(t, "images/cat.bmp"))
	assert.Contains(t, out, "cat")
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var terminal bytes.Buffer
	p := newProgress(&terminal, 4)
	p.clear()
	assert.Empty(t, terminal.String(), "nothing is drawn yet")
	p.advance()
	assert.Contains(t, terminal.String(), "1/4")
	terminal.Reset()
	p.clear()
	cleared := terminal.Len()
	assert.Positive(t, cleared)
	p.clear()
	assert.Equal(t, cleared, terminal.Len(), "a line is cleared once, or what was printed on it goes")

	var none *progress
	none.advance()
	none.clear()
	assert.False(t, isTerminal(&terminal))
}

// What a float input is given is a guess, and is said to be; flags say it.
func TestClassifyNormalization(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	good := writeFile(t, "good.png", pngBytes(t, 8, 8))
	r := coralCommand(t, "classify", "-m", testModel("tiny_float"), "--json", good)
	require.Zero(t, r.status, r.stderr)
	requireLine(t, r.stderr)
	assert.Contains(t, r.stderr, "-1 to 1 was taken; if the results are poor, set --mean and --std")
	guessed := classesOf(t, r.stdout)
	assert.Equal(t, vision.FromNothing, guessed.Normalization.Source)
	assert.Len(t, guessed.Warnings, 1)

	given := classesOf(t, succeeded(t, "classify", "-m", testModel("tiny_float"), "--json", "--mean", "0,0,0", "--std", "255", good))
	assert.Equal(t, vision.Normalization{Mean: []float64{0, 0, 0}, Std: []float64{255}, Source: vision.FromOption}, given.Normalization)
	assert.NotEqual(t, guessed.Classes, given.Classes)
	assert.Empty(t, given.Warnings)

	r = coralCommand(t, "classify", "-m", testModel("tiny_uint8"), "-v", good)
	require.Zero(t, r.status, r.stderr)
	assert.Contains(t, r.stdout, "from the range of the input")
}

// A class that the model has ruled out is not shown, unless it is asked for.
func TestClassifyHidesZeros(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	red := image.NewRGBA(image.Rect(0, 0, 8, 8))
	for k := 0; k < len(red.Pix); k += 4 {
		red.Pix[k], red.Pix[k+3] = 255, 255
	}
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, red))
	picture := writeFile(t, "red.png", file.Bytes())
	colours := filepath.Join("..", "..", "vision", "testdata", "colours.tflite")
	classes := classesOf(t, succeeded(t, "classify", "-m", colours, "--json", picture)).Classes
	require.Len(t, classes, 1)
	assert.Equal(t, 0, classes[0].ID)
	assert.Equal(t, 2, classesOf(t, succeeded(t, "classify", "-m", colours, "--json", "--bgr", picture)).Classes[0].ID)
	assert.Len(t, classesOf(t, succeeded(t, "classify", "-m", colours, "--json", "--threshold", "0", picture)).Classes, 3)
	assert.Len(t, classesOf(t, succeeded(t, "classify", "-m", colours, "--json", "--threshold", "0", "--top", "2", picture)).Classes, 2)
}

// A model that leaves its size open is given one.
func TestClassifyInputShape(t *testing.T) {
	t.Parallel()
	needRuntime(t)
	picture := writeFile(t, "good.png", pngBytes(t, 8, 8))
	open := filepath.Join("..", "..", "vision", "testdata", "open.tflite")
	assert.Contains(t, failed(t, statusFailed, "classify", "-m", open, picture), "leaves its size open")
	for _, shape := range []string{"1,8,8,3", "1x16x20x3"} {
		assert.Len(t, classesOf(t, succeeded(t, "classify", "-m", open, "--json", "--mean", "0", "--std", "255", "--input-shape", shape, picture)).Classes, 3)
	}
}
