"""Writes the models of this folder and the table in README.md.

    python3 -m venv /tmp/tfvenv
    /tmp/tfvenv/bin/pip install --require-hashes -r requirements.txt
    /tmp/tfvenv/bin/python generate.py

The docstring of a function below is what the table says of its model. A second
run writes the same bytes. Operators stay at the versions that TensorFlow Lite 2.9
knows, so that one set of files serves every runtime the package supports.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import logging
import pathlib

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

from flat import OPS, TYPE_NAMES, TYPES, Model, options, read, strings

HERE = pathlib.Path(__file__).parent
MODELS = {}  # path → function that gives the bytes


def model(path):
    """Registers a function as the maker of the file at path."""

    def register(make):
        MODELS[path] = make
        return make

    return register


# --- arithmetic, shapes, signatures -----------------------------------------


@model("add.tflite")
def add():
    """sum = a + b, fixed shape, signature serving_default."""
    m = Model()
    g, a, b, total = _add(m, [1, 8])
    return m.signature("serving_default", g, {"a": a, "b": b}, {"sum": total})


@model("no_signature.tflite")
def no_signature():
    """sum = a + b without any signature, as converters before TensorFlow 2.5 wrote them."""
    m = Model()
    _add(m, [1, 8])
    return m


@model("add_dynamic.tflite")
def add_dynamic():
    """sum = a + b with a free first dimension: resize both inputs alike."""
    m = Model()
    g, a, b, total = _add(m, [1, 4], signature=[-1, 4])
    return m.signature("serving_default", g, {"a": a, "b": b}, {"sum": total})


@model("two_signatures.tflite")
def two_signatures():
    """Signatures add (z = x + y, subgraph 0) and mul (z = x * y, subgraph 1). The
    tensors' own names are others (add_x:0 …)."""
    m = Model()
    for key, op, opts in [("add", OPS.ADD, schema.AddOptionsT()),
                          ("mul", OPS.MUL, schema.MulOptionsT())]:
        g = m.graph(key)
        x = g.input(f"{key}_x:0", "float32", [4])
        y = g.input(f"{key}_y:0", "float32", [4])
        z = g.output(f"{key}_z:0", "float32", [4])
        g.op(op, [x, y], [z], opts)
        m.signature(key, g, {"x": x, "y": y}, {"z": z})
    return m


@model("named_outputs.tflite")
def named_outputs():
    """floor, -x and |x|, which the signature lists in another order and under other names
    than the graph."""
    m = Model()
    g = m.graph()
    x = g.input("serving_default_x:0", "float32", [2])
    ends = {}
    for k, (name, op, opts) in enumerate([("floor", OPS.FLOOR, None),
                                          ("neg", OPS.NEG, schema.NegOptionsT()),
                                          ("abs", OPS.ABS, schema.AbsOptionsT())]):
        ends[name] = g.output(f"StatefulPartitionedCall:{2 - k}", "float32", [2])
        g.op(op, [x], [ends[name]], opts)
    return m.signature("serving_default", g, {"x": x}, {k: ends[k] for k in ("abs", "floor", "neg")})


@model("scalar.tflite")
def scalar():
    """y = -x on tensors of rank 0."""
    return _unary(OPS.NEG, [], schema.NegOptionsT())


@model("huge_resize.tflite")
def huge_resize():
    """y = -x with one free dimension, for resizing to zero, to much and to nonsense."""
    return _unary(OPS.NEG, [1], schema.NegOptionsT(), signature=[-1])


@model("dynamic_output.tflite")
def dynamic_output():
    """Where x > 0: the shape of indices is [n,1] and known only after Invoke."""
    m = Model()
    g = m.graph()
    x = g.input("x", "float32", [6])
    zero = g.tensor("zero", "float32", [], data=np.float32(0))
    positive = g.tensor("positive", "bool", [6])
    indices = g.output("indices", "int64", [1, 1], signature=[-1, 1])
    g.op(OPS.GREATER, [x, zero], [positive], schema.GreaterOptionsT())
    g.op(OPS.WHERE, [positive], [indices], schema.WhereOptionsT())
    return m


@model("open_conv.tflite")
def open_conv():
    """Sums of four neighbours in steps of two, by a convolution without padding. Both
    dimensions of x are open, and at [1,1], the shape in the file, the convolution is
    larger than its input: the built-in kernels refuse, XNNPACK ends the process."""
    m = Model()
    g = m.graph()
    x = g.input("x", "float32", [1, 1], signature=[-1, -1])
    last = g.tensor("last", "int32", [], data=np.int32(-1))
    second = g.tensor("second", "int32", [], data=np.int32(1))
    deep = g.tensor("deep", "float32", [1, 1, 1], signature=[-1, -1, 1])
    wide = g.tensor("wide", "float32", [1, 1, 1, 1], signature=[-1, 1, -1, 1])
    ones = g.tensor("ones", "float32", [1, 1, 4, 1], data=np.ones([1, 1, 4, 1], np.float32))
    zero = g.tensor("zero", "float32", [1], data=np.zeros(1, np.float32))
    y = g.output("y", "float32", [1, 1, 1, 1], signature=[-1, 1, -1, 1])
    g.op(OPS.EXPAND_DIMS, [x, last], [deep], schema.ExpandDimsOptionsT())
    g.op(OPS.EXPAND_DIMS, [deep, second], [wide], schema.ExpandDimsOptionsT())
    g.op(OPS.CONV_2D, [wide, ones, zero], [y],
         options(schema.Conv2DOptionsT, padding=schema.Padding.VALID, strideW=2, strideH=1))
    return m.signature("sum", g, {"x": x}, {"y": y})


@model("open_rows.tflite")
def open_rows():
    """y = -x reshaped to rows of four. Both dimensions of x are open, and at [1,1], the
    shape in the file, the graph cannot be allocated."""
    m = Model()
    g = m.graph()
    x = g.input("x", "float32", [1, 1], signature=[-1, -1])
    shape = g.tensor("shape", "int32", [2], data=np.int32([-1, 4]))
    rows = g.tensor("rows", "float32", [1, 4], signature=[-1, 4])
    g.op(OPS.RESHAPE, [x, shape], [rows])
    g.op(OPS.NEG, [rows], [g.output("y", "float32", [1, 4], signature=[-1, 4])],
         schema.NegOptionsT())
    return m


@model("one_graph_two_signatures.tflite")
def one_graph_two_signatures():
    """y = -x under two signatures, first and second, over the one graph."""
    m = Model()
    g = m.graph()
    x = g.input("x", "float32", [4], signature=[-1])
    y = g.output("y", "float32", [4], signature=[-1])
    g.op(OPS.NEG, [x], [y], schema.NegOptionsT())
    for key in ("first", "second"):
        m.signature(key, g, {"x": x}, {"y": y})
    return m


@model("while.tflite")
def while_():
    """Doubles x until it is 100 or more: a WHILE with subgraphs cond and body. With x ≤
    0 it never ends, but can be cancelled."""
    m = Model()
    g, cond, body = m.graph(), m.graph("cond"), m.graph("body")
    hundred = cond.tensor("hundred", "float32", [], data=np.float32(100))
    cond.op(OPS.LESS, [cond.input("x", "float32", [1]), hundred],
            [cond.output("more", "bool", [1])], schema.LessOptionsT())
    x = body.input("x", "float32", [1])
    body.op(OPS.ADD, [x, x], [body.output("y", "float32", [1])], schema.AddOptionsT())
    g.op(OPS.WHILE, [g.input("x", "float32", [1])], [g.output("y", "float32", [1])],
         options(schema.WhileOptionsT, condSubgraphIndex=cond.index,
                 bodySubgraphIndex=body.index))
    return m


@model("no_inputs.tflite")
def no_inputs():
    """No input at all; the output is [11,22]."""
    m = Model()
    g = m.graph()
    a = g.tensor("a", "float32", [2], data=np.float32([1, 2]))
    b = g.tensor("b", "float32", [2], data=np.float32([10, 20]))
    g.op(OPS.ADD, [a, b], [g.output("sum", "float32", [2])], schema.AddOptionsT())
    return m


@model("duplicate_names.tflite")
def duplicate_names():
    """Two inputs of one name (y:0 = -x₀, y/0 = abs(x₁)), and outputs whose names differ
    only in characters unfit for files."""
    m = Model()
    g = m.graph()
    first, second = (g.input("x", "float32", [2]) for _ in range(2))
    g.op(OPS.NEG, [first], [g.output("y:0", "float32", [2])], schema.NegOptionsT())
    g.op(OPS.ABS, [second], [g.output("y/0", "float32", [2])], schema.AbsOptionsT())
    return m


# --- memory that may not be written -----------------------------------------


@model("readonly_output.tflite")
def readonly_output():
    """Output 0 is the constant [1,2,3,4], memory inside the model; sum = x + constant."""
    m = Model()
    g = m.graph()
    x = g.input("x", "float32", [4])
    constant = g.output("constant", "float32", [4], data=np.float32([1, 2, 3, 4]))
    total = g.output("sum", "float32", [4])
    g.op(OPS.ADD, [x, constant], [total], schema.AddOptionsT())
    return m


@model("readonly_input.tflite")
def readonly_input():
    """Input 0 is the constant [1,2,3,4]: writing to it would change the model; y =
    -constant."""
    m = Model()
    g = m.graph()
    x = g.input("constant", "float32", [4], data=np.float32([1, 2, 3, 4]))
    g.op(OPS.NEG, [x], [g.output("y", "float32", [4])], schema.NegOptionsT())
    return m


# --- state ------------------------------------------------------------------


@model("stateful.tflite")
def stateful():
    """y = sum of the last four x (an SVDF). The state is a variable tensor: it lives
    from one Invoke to the next and is zero again after ResetVariables."""
    m = Model()
    g = m.graph()
    x = g.input("x", "float32", [1, 1])
    feature = g.tensor("feature", "float32", [1, 1], data=np.float32([1]))
    time = g.tensor("time", "float32", [1, 4], data=np.ones(4, np.float32))
    state = g.tensor("state", "float32", [1, 4], variable=True)
    y = g.output("y", "float32", [1, 1])
    g.op(OPS.SVDF, [x, feature, time, -1, state], [y], options(schema.SVDFOptionsT, rank=1))
    return m.signature("serving_default", g, {"x": x}, {"y": y})


@model("lstm.tflite")
def lstm():
    """A sequence LSTM of two units, random weights. Output and cell state are two
    variable tensors, so a second Invoke on the same input differs until
    ResetVariables."""
    random = np.random.default_rng(1)
    m = Model()
    g = m.graph()

    def gates(name, shape):
        return [g.tensor(f"{name}_{gate}", "float32", shape,
                         data=random.normal(0, 0.5, shape).astype(np.float32))
                for gate in ("input", "forget", "cell", "output")]

    x = g.input("x", "float32", [1, 3, 2])
    weights = gates("w", [2, 2]) + gates("u", [2, 2])
    peephole, projection = [-1] * 3, [-1] * 2  # absent
    state = [g.tensor(name, "float32", [1, 2], variable=True) for name in ("h", "c")]
    y = g.output("y", "float32", [1, 3, 2])
    g.op(OPS.UNIDIRECTIONAL_SEQUENCE_LSTM,
         [x, *weights, *peephole, *gates("b", [2]), *projection, *state], [y],
         options(schema.UnidirectionalSequenceLSTMOptionsT,
                 fusedActivationFunction=schema.ActivationFunctionType.TANH))
    return m


@model("counter.tflite")
def counter():
    """total = total + x, with total in a resource variable that a CALL_ONCE sets to
    zero. It is no variable tensor: the runtime's own reset leaves it alone."""
    m = Model()
    g, init = m.graph(), m.graph("init")
    handle = init.tensor("handle", "resource", [])
    zero = init.tensor("zero", "float32", [1], data=np.float32([0]))
    variable = options(schema.VarHandleOptionsT, container="", sharedName="total")
    init.op(OPS.VAR_HANDLE, [], [handle], variable)
    init.op(OPS.ASSIGN_VARIABLE, [handle, zero], [], schema.AssignVariableOptionsT())

    x = g.input("x", "float32", [1])
    handle = g.tensor("handle", "resource", [])
    old = g.tensor("old", "float32", [1])
    total = g.output("total", "float32", [1])
    g.op(OPS.CALL_ONCE, [], [], options(schema.CallOnceOptionsT, initSubgraphIndex=init.index))
    g.op(OPS.VAR_HANDLE, [], [handle], variable)
    g.op(OPS.READ_VARIABLE, [handle], [old], schema.ReadVariableOptionsT())
    g.op(OPS.ADD, [old, x], [total], schema.AddOptionsT())
    g.op(OPS.ASSIGN_VARIABLE, [handle, total], [], schema.AssignVariableOptionsT())
    return m


@model("counter_from_seven.tflite")
def counter_from_seven():
    """As counter, but the variable starts at 7: a reset to zeros is not enough. Signature
    count."""
    m = Model()
    g, init = m.graph(), m.graph("init")
    seven = init.tensor("seven", "float32", [1], data=np.float32([7]))
    init.op(OPS.ASSIGN_VARIABLE, [_variable(init, "total"), seven], [],
            schema.AssignVariableOptionsT())

    x = g.input("x", "float32", [1])
    old = g.tensor("old", "float32", [1])
    total = g.output("total", "float32", [1])
    g.op(OPS.CALL_ONCE, [], [], options(schema.CallOnceOptionsT, initSubgraphIndex=init.index))
    handle = _variable(g, "total")
    g.op(OPS.READ_VARIABLE, [handle], [old], schema.ReadVariableOptionsT())
    g.op(OPS.ADD, [old, x], [total], schema.AddOptionsT())
    g.op(OPS.ASSIGN_VARIABLE, [handle, total], [], schema.AssignVariableOptionsT())
    return m.signature("count", g, {"x": x}, {"total": total})


@model("remembered_words.tflite")
def remembered_words():
    """equal[i] = words[i] == "yes", and calls, a resource variable that starts at 0 and
    counts: a reset has to keep strings that were set. words is of open length, so that
    equal has its size once the graph has run."""
    m = Model()
    g, init = m.graph(), m.graph("init")
    zero = init.tensor("zero", "float32", [1], data=np.float32([0]))
    init.op(OPS.ASSIGN_VARIABLE, [_variable(init, "calls"), zero], [],
            schema.AssignVariableOptionsT())

    words = g.input("words", "string", [1], signature=[-1])
    yes = g.tensor("yes", "string", [1], data=strings("yes"))
    equal = g.output("equal", "bool", [1], signature=[-1])
    old, one = g.tensor("old", "float32", [1]), g.tensor("one", "float32", [1], data=np.float32([1]))
    calls = g.output("calls", "float32", [1])
    g.op(OPS.EQUAL, [words, yes], [equal], schema.EqualOptionsT(), version=3)
    g.op(OPS.CALL_ONCE, [], [], options(schema.CallOnceOptionsT, initSubgraphIndex=init.index))
    handle = _variable(g, "calls")
    g.op(OPS.READ_VARIABLE, [handle], [old], schema.ReadVariableOptionsT())
    g.op(OPS.ADD, [old, one], [calls], schema.AddOptionsT())
    g.op(OPS.ASSIGN_VARIABLE, [handle, calls], [], schema.AssignVariableOptionsT())
    return m


def _variable(g, name):
    handle = g.tensor(f"{name}_handle", "resource", [])
    g.op(OPS.VAR_HANDLE, [], [handle],
         options(schema.VarHandleOptionsT, container="", sharedName=name))
    return handle


# --- strings ----------------------------------------------------------------


@model("string_gather.tflite")
def string_gather():
    """picked[i] = words[indices[i]]; both inputs and the output have a free length. A
    runtime that is invoked before the words are set reads through a null pointer."""
    m = Model()
    g = m.graph()
    words = g.input("words", "string", [3], signature=[-1])
    indices = g.input("indices", "int32", [2], signature=[-1])
    picked = g.output("picked", "string", [2], signature=[-1])
    g.op(OPS.GATHER, [words, indices], [picked], schema.GatherOptionsT(), version=3)
    return m.signature("serving_default", g, {"words": words, "indices": indices},
                       {"picked": picked})


@model("string_equal.tflite")
def string_equal():
    """equal[i] = a[i] == b[i] for strings."""
    m = Model()
    g = m.graph()
    a = g.input("a", "string", [2], signature=[-1])
    b = g.input("b", "string", [2], signature=[-1])
    equal = g.output("equal", "bool", [2], signature=[-1])
    g.op(OPS.EQUAL, [a, b], [equal], schema.EqualOptionsT(), version=3)
    return m


@model("string_constant.tflite")
def string_constant():
    """The output is the constant [["red","grün"],["","blue"]], read-only; x is not used."""
    m = Model()
    g = m.graph()
    g.input("x", "float32", [1])
    g.output("colours", "string", [2, 2], data=strings("red", "grün", "", "blue"))
    return m


@model("vocabulary.tflite")
def vocabulary():
    """Words to numbers by a hash table: zero 0, one 1, two 2, any other -1."""
    m = Model()
    g, init = m.graph(), m.graph("init")
    table = options(schema.HashtableOptionsT, tableId=1, keyDtype=TYPES["string"],
                    valueDtype=TYPES["int64"])
    handle = init.tensor("handle", "resource", [1])
    keys = init.tensor("keys", "string", [3], data=strings("zero", "one", "two"))
    values = init.tensor("values", "int64", [3], data=np.int64([0, 1, 2]))
    init.op(OPS.HASHTABLE, [], [handle], table)
    init.op(OPS.HASHTABLE_IMPORT, [handle, keys, values], [], schema.HashtableImportOptionsT())

    word = g.input("word", "string", [3], signature=[-1])
    handle = g.tensor("handle", "resource", [1])
    unknown = g.tensor("unknown", "int64", [1], data=np.int64([-1]))
    number = g.output("number", "int64", [3], signature=[-1])
    g.op(OPS.CALL_ONCE, [], [], options(schema.CallOnceOptionsT, initSubgraphIndex=init.index))
    g.op(OPS.HASHTABLE, [], [handle], table)
    g.op(OPS.HASHTABLE_FIND, [handle, word, unknown], [number], schema.HashtableFindOptionsT())
    return m


# --- element types ----------------------------------------------------------


def identity(type, shape=(2, 3), quant=None):
    """The input tensor is the output tensor, and there is no operator."""
    m = Model()
    g = m.graph()
    g.graph.outputs.append(g.input("x", type, shape, quant=quant))
    return m


for _type in ("float32 float16 bfloat16 float64 int8 int16 int32 int64 uint8 uint16 uint32 "
              "uint64 int4 bool string complex64 complex128").split():
    MODELS[f"types/{_type}.tflite"] = lambda type=_type: identity(type)


@model("types/int4_odd.tflite")
def int4_odd():
    """As int4, with an odd count of elements: half of the last byte is padding."""
    return identity("int4", [5])


@model("per_tensor.tflite")
def per_tensor():
    """Identity with quantisation: scale 0.5, zero point -3."""
    return identity("int8", quant=([0.5], [-3]))


@model("per_channel.tflite")
def per_channel():
    """Identity with one scale per column: 0.5, 0.25, 2 along dimension 1, zero points 0."""
    return identity("int8", quant=([0.5, 0.25, 2], [0, 0, 0], 1))


@model("per_channel_zero_points.tflite")
def per_channel_zero_points():
    """Identity, dimension 0: scales 0.5 and 2, zero points 100 and 128. No converter
    writes this; the schema allows it."""
    return identity("uint8", quant=([0.5, 2], [100, 128], 0))


@model("quantize.tflite")
def quantize():
    """x to int8, uint8 and int16 by QUANTIZE operators and back by DEQUANTIZE. All
    scales are 0.1234567, which the test replaces in the file; zero points 3, 131 and 0."""
    m = Model()
    g = m.graph()
    x = g.input("x", "float32", [1], signature=[-1])
    for type, zero in [("int8", 3), ("uint8", 131), ("int16", 0)]:
        q = g.output(type, type, [1], signature=[-1], quant=([0.1234567], [zero]))
        g.op(OPS.QUANTIZE, [x], [q], schema.QuantizeOptionsT(), version=2)
        back = g.output(f"{type}_back", "float32", [1], signature=[-1])
        g.op(OPS.DEQUANTIZE, [q], [back], schema.DequantizeOptionsT(), version=3)
    return m


@model("logical_not.tflite")
def logical_not():
    """y = !x."""
    return _unary(OPS.LOGICAL_NOT, [4], schema.LogicalNotOptionsT(), type="bool")


@model("complex_abs.tflite")
def complex_abs():
    """y = the magnitude of x: 3+4i gives 5."""
    return _unary(OPS.COMPLEX_ABS, [4], None, type="complex64", result="float32")


@model("cast.tflite")
def cast():
    """x cast to six types at once; one output each."""
    m = Model()
    g = m.graph()
    x = g.input("x", "float32", [4])
    for type in "int32 int64 uint8 int16 bool complex64".split():
        y = g.output(f"as_{type}", type, [4])
        g.op(OPS.CAST, [x], [y], options(schema.CastOptionsT, inDataType=TYPES["float32"],
                                         outDataType=TYPES[type]))
    return m


# --- weights with a scale per channel ----------------------------------------


def _dense(x_type, x_quant, scales):
    """A dense layer of two units on four inputs, with weights in int8."""
    m = Model()
    g = m.graph()
    quantised = x_quant is not None
    x = g.input("x", x_type, [1, 4], quant=x_quant)
    w = g.tensor("w", "int8", [2, 4], data=np.int8([[10, 20, 30, 40], [-50, 60, -70, 80]]),
                 quant=(scales, [0] * len(scales), 0))
    bias_type = {"int8": "int32", "int16": "int64"}.get(x_type, "float32")
    b = g.tensor("b", bias_type, [2], data=np.array([100, -100], bias_type),
                 quant=([0.5 * s for s in scales], [0] * len(scales), 0) if quantised else None)
    y = g.output("y", x_type, [1, 2], quant=x_quant)
    g.op(OPS.FULLY_CONNECTED, [x, w, b], [y], schema.FullyConnectedOptionsT(), version=4)
    return m


@model("dense_per_channel.tflite")
def dense_per_channel():
    """A dense layer in int8 with a scale per unit: TensorFlow's converter writes it so
    since 2.17, and runtimes as old as 2.9 compute nonsense. [10,-20,30,-40] gives
    [-9,-128]."""
    return _dense("int8", ([0.5], [0]), [0.01, 0.02])


@model("dense_per_channel_dynamic.tflite")
def dense_per_channel_dynamic():
    """As dense_per_channel with float32 at both ends (dynamic-range quantisation):
    [10,-20,30,-40] gives [90,-240] or so."""
    return _dense("float32", None, [0.01, 0.02])


@model("dense_per_channel_int16.tflite")
def dense_per_channel_int16():
    """As dense_per_channel with int16 at both ends: [10,-20,30,-40] gives [-9,-142]."""
    return _dense("int16", ([0.5], [0]), [0.01, 0.02])


@model("embedding_per_channel.tflite")
def embedding_per_channel():
    """Rows of a table in int8 with a scale per row, 0.5, 0.25 and 2: [1,2] gives
    [0.5,1,6,8]. 2.9 and 2.17 give zeros."""
    m = Model()
    g = m.graph()
    x = g.input("x", "int32", [2])
    w = g.tensor("w", "int8", [3, 2], data=np.int8([[9, 9], [2, 4], [3, 4]]),
                 quant=([0.5, 0.25, 2], [0, 0, 0], 0))
    g.op(OPS.EMBEDDING_LOOKUP, [x, w], [g.output("y", "float32", [2, 2])], version=3)
    return m


@model("matmul_per_channel.tflite")
def matmul_per_channel():
    """A product with a matrix in int8 with a scale per row: [10,-20,30,-40] gives
    [-10,-140] or so. 2.9 gives zeros, 2.17 without XNNPACK."""
    m = Model()
    g = m.graph()
    x = g.input("x", "float32", [1, 4])
    w = g.tensor("w", "int8", [2, 4], data=np.int8([[10, 20, 30, 40], [-50, 60, -70, 80]]),
                 quant=([0.01, 0.02], [0, 0], 0))
    g.op(OPS.BATCH_MATMUL, [x, w], [g.output("y", "float32", [1, 2])],
         options(schema.BatchMatMulOptionsT, adjY=True), version=4)
    return m


@model("dense_per_tensor.tflite")
def dense_per_tensor():
    """As dense_per_channel with one scale, 0.01, for both units: [10,-20,30,-40] gives
    [-9,-71]."""
    return _dense("int8", ([0.5], [0]), [0.01])


# --- custom operators -------------------------------------------------------


@model("custom_op.tflite")
def custom_op():
    """One CUSTOM operator, CoralTestDouble; y = 2 x is what a test makes of it."""
    return _custom("CoralTestDouble")


@model("unresolved_op.tflite")
def unresolved_op():
    """One CUSTOM operator, NoSuchOp, which nobody has."""
    return _custom("NoSuchOp")


@model("pair.tflite")
def pair():
    """y = -x: the CPU form of a pair of models."""
    m = Model()
    g = m.graph()
    x = g.input("x", "float32", [4])
    y = g.output("y", "float32", [4])
    g.op(OPS.NEG, [x], [y])
    return m


@model("pair_edgetpu.tflite")
def pair_edgetpu():
    """Looks compiled for the Edge TPU by its operator, edgetpu-custom-op, which is empty."""
    return _custom("edgetpu-custom-op")


def _custom(name):
    m = Model()
    g = m.graph()
    x = g.input("x", "float32", [4])
    y = g.output("y", "float32", [4])
    g.op(OPS.CUSTOM, [x], [y], custom=name)
    return m


# --- slow on purpose --------------------------------------------------------


@model("slow.tflite")
def slow():
    """x mod 1000, taken 100 times on a tensor of 1024×1024, then the mean: y = x for 0 ≤
    x < 1000, after 2 s or so. XNNPACK takes no FLOOR_MOD, so a cancelled Invoke ends
    within about 30 ms."""
    m = Model()
    g = m.graph()
    size = [1, 1024, 1024]
    h = _spread(g, g.input("x", "float32", [1, 1, 1]), size)
    thousand = g.tensor("thousand", "float32", [], data=np.float32(1000))
    for i in range(100):
        y = g.tensor(f"mod_{i}", "float32", size)
        g.op(OPS.FLOOR_MOD, [h, thousand], [y], schema.FloorModOptionsT())
        h = y
    _mean(g, h, [1])
    return m


@model("slow_conv.tflite")
def slow_conv():
    """60 convolutions of 256×256×16 with one set of weights. XNNPACK takes them as one
    node of half a second, which cannot be interrupted; the plain kernels take
    seconds, and can be."""
    m = Model()
    g = m.graph()
    size = [1, 256, 256, 16]
    h = _spread(g, g.input("x", "float32", [1, 1, 1, 16]), size)
    weights = g.tensor("weights", "float32", [16, 3, 3, 16],
                       data=np.full([16, 3, 3, 16], 1 / 144, np.float32))
    bias = g.tensor("bias", "float32", [16], data=np.zeros(16, np.float32))
    for i in range(60):
        y = g.tensor(f"conv_{i}", "float32", size)
        g.op(OPS.CONV_2D, [h, weights, bias], [y],
             options(schema.Conv2DOptionsT, strideW=1, strideH=1))
        h = y
    _mean(g, h, [1, 16])
    return m


def _spread(g, x, size):
    shape = g.tensor("size", "int32", [len(size)], data=np.int32(size))
    h = g.tensor("spread", "float32", size)
    g.op(OPS.BROADCAST_TO, [x, shape], [h], schema.BroadcastToOptionsT(), version=2)
    return h


def _mean(g, h, shape):
    axes = g.tensor("axes", "int32", [2], data=np.int32([1, 2]))
    g.op(OPS.MEAN, [h, axes], [g.output("y", "float32", shape)], schema.ReducerOptionsT())


# --- one small network in every number format -------------------------------


def tiny():
    """8×8×3 → conv 3×3, 4 filters, relu → dense 4 → softmax, with random weights."""
    keras.utils.set_random_seed(7)
    return keras.Sequential([
        keras.Input([8, 8, 3], batch_size=1, name="image"),
        keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="conv"),
        keras.layers.Flatten(name="flat"),
        keras.layers.Dense(4, activation="softmax", name="classes",
                           kernel_initializer=keras.initializers.RandomNormal(stddev=0.5)),
    ])


@model("tiny_float.tflite")
def tiny_float():
    """The tiny network in float32."""
    return _convert(tiny())


@model("tiny_float16.tflite")
def tiny_float16():
    """Weights in float16, arithmetic in float32."""
    def configure(c):
        c.optimizations = [tf.lite.Optimize.DEFAULT]
        c.target_spec.supported_types = [tf.float16]

    return _convert(tiny(), configure)


@model("tiny_dynamic.tflite")
def tiny_dynamic():
    """Dynamic-range quantisation: the dense weights in int8, all tensors between in
    float32."""
    def configure(c):
        c.optimizations = [tf.lite.Optimize.DEFAULT]

    return _convert(tiny(), configure)


def _tiny_quantised(ops, type):
    def configure(c):
        c.optimizations = [tf.lite.Optimize.DEFAULT]
        c.representative_dataset = _pictures
        c.target_spec.supported_ops = [ops]
        c.inference_input_type = c.inference_output_type = type

    return _convert(tiny(), configure)


@model("tiny_int8.tflite")
def tiny_int8():
    """Full int8: activations per tensor, convolution weights per channel."""
    return _tiny_quantised(tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.int8)


@model("tiny_uint8.tflite")
def tiny_uint8():
    """As tiny_int8 inside, with uint8 at both ends (QUANTIZE operators between)."""
    return _tiny_quantised(tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.uint8)


@model("tiny_int16x8.tflite")
def tiny_int16x8():
    """int16 activations (zero point 0), int8 weights."""
    return _tiny_quantised(
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8, tf.int16)


def _pictures():
    random = np.random.default_rng(3)
    for _ in range(50):
        yield [random.uniform(0, 1, [1, 8, 8, 3]).astype(np.float32)]


def _convert(net, configure=lambda converter: None):
    converter = tf.lite.TFLiteConverter.from_keras_model(net)
    # Runtimes as old as 2.9 refuse dense weights with a scale per channel, or take
    # them and compute nonsense.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    configure(converter)
    return converter.convert()


# --- shared pieces ----------------------------------------------------------


def _add(m, shape, signature=None):
    g = m.graph()
    a = g.input("a", "float32", shape, signature=signature)
    b = g.input("b", "float32", shape, signature=signature)
    total = g.output("sum", "float32", shape, signature=signature)
    g.op(OPS.ADD, [a, b], [total], schema.AddOptionsT())
    return g, a, b, total


def _unary(op, shape, opts, type="float32", result=None, signature=None):
    m = Model()
    g = m.graph()
    x = g.input("x", type, shape, signature=signature)
    y = g.output("y", result or type, shape, signature=signature)
    g.op(op, [x], [y], opts)
    return m


# --- the files and their table ----------------------------------------------


def describe(path, data, purpose):
    root = read(data)
    graphs = {s.subgraphIndex for s in root.signatureDefs or []} | {0}
    ends = [", ".join(tensor(root.subgraphs[g].tensors[i]) for g in sorted(graphs)
                      for i in getattr(root.subgraphs[g], end)) or "–"
            for end in ("inputs", "outputs")]
    keys = ", ".join(s.signatureKey.decode() for s in root.signatureDefs or []) or "–"
    return f"| {path} | {len(data)} | {ends[0]} | {ends[1]} | {keys} | {purpose} |"


def tensor(t):
    shape = t.shapeSignature if t.shapeSignature is not None else t.shape
    dims = ",".join(map(str, [] if shape is None else shape))
    text = f"`{t.name.decode()}` {TYPE_NAMES[t.type]} [{dims}]"
    if t.quantization and t.quantization.scale is not None and len(t.quantization.scale) == 1:
        text += f" ({t.quantization.scale[0]:.8g}, {t.quantization.zeroPoint[0]})"
    return text


def main():
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    rows = []
    for path, make in MODELS.items():
        made = make()
        data = made.bytes() if isinstance(made, Model) else made
        (HERE / path).parent.mkdir(exist_ok=True)
        (HERE / path).write_bytes(data)
        rows.append(describe(path, data, " ".join((make.__doc__ or identity.__doc__).split())))
    readme = HERE / "README.md"
    head, _, _ = readme.read_text().partition("| file |")
    readme.write_text(head + "\n".join(
        ["| file | bytes | inputs | outputs | signatures | what it is for |",
         "|---|---|---|---|---|---|", *rows]) + "\n")


if __name__ == "__main__":
    main()
