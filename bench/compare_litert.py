#!/usr/bin/env python3
"""Compares the outputs of `coral run` with those of ai-edge-litert.

    compare_litert.py --coral CORAL [--seeds N] MODEL_OR_FOLDER...

Both get the same random .npy inputs, made from fixed seeds, and one thread. Quantised
integers may differ by one quantum, other integers (class maps) in one place of a
thousand, floats by 0.001. Whether outputs are equal to the last bit is reported. The
exit status is 1 if an output is out of its tolerance, or if nothing was compared.

Models compiled for the Edge TPU, and those that ai-edge-litert does not load, are left
out, with the reason. compare.sh runs this in an environment of its own.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter

QUANTA = 1
EQUAL_SHARE = 0.999
FLOAT_DIFFERENCE = 1e-3


class Skipped(Exception):
    """The model cannot be compared, for a reason that is not coral's."""


def models(paths):
    """All .tflite files of the paths, each of which is such a file or a folder."""
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            yield from sorted(path.glob("*.tflite"))
        elif path.is_file():
            yield path
        else:
            sys.exit(f"{path}: no such file or folder")


def random_input(detail, rng):
    """Integers over their whole range, floats from -1 to 1."""
    shape, dtype = detail["shape"], np.dtype(detail["dtype"])
    if dtype in (np.uint8, np.int8):
        limits = np.iinfo(dtype)
        return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
    if dtype == np.float32:
        return rng.uniform(-1, 1, shape).astype(dtype)
    raise Skipped(f"no random content for input {detail['name']} of type {dtype}")


def load(model):
    try:
        interpreter = Interpreter(str(model), num_threads=1)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise Skipped(f"ai-edge-litert: {str(error).splitlines()[0]}") from error
    return interpreter


def run_litert(model, seed):
    """The inputs, the outputs, and the outputs' descriptions."""
    # A new interpreter each time: a stateful model must start from nothing.
    interpreter = load(model)
    rng = np.random.default_rng(seed)
    inputs = [random_input(d, rng) for d in interpreter.get_input_details()]
    for detail, content in zip(interpreter.get_input_details(), inputs):
        interpreter.set_tensor(detail["index"], content)
    interpreter.invoke()
    details = interpreter.get_output_details()
    return inputs, [interpreter.get_tensor(d["index"]) for d in details], details


def run_coral(coral, model, inputs):
    """The outputs, in the model's order."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        command = [coral, "run", "-m", model, "--device", "cpu", "--output", folder / "out"]
        for k, content in enumerate(inputs):
            np.save(folder / f"{k}.npy", content)
            command += ["--input", f"{k}={folder / f'{k}.npy'}"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"coral run: {done.stderr.strip()}")
        index = json.loads((folder / "out" / "index.json").read_text())
        files = sorted(index, key=lambda file: index[file]["index"])
        return [np.load(folder / "out" / file) for file in files]


def compare(ours, theirs, scale):
    """Whether ours is within its tolerance, and how far from theirs it is."""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return False, f"{ours.dtype}{list(ours.shape)} instead of {theirs.dtype}{list(theirs.shape)}"
    if ours.tobytes() == theirs.tobytes():
        return True, "bit-equal"
    if np.issubdtype(ours.dtype, np.floating):
        difference = np.abs(ours.astype(np.float64) - theirs.astype(np.float64)).max()
        # A NaN is not within anything.
        return bool(difference <= FLOAT_DIFFERENCE), f"up to {difference:.2g} apart"
    if scale > 0:
        difference = np.abs(ours.astype(np.int64) - theirs.astype(np.int64)).max()
        return bool(difference <= QUANTA), f"up to {difference} quanta apart"
    share = np.mean(ours == theirs)
    return bool(share >= EQUAL_SHARE), f"{100 * share:.3f} % equal"


def compare_model(coral, model, seeds):
    """Prints a line for each output and seed; returns the verdicts."""
    verdicts = []
    for seed in seeds:
        inputs, theirs, details = run_litert(model, seed)
        ours = run_coral(coral, model, inputs)
        if len(ours) != len(theirs):
            raise RuntimeError(f"coral run: {len(ours)} outputs instead of {len(theirs)}")
        for mine, other, detail in zip(ours, theirs, details):
            passed, finding = compare(mine, other, detail["quantization"][0])
            verdicts.append((passed, finding == "bit-equal"))
            what = f"{detail['name']} {other.dtype}{list(other.shape)}"
            print(f"  {'ok  ' if passed else 'FAIL'} seed {seed}: {what}: {finding}")
    return verdicts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coral", required=True, type=pathlib.Path, help="the coral command")
    parser.add_argument("--seeds", type=int, default=3, help="how many different inputs each model gets")
    parser.add_argument("paths", nargs="+", metavar="MODEL_OR_FOLDER")
    args = parser.parse_args()

    verdicts, compared, failed = [], 0, 0
    for model in models(args.paths):
        print(model.name)
        try:
            verdicts += compare_model(args.coral.resolve(), model, range(1, args.seeds + 1))
            compared += 1
        except Skipped as reason:
            print(f"  left out: {reason}")
        except RuntimeError as error:
            print(f"  FAIL {error}")
            failed += 1
    failed += sum(not passed for passed, _ in verdicts)
    equal = sum(bits for _, bits in verdicts)
    print(f"{compared} models, {len(verdicts)} outputs: {equal} bit-equal, {failed} failed")
    sys.exit(failed > 0 or compared == 0)


if __name__ == "__main__":
    main()
