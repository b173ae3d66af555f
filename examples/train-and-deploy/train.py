"""Teaches one neuron to add, and writes it as two TensorFlow Lite models.

    sum_float.tflite    numbers as they are, for any CPU
    sum_int8.tflite     integers at both ends, for any CPU and, compiled, an Edge TPU

Run it with retrain.sh. It gives the same models every time on one kind of machine.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # before the import: it is read there
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # its kernels add up in varying order

import logging
import pathlib
import warnings

import keras
import numpy as np
import tensorflow as tf

HERE = pathlib.Path(__file__).parent
LIMIT = 10  # the numbers to add lie between -LIMIT and LIMIT
PAIRS = 1000
EPOCHS = 10


def main():
    keras.utils.disable_interactive_logging()
    keras.utils.set_random_seed(42)
    tf.config.experimental.enable_op_determinism()
    pairs = np.random.default_rng(42).uniform(-LIMIT, LIMIT, [PAIRS, 2]).astype(np.float32)
    net = train(pairs, pairs.sum(axis=1))
    write("sum_float.tflite", convert(net))
    corners = np.float32([[-LIMIT, -LIMIT], [LIMIT, LIMIT]])  # random pairs hardly get there
    write("sum_int8.tflite", convert_int8(net, np.concatenate([pairs, corners])))


def train(pairs, sums):
    """Fits sum ≈ w₀ a + w₁ b + bias. The answer, 1, 1 and 0, is not told."""
    net = keras.Sequential([keras.Input([2]), keras.layers.Dense(1)])
    # Large inputs need a small rate: the loss curves with twice their mean square,
    # 2/3 LIMIT², and from a rate of 3 / LIMIT² on every step overshoots.
    net.compile(optimizer=keras.optimizers.SGD(learning_rate=0.2 / LIMIT**2), loss="mse")
    history = net.fit(pairs, sums, epochs=EPOCHS, verbose=0)
    for epoch, loss in enumerate(history.history["loss"], 1):
        print(f"epoch {epoch:2}  loss {loss:.3e}")
    kernel, bias = net.get_weights()
    print(f"learned: sum = {kernel[0, 0]:.6f} a + {kernel[1, 0]:.6f} b + {bias[0]:.6f}")
    # What is converted takes one pair at a time: an Edge TPU needs fixed sizes.
    return keras.Sequential([keras.Input([2], batch_size=1, name="pair"), *net.layers])


def convert(net):
    return tf.lite.TFLiteConverter.from_keras_model(net).convert()


def convert_int8(net, pairs):
    """Quantises after training.

    The converter runs the net on the pairs to see the range of each tensor, and
    spreads the 256 values of an int8 over it. So the pairs must reach as far as
    the numbers that the model is going to see: what lies outside is clamped.
    """
    converter = tf.lite.TFLiteConverter.from_keras_model(net)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([pair[np.newaxis]] for pair in pairs)
    # No operator may stay in float, or the Edge TPU compiler leaves it to the CPU.
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    # One scale for all weights of a dense layer: TensorFlow Lite 2.9.0, the Coral boards', computes
    # nonsense with a scale for each channel, which the converter writes otherwise.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return converter.convert()


def write(name, model):
    (HERE / name).write_bytes(model)
    print(f"{name}: {len(model)} bytes")


if __name__ == "__main__":
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="tensorflow")
    main()
