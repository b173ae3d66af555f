#!/usr/bin/env python3
"""Compares the time from a picture's file to its label with that of Python.

    label.py --label PROGRAM [--rounds N] MODEL PICTURE...

Python does what pycoral's examples do: Pillow opens the file, converts it to RGB and
scales it by Lanczos' kernel, and ai-edge-litert runs the model. PROGRAM is that of the
folder beside. All take turns, with one thread and everything warm; what is printed are the
medians of time and of processor time, and of the ratios within a round to Python's first
line. The second is Pillow with draft, which decodes JPEG smaller as WithSizeHint does.
"""

import argparse
import pathlib
import statistics
import subprocess
import time

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, features


class Python:
    def __init__(self, model, draft):
        self.interpreter = Interpreter(str(model), num_threads=1)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]
        self.draft = draft

    def measure(self, path):
        """Time, processor time and the best class."""
        start, start_cpu = time.perf_counter_ns(), time.process_time_ns()
        _, height, width, _ = self.input["shape"]
        image = Image.open(path)
        if self.draft:
            image.draft("RGB", (2 * width, 2 * height))
        image = image.convert("RGB").resize((width, height), Image.LANCZOS)
        self.interpreter.set_tensor(self.input["index"], np.asarray(image)[np.newaxis])
        self.interpreter.invoke()
        scores = self.interpreter.get_tensor(self.output["index"])[0]
        best = int(scores.argmax())
        return time.perf_counter_ns() - start, time.process_time_ns() - start_cpu, best


class Go:
    def __init__(self, process, way):
        self.process, self.way = process, way

    def measure(self, path):
        self.process.stdin.write(f"{self.way} {path}\n")
        self.process.stdin.flush()
        return tuple(map(int, self.process.stdout.readline().split()))


def compare(contenders, path, rounds):
    """Prints a line for each contender."""
    series = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(-5, rounds):  # the first are for warming up
        for name in names[number % len(names):] + names[:number % len(names)]:
            result = contenders[name].measure(path)
            if number >= 0:
                series[name].append(result)
    print(f"{'':26}{'ms':>8}{'of CPU':>8}   ratio, with quartiles    of CPU   class")
    first = next(iter(series.values()))
    for name, results in series.items():
        ratios = [[mine[k] / theirs[k] for mine, theirs in zip(results, first)] for k in (0, 1)]
        low, middle, high = statistics.quantiles(ratios[0], n=4)
        best = sorted({result[2] for result in results})
        wall, cpu = (statistics.median(result[k] for result in results) / 1e6 for k in (0, 1))
        print(f"{name:26}{wall:8.2f}{cpu:8.2f}   {middle:.2f} ({low:.2f} to {high:.2f})     {statistics.median(ratios[1]):10.2f}   {best}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--label", required=True, type=pathlib.Path, help="the program of the folder label")
    parser.add_argument("--rounds", type=int, default=60, help="how often the contenders take turns")
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("paths", nargs="+", metavar="PICTURE")
    args = parser.parse_args()

    command = [args.label, args.model]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        contenders = {
            f"Python, Pillow {Image.__version__}": Python(args.model, draft=False),
            "Python, with draft": Python(args.model, draft=True),
            "Go, image/jpeg": Go(process, "plain"),
            "Go, libjpeg-turbo": Go(process, "turbo"),
            "Go, with a size hint": Go(process, "hint"),
        }
        print(f"{args.model.name}, libjpeg-turbo {features.version('libjpeg_turbo')} in Pillow, {args.rounds} rounds")
        for path in args.paths:
            print(f"\n{pathlib.Path(path).name} {Image.open(path).size}")
            compare(contenders, path, args.rounds)
        process.stdin.close()


if __name__ == "__main__":
    main()
