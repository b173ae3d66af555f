package vision_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"image"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/tflite"
	"github.com/gocoral/coral/vision"
)

// headCase is one of testdata/heads.json, which heads.py writes.
type headCase struct {
	Head    string
	Outputs []struct {
		Type      string
		Scale     float32
		ZeroPoint int `json:"zero_point"`
		Shape     []int
		Name      string
		Data      string
	}
	Objects []vision.Object
}

// result is what a run would return.
func (c headCase) result(t testing.TB, width, height int) vision.Result {
	t.Helper()
	r := vision.Result{Placement: filling(width, height)}
	for _, o := range c.Outputs {
		b, err := base64.StdEncoding.DecodeString(o.Data)
		require.NoError(t, err)
		v := tflite.Value{TensorInfo: tflite.TensorInfo{Name: o.Name, Shape: o.Shape, Quantization: tflite.Quantization{Scale: o.Scale, ZeroPoint: o.ZeroPoint}}}
		switch o.Type {
		case "float32":
			v.Type = tflite.TypeFloat32
			numbers := make([]float32, len(b)/4)
			for k := range numbers {
				numbers[k] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*k:]))
			}
			v.Data = numbers
		case "uint8":
			v.Type, v.Data = tflite.TypeUint8, b
		case "int8":
			v.Type = tflite.TypeInt8
			numbers := make([]int8, len(b))
			for k := range numbers {
				numbers[k] = int8(b[k])
			}
			v.Data = numbers
		}
		r.Outputs = append(r.Outputs, v)
		r.Names = append(r.Names, o.Name)
	}
	return r
}

// filling is the placement of a picture that has the size of the input.
func filling(width, height int) vision.Placement {
	whole := image.Rect(0, 0, width, height)
	return vision.Placement{Crop: whole, Width: width, Height: height, Area: whole}
}

func headCases(t testing.TB) (width, height int, cases map[string]headCase) {
	t.Helper()
	var file struct {
		Width, Height int
		Cases         map[string]headCase
	}
	require.NoError(t, json.Unmarshal(readFile(t, "testdata/heads.json"), &file))
	require.Greater(t, len(file.Cases), 10)
	return file.Width, file.Height, file.Cases
}

// Each head is found by its shapes, and read as a decoder in numpy does.
func TestHeads(t *testing.T) {
	width, height, cases := headCases(t)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := c.result(t, width, height)
			got, err := vision.DecodeDetections(r)
			require.NoError(t, err)
			assert.Equal(t, c.Head, got.Head)
			assert.Empty(t, got.Warnings)
			assertObjects(t, c.Objects, got.Objects)

			asked, err := vision.DecodeDetections(r, vision.WithHead(c.Head))
			require.NoError(t, err)
			assert.Equal(t, got.Objects, asked.Objects)
		})
	}
}

// assertObjects allows for the rounding of 32-bit floats.
func assertObjects(t *testing.T, want, got []vision.Object) {
	t.Helper()
	require.Len(t, got, len(want))
	for k, w := range want {
		assert.Equal(t, w.ID, got[k].ID, "object %d", k)
		assert.InDelta(t, w.Score, got[k].Score, 1e-4, "object %d", k)
		assertBox(t, w.Box, got[k].Box, 1e-2)
	}
}

func assertBox(t *testing.T, want, got vision.Box, delta float64) {
	t.Helper()
	for _, edge := range [][2]float32{{want.XMin, got.XMin}, {want.YMin, got.YMin}, {want.XMax, got.XMax}, {want.YMax, got.YMax}} {
		if !assert.InDelta(t, edge[0], edge[1], delta, "box %v, want %v", got, want) {
			return
		}
	}
}
