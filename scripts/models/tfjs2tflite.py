#!/usr/bin/env python3
"""Makes TFLite models of TensorFlow.js graph models.

    tfjs2tflite.py --graphs FOLDER --to FOLDER [NAME...]

A graph model is a JSON file, with TensorFlow's own graph in JSON and a list of the
weights, and a file with the weights. Nothing but TensorFlow is needed to read it: the
weights go back into the graph, operators that were fused for TensorFlow.js are taken
apart again, and TensorFlow's converter does the rest. The weights, which are float16 in
the files, become float32.

The bytes of a result hold for one version of TensorFlow, so no hash of them is checked;
what the models make of pictures is for the tests.
"""

import argparse
import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.framework import graph_pb2, node_def_pb2

# The models, with the outputs that are wanted; None: all.
MODELS = {
    "movenet-lightning": None,
    "posenet": None,
    "nanodet": None,
    "faceres": ["global_pooling/Mean"],  # without age and gender
    "mobileface": None,
}

# What is fused, and the operator that it begins with. Operators to add follow, the first
# of which takes the fused one's third input.
FUSED = {
    "_FusedConv2D": "Conv2D",
    "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
    "_FusedMatMul": "MatMul",
}
ATTRIBUTES = {
    "Conv2D": ["T", "strides", "padding", "data_format", "dilations", "explicit_paddings"],
    "DepthwiseConv2dNative": ["T", "strides", "padding", "data_format", "dilations", "explicit_paddings"],
    "MatMul": ["T", "transpose_a", "transpose_b"],
}
ACTIVATIONS = {"Relu", "Relu6", "Elu"}


def read_weights(model, folder):
    """The weights of a model by name, as arrays."""
    arrays = {}
    for group in model["weightsManifest"]:
        data = b"".join((folder / path).read_bytes() for path in group["paths"])
        at = 0
        for weight in group["weights"]:
            array, at = read_weight(weight, data, at)
            arrays[weight["name"]] = array
    return arrays


def read_weight(weight, data, at):
    """One array, and where the next one begins."""
    quantization = weight.get("quantization", {})
    stored = np.dtype(quantization.get("dtype", weight["dtype"]))
    array = np.frombuffer(data, stored, int(np.prod(weight["shape"])), at)
    end = at + array.nbytes
    if "scale" in quantization:
        array = array.astype(np.float32) * quantization["scale"] + quantization["min"]
    return array.reshape(weight["shape"]), end


def read_graph(model, folder):
    """The graph with its weights, and nothing fused."""
    topology = {"node": model["modelTopology"]["node"]}
    fused = json_format.ParseDict(topology, graph_pb2.GraphDef(), ignore_unknown_fields=True)
    weights = read_weights(model, folder)
    graph = graph_pb2.GraphDef()
    graph.versions.producer = tf.version.GRAPH_DEF_VERSION
    for node in fused.node:
        if node.op == "Const":
            # TensorFlow.js has no int64 and, in files, no float32.
            dtype = tf.as_dtype(node.attr["dtype"].type).as_numpy_dtype
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(weights[node.name].astype(dtype)))
        if node.op in FUSED:
            graph.node.extend(unfused(node))
        else:
            graph.node.append(node)
    for node in graph.node:
        for name in [name for name in node.attr if name.startswith("_")]:
            del node.attr[name]
    return graph


def unfused(node):
    """The operators of a fused one. The last of them bears its name."""
    steps = [FUSED[node.op]] + [step.decode() for step in node.attr["fused_ops"].list.s]
    arguments = list(node.input[2:])
    nodes = []
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        made = node_def_pb2.NodeDef(op=step, name=node.name if last else f"{node.name}/step{index}")
        made.input.extend([nodes[-1].name] if nodes else node.input[:2])
        for name in ATTRIBUTES.get(step, ["T"]):
            if name in node.attr:
                made.attr[name].CopyFrom(node.attr[name])
        if step == "BiasAdd":
            made.input.append(arguments.pop(0))
        elif step == "LeakyRelu":
            made.attr["alpha"].f = node.attr["leakyrelu_alpha"].f
        elif index > 0 and step not in ACTIVATIONS:
            raise SystemExit(f"{node.name}: a fused {step}, which this script does not know")
        nodes.append(made)
    return nodes


def fix_shapes(graph, signature):
    """Gives the graph's inputs the shapes of the signature, with 1 for what is open."""
    shapes = {info["name"].split(":")[0]: info["tensorShape"]["dim"] for info in signature["inputs"].values()}
    inputs = [node for node in graph.node if node.op == "Placeholder"]
    for node in inputs:
        shape = node.attr["shape"].shape
        shape.Clear()
        for dim in shapes[node.name]:
            shape.dim.add(size=max(int(dim["size"]), 1))
    return inputs


def results(graph):
    """The nodes that no other takes."""
    taken = {name.split(":")[0].lstrip("^") for node in graph.node for name in node.input}
    return [node.name for node in graph.node if node.name not in taken and node.op != "Const"]


def convert(path, outputs):
    """The TFLite model of the graph model at path."""
    model = json.loads(path.read_text())
    graph = read_graph(model, path.parent)
    inputs = fix_shapes(graph, model["signature"])
    imported = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])
    tensor = imported.graph.get_tensor_by_name
    function = imported.prune(
        [tensor(f"{node.name}:0") for node in inputs],
        [tensor(f"{name}:0") for name in outputs or results(graph)],
    )
    return tf.lite.TFLiteConverter.from_concrete_functions([function], function).convert()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graphs", required=True, type=pathlib.Path, help="the folder with the graph models")
    parser.add_argument("--to", required=True, type=pathlib.Path, help="the folder for the TFLite models")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(MODELS)}; default: all")
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in MODELS]
    if unknown:
        sys.exit(f"{unknown[0]}: there is no such model; there are {', '.join(MODELS)}")

    for name in args.names or MODELS:
        content = convert(args.graphs / f"{name}.json", MODELS[name])
        target = args.to / f"{name}.tflite"
        partial = target.with_suffix(".partial")
        partial.write_bytes(content)
        partial.replace(target)
        print(f"{target}: {len(content)} bytes", flush=True)


if __name__ == "__main__":
    main()
