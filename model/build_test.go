package model_test

import (
	"archive/zip"
	"bytes"

	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
)

// This file writes what the package reads: models, their metadata, and what the
// Edge TPU compiler puts into them. All of it is as small as the formats allow.

type offset = tflitewriter.Offset

func newBuilder() tflitewriter.Builder { return tflitewriter.NewBuilder(nil) }

// build writes a model without options of operators but the branches of control flow.
func build(m *model.Model) []byte { return tflitewriter.Model(m, nil) }

// buildInfo writes the content of TFLITE_METADATA.
func buildInfo(info model.Info) []byte {
	b := newBuilder()
	file := func(f model.FileInfo) offset {
		name, description, locale := b.String(f.Name), b.String(f.Description), b.String(f.Locale)
		return b.Table(b.Ref(0, name), b.Ref(1, description), b.Int8(2, int8(f.Type)), b.Ref(3, locale))
	}
	tensor := func(t model.TensorInfo) offset {
		name, description, files := b.String(t.Name), b.String(t.Description), tflitewriter.Each(b, t.Files, file)
		var units, stats offset
		if t.Mean != nil {
			mean, std := b.Floats(t.Mean), b.Floats(t.Std)
			options := b.Table(b.Ref(0, mean), b.Ref(1, std))
			thresholding := b.Table(b.Int8(0, 3), b.Ref(1, b.Table()))
			units = b.Tables([]offset{thresholding, b.Table(b.Int8(0, 1), b.Ref(1, options))})
		}
		if t.Min != nil {
			high, low := b.Floats(t.Max), b.Floats(t.Min)
			stats = b.Table(b.Ref(0, high), b.Ref(1, low))
		}
		return b.Table(b.Ref(0, name), b.Ref(1, description), b.Ref(4, units), b.Ref(5, stats), b.Ref(6, files))
	}
	in, out := tflitewriter.Each(b, info.Inputs, tensor), tflitewriter.Each(b, info.Outputs, tensor)
	subgraphs := b.Tables([]offset{b.Table(b.Ref(2, in), b.Ref(3, out))})
	name, description, version := b.String(info.Name), b.String(info.Description), b.String(info.Version)
	author, license, files := b.String(info.Author), b.String(info.License), tflitewriter.Each(b, info.Files, file)
	return b.Finish(b.Table(
		b.Ref(0, name), b.Ref(1, description), b.Ref(2, version), b.Ref(3, subgraphs),
		b.Ref(4, author), b.Ref(5, license), b.Ref(6, files),
	), "M001")
}

// pack appends a ZIP archive with one file to a model.
func pack(b []byte, name, content string) []byte {
	var out bytes.Buffer
	out.Write(b)
	w := zip.NewWriter(&out)
	w.SetOffset(int64(len(b)))
	f, err := w.Create(name)
	if err == nil {
		_, err = f.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return out.Bytes()
}

// buildEdgeTPU writes the options of the custom operator of the Edge TPU.
func buildEdgeTPU(e model.EdgeTPU) []byte {
	b := newBuilder()
	executables := tflitewriter.Each(b, e.Executables, func(x model.Executable) offset {
		return b.ByteString(buildExecutable(x))
	})
	multi := b.Finish(b.Table(b.Ref(0, executables)), "")

	b = newBuilder()
	vector, compiler, id := b.Bytes(multi), b.String(e.CompilerVersion), b.String(e.ModelIdentifier)
	return flexMap(4, "4", b.Finish(b.Table(
		b.Int32(0, e.MinRuntimeVersion), b.Ref(1, vector), b.Ref(4, compiler), b.Ref(7, id),
	), "DWN1"))
}

func buildExecutable(x model.Executable) []byte {
	b := newBuilder()
	layer := func(l model.Layer) offset {
		name := b.String(l.Name)
		return b.Table(
			b.Ref(0, name), b.Int32(1, l.Bytes), b.Int32(2, l.Height), b.Int32(3, l.Width), b.Int32(4, l.Depth),
			b.Int32Or(9, l.Executions, 1),
		)
	}
	in, out := tflitewriter.Each(b, x.Inputs, layer), tflitewriter.Each(b, x.Outputs, layer)
	name, chip := b.String(x.Name), b.String(x.Chip)
	parameters := b.Bytes(make([]byte, x.ParameterBytes))
	bitstream := b.Bytes(make([]byte, x.InstructionBytes))
	instructions := b.Tables([]offset{b.Table(b.Ref(0, bitstream))})
	hints := b.Table(b.Bool(1, x.DeterministicDMA))
	return b.Finish(b.Table(
		b.Ref(1, name), b.Int32(3, x.BatchSize), b.Int32(4, x.ScratchBytes), b.Ref(5, instructions),
		b.Ref(6, parameters), b.Ref(7, hints), b.Ref(8, in), b.Ref(9, out), b.Ref(10, chip),
		b.Int32(12, x.NarrowMemoryBytes), b.Int16(13, int16(x.Type)), b.Uint64(14, x.ParameterCachingToken),
		b.Uint64(16, uint64(x.EstimatedCycles)),
	), "")
}

// flexMap writes a FlexBuffers map {"1": 0, key: blob}, all of whose numbers are width
// bytes wide.
func flexMap(width int, key string, blob []byte) []byte {
	return tflitewriter.FlexMap(width, tflitewriter.Entry{Key: "1", Value: 0}, tflitewriter.Entry{Key: key, Value: blob})
}
