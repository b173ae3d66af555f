package npy_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gocoral/coral/cmd/coral/internal/npy"
	"github.com/gocoral/coral/tflite"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return file
}

// The files of testdata were written by NumPy, see generate.py.
var files = []struct {
	name, dtype string
	shape       []int
	data        any
	// foreign marks what Write writes in another way.
	foreign bool
}{
	{name: "int8", dtype: "int8", shape: []int{2, 3}, data: []int8{0, 1, 2, 3, 4, 5}},
	{name: "int16", dtype: "int16", shape: []int{2, 3}, data: []int16{0, 1, 2, 3, 4, 5}},
	{name: "int32", dtype: "int32", shape: []int{2, 3}, data: []int32{0, 1, 2, 3, 4, 5}},
	{name: "int64", dtype: "int64", shape: []int{2, 3}, data: []int64{0, 1, 2, 3, 4, 5}},
	{name: "uint8", dtype: "uint8", shape: []int{2, 3}, data: []uint8{0, 1, 2, 3, 4, 5}},
	{name: "uint16", dtype: "uint16", shape: []int{2, 3}, data: []uint16{0, 1, 2, 3, 4, 5}},
	{name: "uint32", dtype: "uint32", shape: []int{2, 3}, data: []uint32{0, 1, 2, 3, 4, 5}},
	{name: "uint64", dtype: "uint64", shape: []int{2, 3}, data: []uint64{0, 1, 2, 3, 4, 5}},
	{name: "float16", dtype: "float16", shape: []int{2, 3}, data: halves(0, 1, 2, 3, 4, 5)},
	{name: "float32", dtype: "float32", shape: []int{2, 3}, data: []float32{0, 1, 2, 3, 4, 5}},
	{name: "float64", dtype: "float64", shape: []int{2, 3}, data: []float64{0, 1, 2, 3, 4, 5}},
	{name: "complex64", dtype: "complex64", shape: []int{2, 3}, data: []complex64{0, 1, 2, 3, 4, 5}},
	{name: "complex128", dtype: "complex128", shape: []int{2, 3}, data: []complex128{0, 1, 2, 3, 4, 5}},
	{name: "bool", dtype: "bool", shape: []int{2, 3}, data: []bool{false, true, true, true, true, true}},
	{name: "scalar", dtype: "float32", data: []float32{1.5}},
	{name: "vector", dtype: "float32", shape: []int{3}, data: []float32{0, 1, 2}},
	{name: "empty", dtype: "float32", shape: []int{2, 0, 3}, data: []float32{}},
	{name: "bytes", dtype: "bytes", shape: []int{2, 2}, data: []string{"red", "", "blue", "x"}},
	{name: "text", dtype: "bytes", shape: []int{3}, data: []string{"grün", "", "日本"}, foreign: true},
	{name: "big_endian", dtype: "float32", shape: []int{2, 3}, data: []float32{0, 1, 2, 3, 4, 5}, foreign: true},
	{name: "version2", dtype: "float32", shape: []int{2, 3}, data: []float32{0, 1, 2, 3, 4, 5}, foreign: true},
	{name: "fortran", dtype: "int16", shape: []int{2, 3, 4}, data: counting(24), foreign: true},
}

func halves(x ...float32) []tflite.Float16 {
	out := make([]tflite.Float16, len(x))
	for k := range x {
		out[k] = tflite.NewFloat16(x[k])
	}
	return out
}

func counting(n int) []int16 {
	out := make([]int16, n)
	for k := range out {
		out[k] = int16(k)
	}
	return out
}

func TestParseReadsWhatNumPyWrites(t *testing.T) {
	t.Parallel()
	for _, f := range files {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			a, err := npy.Parse(read(t, f.name+".npy"))
			require.NoError(t, err)
			assert.Equal(t, f.shape, a.Shape)
			assert.Equal(t, f.data, a.Data)
			assert.Equal(t, f.dtype, a.DType())
		})
	}
}

func TestWriteWritesWhatNumPyWrites(t *testing.T) {
	t.Parallel()
	for _, f := range files {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			var file bytes.Buffer
			require.NoError(t, npy.Write(&file, npy.Array{Shape: f.shape, Data: f.data}))
			if !f.foreign {
				assert.Equal(t, read(t, f.name+".npy"), file.Bytes(), "must be the same bytes")
			}
			a, err := npy.Parse(file.Bytes())
			require.NoError(t, err)
			assert.Equal(t, npy.Array{Shape: f.shape, Data: f.data}, a)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	float32s := read(t, "float32.npy")
	tests := map[string]struct {
		file []byte
		says string
	}{
		"nothing":             {nil, "does not begin with"},
		"a text":              {[]byte("1,2,3\n4,5,6\n"), "does not begin with"},
		"an archive":          {read(t, "archive.npz"), "numpy.save"},
		"Python objects":      {read(t, "object.npy"), "Python objects"},
		"records":             {read(t, "record.npy"), "no plain type"},
		"dates":               {read(t, "date.npy"), "no plain type"},
		"a cut header":        {float32s[:20], "header"},
		"a cut magic":         {float32s[:7], "header"},
		"cut content":         {float32s[:len(float32s)-1], "truncated"},
		"too much content":    {append(bytes.Clone(float32s), 0), "25 bytes"},
		"an unknown version":  {append([]byte("\x93NUMPY\x09\x00"), float32s[8:]...), "version 9"},
		"a huge header":       {[]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff{}"), "header"},
		"an unknown type":     {bytes.Replace(float32s, []byte("<f4"), []byte("<f3"), 1), "f3"},
		"a negative shape":    {bytes.Replace(float32s, []byte("(2, 3)"), []byte("(-2,3)"), 1), "-2"},
		"a shape of words":    {bytes.Replace(float32s, []byte("(2, 3)"), []byte("(2, x)"), 1), "x"},
		"an enormous shape":   {bytes.Replace(float32s, []byte("(2, 3), }      "), []byte("(2147483647,9)}"), 1), "truncated"},
		"many dimensions":     {[]byte("\x93NUMPY\x01\x00\x00\x01" + fmt.Sprintf("%-256s", "{'descr': '|u1', 'fortran_order': False, 'shape': ("+strings.Repeat("0,", 65)+")}")), "65 dimensions"},
		"no shape":            {bytes.Replace(float32s, []byte("shape"), []byte("shapo"), 1), "shape"},
		"no order":            {bytes.Replace(float32s, []byte("False"), []byte("Falso"), 1), "fortran_order"},
		"elements of no size": {bytes.Replace(float32s, []byte("<f4"), []byte("|S0"), 1), "S0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := npy.Parse(test.file)
			require.ErrorIs(t, err, npy.ErrFormat)
			assert.ErrorContains(t, err, test.says)
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	for _, data := range []any{nil, 3, []int{1}, []string{"a\x00"}, []struct{}{}} {
		require.Error(t, npy.Write(&bytes.Buffer{}, npy.Array{Shape: []int{1}, Data: data}), "%#v", data)
	}
	manyDimensions := npy.Array{Shape: make([]int, 65), Data: []uint8{}}
	require.Error(t, npy.Write(&bytes.Buffer{}, manyDimensions))
}

// What Parse accepts, Write must keep.
func FuzzParse(f *testing.F) {
	for _, file := range files {
		b, err := os.ReadFile(filepath.Join("testdata", file.name+".npy"))
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := npy.Parse(file)
		if err != nil {
			require.ErrorIs(t, err, npy.ErrFormat)
			return
		}
		var first, second bytes.Buffer
		require.NoError(t, npy.Write(&first, a))
		again, err := npy.Parse(first.Bytes())
		require.NoError(t, err)
		require.NoError(t, npy.Write(&second, again))
		assert.Equal(t, a.Shape, again.Shape)
		assert.Equal(t, first.Bytes(), second.Bytes()) // bytes, because NaN is not equal to itself
	})
}
