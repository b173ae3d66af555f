"""A small assembler for .tflite files.

The TensorFlow converter chooses operators, versions and names as it likes. A test
needs one certain operator, type or mistake, so most models here are put together
by hand, from the schema's own Python classes.
"""

import flatbuffers
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

OPS = schema.BuiltinOperator
TYPES = {  # the names NumPy and the Go package use
    name.lower(): value
    for name, value in vars(schema.TensorType).items()
    if not name.startswith("_")
}
TYPE_NAMES = {value: name for name, value in TYPES.items()}


class Model:
    """A model under construction."""

    def __init__(self):
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.description = "gocoral test model"
        self.model.operatorCodes = []
        self.model.subgraphs = []
        self.model.buffers = [schema.BufferT()]  # number 0 means "no data"
        self.model.signatureDefs = []

    def graph(self, name="main"):
        graph = Graph(self, len(self.model.subgraphs), name)
        self.model.subgraphs.append(graph.graph)
        return graph

    def signature(self, key, graph, inputs, outputs):
        """Names the tensors of graph: inputs and outputs map a name to a tensor."""
        signature = schema.SignatureDefT()
        signature.signatureKey = key
        signature.subgraphIndex = graph.index
        signature.inputs = [_tensor_map(*item) for item in inputs.items()]
        signature.outputs = [_tensor_map(*item) for item in outputs.items()]
        self.model.signatureDefs.append(signature)
        return self

    def buffer(self, data):
        self.model.buffers.append(schema.BufferT())
        self.model.buffers[-1].data = np.frombuffer(bytes(data), np.uint8)
        return len(self.model.buffers) - 1

    def opcode(self, op, version, custom):
        for i, code in enumerate(self.model.operatorCodes):
            if (code.builtinCode, code.version, code.customCode) == (op, version, custom):
                return i
        code = schema.OperatorCodeT()
        code.builtinCode = op
        code.deprecatedBuiltinCode = min(op, 127)  # what readers before schema v3a look at
        code.version = version
        code.customCode = custom
        self.model.operatorCodes.append(code)
        return len(self.model.operatorCodes) - 1

    def bytes(self):
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())


class Graph:
    """A subgraph of a Model."""

    def __init__(self, model, index, name):
        self.model = model
        self.index = index
        self.graph = schema.SubGraphT()
        self.graph.name = name
        self.graph.tensors = []
        self.graph.operators = []
        self.graph.inputs = []
        self.graph.outputs = []

    def tensor(self, name, type, shape, signature=None, data=None, buffer=0,
               quant=None, variable=False):
        """Adds a tensor and returns its number.

        data, an array or bytes, makes it a constant; buffer shares the data of an
        earlier one; quant is (scales, zero points[, dimension]); signature is the
        shape with -1 where it is free.
        """
        t = schema.TensorT()
        t.name = name
        t.type = TYPES[type]
        t.shape = list(shape)
        t.hasRank = True
        t.shapeSignature = signature
        t.isVariable = variable
        t.buffer = buffer
        if data is not None:
            t.buffer = self.model.buffer(data.tobytes() if hasattr(data, "tobytes") else data)
        if quant:
            q = schema.QuantizationParametersT()
            q.scale, q.zeroPoint = list(quant[0]), list(quant[1])
            q.quantizedDimension = quant[2] if len(quant) > 2 else 0
            t.quantization = q
        self.graph.tensors.append(t)
        return len(self.graph.tensors) - 1

    def input(self, *args, **kwargs):
        self.graph.inputs.append(self.tensor(*args, **kwargs))
        return self.graph.inputs[-1]

    def output(self, *args, **kwargs):
        self.graph.outputs.append(self.tensor(*args, **kwargs))
        return self.graph.outputs[-1]

    def op(self, op, inputs, outputs, options=None, version=1, custom=None):
        """Adds an operator; options, such as schema.AddOptionsT(), are of its own type."""
        o = schema.OperatorT()
        o.opcodeIndex = self.model.opcode(op, version, custom)
        o.inputs, o.outputs = list(inputs), list(outputs)
        if options is not None:
            union = type(options).__name__.removesuffix("T")
            o.builtinOptionsType = getattr(schema.BuiltinOptions, union)
            o.builtinOptions = options
        self.graph.operators.append(o)


def options(cls, **fields):
    """An options object of the schema with the given fields."""
    o = cls()
    for name, value in fields.items():
        assert hasattr(o, name), f"{cls.__name__} has no field {name}"
        setattr(o, name, value)
    return o


def strings(*values):
    """Strings as a string tensor holds them: count, offsets, bytes."""
    data = [v.encode() for v in values]
    offsets = np.cumsum([4 * (len(data) + 2)] + [len(d) for d in data])
    return np.array([len(data), *offsets], "<i4").tobytes() + b"".join(data)


def read(data):
    """The object tree of a .tflite file."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))


def _tensor_map(name, tensor):
    m = schema.TensorMapT()
    m.name, m.tensorIndex = name, tensor
    return m


def _pack_buffer(self, builder):
    """BufferT.Pack with the 16-byte alignment that the schema asks for.

    Python's generated code ignores force_align, and kernels may then read
    constants from addresses that their vector instructions do not allow.
    """
    offset = None
    if self.data is not None and len(self.data):
        builder.StartVector(1, len(self.data), 16)
        builder.head -= len(self.data)
        builder.Bytes[builder.head : builder.head + len(self.data)] = bytes(self.data)
        offset = builder.EndVector()
    schema.BufferStart(builder)
    if offset is not None:
        schema.BufferAddData(builder, offset)
    return schema.BufferEnd(builder)


schema.BufferT.Pack = _pack_buffer
