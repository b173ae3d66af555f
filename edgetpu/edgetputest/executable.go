package edgetputest

import (
	"cmp"
	"hash/fnv"

	"github.com/gocoral/coral/internal/schema"
	"github.com/gocoral/coral/internal/tflitewriter"
	"github.com/gocoral/coral/model"
)

// customCode is the name of the operator for the Edge TPU.
const customCode = "edgetpu-custom-op"

// mark is what the parameters of a look-alike begin with; after it comes the program.
// sim/twin.c looks for it.
const mark = "gocoral-sim-cut\n"

// edgeTPUCode writes the operator code; the slots are those of OperatorCode in the
// schema of TensorFlow Lite.
func edgeTPUCode(w tflitewriter.Builder) tflitewriter.Offset {
	name := w.String(customCode)
	return w.Table(w.Int8(0, schema.OpCustom), w.Ref(1, name), w.Int32(2, 1), w.Int32(3, schema.OpCustom))
}

// write writes the operator, with that code.
func (op *customOp) write(w tflitewriter.Builder, code int) tflitewriter.Offset {
	inputs, outputs, options := w.Ints(op.inputs), w.Ints(op.outputs), w.Bytes(op.options)
	return w.Table(w.Int32(0, code), w.Ref(1, inputs), w.Ref(2, outputs), w.Ref(5, options))
}

// options writes what Google's compiler puts into the operator: a FlexBuffers map with
// a package of two executables, one that brings the parameters and one that uses
// them. The slots are those of executable.fbs of libedgetpu.
func (c *compilation) options(o *original, inputs, outputs []int, program []byte) []byte {
	token := cmp.Or(c.token, hash(program))
	execute := executable{name: "model", kind: model.ExecutionOnly, token: token, inputs: o.pick(inputs), outputs: o.pick(outputs), unplanned: c.unplanned}
	cache := executable{name: "Unknown", kind: model.ParameterCaching, token: token, parameters: append([]byte(mark), program...)}

	w := tflitewriter.NewBuilder(nil)
	multi := w.Tables([]tflitewriter.Offset{w.ByteString(execute.bytes()), w.ByteString(cache.bytes())})
	executables := w.Finish(w.Table(w.Ref(0, multi)), "")

	w = tflitewriter.NewBuilder(nil)
	vector := w.Bytes(executables)
	compiler, identifier := w.String("edgetputest (simulation)"), w.String(c.identifier)
	content := w.Finish(w.Table(
		w.Int32(0, c.minRuntime), w.Ref(1, vector), w.Ref(4, compiler), w.Ref(7, identifier),
	), "DWN1")
	// The version of the format, and the package.
	return tflitewriter.FlexMap(4, tflitewriter.Entry{Key: "1", Value: 1}, tflitewriter.Entry{Key: "4", Value: string(content)})
}

// hash is FNV-1a, which sim/twin.c computes too.
func hash(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}

func (o *original) pick(indices []int) []model.Tensor {
	tensors := make([]model.Tensor, len(indices))
	for i, t := range indices {
		tensors[i] = o.Tensors[t]
	}
	return tensors
}

// executable is one program of a package.
type executable struct {
	name            string
	kind            model.ExecutableType
	token           uint64
	parameters      []byte
	inputs, outputs []model.Tensor
	unplanned       bool
}

func (x executable) bytes() []byte {
	w := tflitewriter.NewBuilder(nil)
	inputs, outputs := layers(w, x.inputs), layers(w, x.outputs)
	name, chip := w.String(x.name), w.String("simulation")
	instructions := w.Tables([]tflitewriter.Offset{w.Table(w.Ref(0, w.Bytes([]byte("for the simulation only"))))})
	hints := w.Table(w.Bool(1, !x.unplanned))
	parameters := w.Bytes(x.parameters)
	return w.Finish(w.Table(
		w.Ref(1, name), w.Int32(3, 1), w.Ref(5, instructions), w.Ref(6, parameters), w.Ref(7, hints),
		w.Ref(8, inputs), w.Ref(9, outputs), w.Ref(10, chip), w.Int16(13, int16(x.kind)), w.Uint64(14, x.token),
	), "")
}

// layers writes the tensors as the accelerator sees them: one batch of height, width
// and depth.
func layers(w tflitewriter.Builder, tensors []model.Tensor) tflitewriter.Offset {
	offsets := make([]tflitewriter.Offset, len(tensors))
	for i, t := range tensors {
		size, _ := t.ByteSize() // fixed, since the operator is mappable
		y, x, z := dimensions(t.Shape)
		name := w.String(t.Name)
		numerics := w.Table(w.Int32(0, t.Quantization.ZeroPoint), w.Float32(1, t.Quantization.Scale))
		offsets[i] = w.Table(
			w.Ref(0, name), w.Int32(1, int(size)), w.Int32(2, y), w.Int32(3, x), w.Int32(4, z),
			w.Ref(5, numerics), w.Int16(6, dataType(t.Type)),
		)
	}
	return w.Tables(offsets)
}

// dimensions leaves out the batch, and puts what is more than three into the first.
func dimensions(shape []int) (y, x, z int) {
	sizes := []int{1, 1, 1}
	for i := range shape {
		if i == len(shape)-1 || i > 0 {
			k := max(0, 3-(len(shape)-i))
			sizes[k] *= shape[i]
		}
	}
	return sizes[0], sizes[1], sizes[2]
}

// dataType is the number in enum DataType of executable.fbs.
func dataType(t model.TensorType) int16 {
	switch t {
	case model.Int8:
		return 8
	case model.Int16:
		return 9
	}
	return 0
}
